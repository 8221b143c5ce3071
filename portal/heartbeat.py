"""Proof that the clock still ticks: beat notes when it announces, a worker when it does what was announced.

Read them together: without beat no worker has anything to note. Times are in the cache; when its server is
away nothing is known, and that is another trouble with an alarm of its own (``portal.parts``).
"""

import time

from django.core.cache import cache

KEY = "heartbeat"
BEAT, WORKER = "beat", "worker"
PARTS = (BEAT, WORKER)
# The schedule ticks every 30 s: two missed ticks may be a restart; ten are a dead process.
LATE_SECONDS = 300.0
DAY = 24 * 3600


def note(part: str = WORKER) -> None:
    """Remember that ``part`` was at work now."""
    cache.set(_key(part), time.time(), timeout=DAY)


def age_seconds(part: str = WORKER) -> float | None:
    """Seconds since ``part`` was last at work; None when that is not known (never, or the cache is away)."""
    return ages()[part]


def ages() -> dict[str, float | None]:
    """Seconds since each part was last at work, in one look."""
    noted, now = cache.get_many([_key(part) for part in PARTS]), time.time()
    return {part: _age(noted.get(_key(part)), now) for part in PARTS}


def late_parts() -> set[str]:
    """Parts that have certainly stopped. One that was never seen is late once it was missed long enough."""
    return {part for part, age in ages().items() if (_missed(part) if age is None else age) > LATE_SECONDS}


def is_late() -> bool:
    """Whether nothing is sent on time any more; not knowing is not lateness."""
    return bool(late_parts())


def _key(part: str) -> str:
    return KEY if part == WORKER else f"{KEY}-{part}"


def _age(noted: float | None, now: float) -> float | None:
    return None if noted is None else max(0.0, now - noted)


def _missed(part: str) -> float:
    """For how long nobody has found a time noted for ``part``, in seconds; 0 when the cache is away."""
    key, now = f"{_key(part)}-missed", time.time()
    cache.add(key, now, timeout=DAY)
    return max(0.0, now - cache.get(key, now))
