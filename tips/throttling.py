"""How often one network may send tips or try receipts.

The key is a pseudonym of the network (/24 or /56) that changes every day (``portal.network``); no address is
kept anywhere, and no limit is site-wide: one flooder must not silence a town. Counters live in the cache.
When the cache is away, this process counts by itself: slower to notice, never open.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.errors import PortalError
from portal.network import network_bucket


class Throttled(PortalError):
    """Too often; ``wait_seconds`` until it works again (for ``Retry-After``)."""

    default = _("Hệ thống đang nhận nhiều tin. Xin thử lại sau ít phút. Việc gấp xin gọi 113.")

    def __init__(self, wait_seconds: int):
        self.wait_seconds = wait_seconds
        minutes = max(1, -(-wait_seconds // 60))
        super().__init__(
            _("Hệ thống đang nhận nhiều tin. Xin thử lại sau %(minutes)s phút. Việc gấp xin gọi 113.")
            % {"minutes": minutes}
        )


@dataclass(frozen=True)
class Limit:
    """So many in so many seconds, counted from the minute of the first one."""

    count: int
    seconds: int


LIMITS: Mapping[str, Limit] = {
    "tip": Limit(20, 3600),
    # Beyond these twenty, with proof (``tips.defence``): thousands of phones may share one network.
    "proven": Limit(200, 3600),
    "message": Limit(60, 3600),
    "receipt": Limit(10, 600),
    "check": Limit(60, 600),
    "upload": Limit(100, 3600),
    # Megabytes; a mobile network may be a whole town.
    "upload_mb": Limit(3000, 3600),
}


def check(request: HttpRequest, scope: str, amount: int = 1) -> None:
    """Count one use (or ``amount``) and raise Throttled when it is one too many."""
    if settings.THROTTLES:
        limit = LIMITS[scope]
        count, wait = _add(_key(request, scope), limit, amount)
        if count > limit.count:
            raise Throttled(wait)


def peek(request: HttpRequest, scope: str) -> None:
    """Raise Throttled when the allowance is used up, without counting: for what only counts when it fails."""
    if settings.THROTTLES:
        limit = LIMITS[scope]
        count, wait = _read(_key(request, scope), limit)
        if count >= limit.count:
            raise Throttled(wait)


def count(request: HttpRequest, scope: str) -> None:
    """Count one use, such as a wrong receipt."""
    if settings.THROTTLES:
        _add(_key(request, scope), LIMITS[scope])


def _key(request: HttpRequest, scope: str) -> str:
    return f"throttle:{scope}:{network_bucket(request)}"


def _add(key: str, limit: Limit, amount: int = 1) -> tuple[int, int]:
    """The count with this use, and the seconds until the window ends."""
    now = time.time()
    try:
        number, since = _tally(key, now, limit, amount)
    except Exception:  # noqa: BLE001 - whatever the backend raises, the answer is the same
        since = None
    if since is None:
        return _local.add(key, limit, now, amount)
    return number, _wait(since, limit, now)


def _tally(key: str, now: float, limit: Limit, amount: int) -> tuple[int, float | None]:
    since_key = f"{key}:since"
    # Neither what is kept nor when it ends may tell the second of a tip beside its network.
    since = now - now % 60
    lasts = limit.seconds - int(now - since)
    if hasattr(cache, "tally"):
        return cache.tally(key, since_key, since, amount, lasts)
    cache.add(since_key, since, timeout=lasts)
    cache.add(key, 0, timeout=lasts)
    return cache.incr(key, amount), cache.get(since_key)


def _read(key: str, limit: Limit) -> tuple[int, int]:
    now = time.time()
    try:
        known = cache.get_many((key, f"{key}:since"))
        number, since = known.get(key), known.get(f"{key}:since")
    except Exception:  # noqa: BLE001 - as above
        number = since = None
    local_number, local_wait = _local.read(key, limit, now)
    if number is None or since is None or local_number > number:
        return local_number, local_wait
    return number, _wait(since, limit, now)


def _wait(since: float, limit: Limit, now: float) -> int:
    """Seconds until the window ends; never longer than one, should another machine's clock be ahead."""
    return min(limit.seconds, max(1, int(since + limit.seconds - now) + 1))


class LocalCounter:
    """Counters of this process, for the time the cache is away."""

    KEPT = 10_000

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def add(self, key: str, limit: Limit, now: float, amount: int = 1) -> tuple[int, int]:
        """Count ``amount``; like ``_add``."""
        with self._lock:
            number, since = self._current(key, limit, now)
            if len(self._counts) >= self.KEPT:
                self._counts.clear()
            self._counts[key] = (number + amount, since)
            return number + amount, _wait(since, limit, now)

    def read(self, key: str, limit: Limit, now: float) -> tuple[int, int]:
        """Count none; like ``_read``."""
        with self._lock:
            number, since = self._current(key, limit, now)
            return number, _wait(since, limit, now)

    def _current(self, key: str, limit: Limit, now: float) -> tuple[int, float]:
        number, since = self._counts.get(key, (0, now))
        return (0, now) if now - since >= limit.seconds else (number, since)


_local = LocalCounter()
