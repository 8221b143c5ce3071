"""Calls of an account that the engine does not make, entered in the account's minute before they are made.

While nobody leases the mailbox, such calls take free places of its window, and the next holder finds them
there. While it is leased its holder counts alone; then an urgent call may take a place of the reserve, which
no holder touches and which keeps a window of its own.
"""

import math
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from broadcasts.engine.pace import Pace, usable_rate
from broadcasts.models import Mailbox
from groups.zalo.http import TOTAL_SECONDS

# Somebody else may write the window between our look and our UPDATE; rarely, and hardly twice.
TRIES = 5


def take(account_id: int, calls: int, *, now: float, is_urgent: bool = False) -> int:
    """Enter up to ``calls`` in the account's minute; returns how many may be made from now on, each at once.

    ``now`` is seconds since 1970. Only what ``is_urgent`` (somebody waits for it) may use the reserve.
    """
    taken = _take(_from_window, account_id, calls, now)
    if taken < calls and is_urgent:
        taken += _take(_from_reserve, account_id, calls - taken, now)
    return taken


def _take(take_from: Callable[..., int | None], account_id: int, calls: int, now: float) -> int:
    for _try in range(TRIES):
        mailbox = Mailbox.objects.select_related("account").filter(account=account_id).first()
        if mailbox is None:
            Mailbox.objects.bulk_create([Mailbox(account_id=account_id)], ignore_conflicts=True)
            continue
        taken = take_from(mailbox, calls, now)
        if taken is not None:
            return taken
    return 0


def _from_window(mailbox: Mailbox, calls: int, now: float) -> int | None:
    """How many places were taken; None when somebody else was faster."""
    moment = datetime.fromtimestamp(now, UTC)
    until = mailbox.lease_until
    if until is not None and until > moment:
        return 0
    pace = Pace(mailbox.account.rate_per_minute, mailbox.window, lost_at=until.timestamp() if until else None)
    count = min(calls, pace.free(now))
    if not count:
        return 0
    changes: dict[str, Any] = {"window": _with(pace, count, now)}
    if until is not None:
        # The holder is dead, or asleep: then it must not write its window over this one when it wakes.
        changes["lease_owner"] = secrets.token_urlsafe(9)
    unleased = Q(lease_until=None) if until is None else Q(lease_until=until, lease_owner=mailbox.lease_owner)
    rows = Mailbox.objects.filter(unleased, pk=mailbox.pk, window=mailbox.window)
    return count if rows.update(**changes) else None


def _from_reserve(mailbox: Mailbox, calls: int, now: float) -> int | None:
    """Like ``_from_window``."""
    rate = mailbox.account.rate_per_minute
    reserve = rate - usable_rate(rate)
    if not reserve:
        return 0
    pace = Pace(reserve, mailbox.reserve_window)
    count = min(calls, pace.free(now))
    if not count:
        return 0
    rows = Mailbox.objects.filter(pk=mailbox.pk, reserve_window=mailbox.reserve_window)
    return count if rows.update(reserve_window=_with(pace, count, now)) else None


def _with(pace: Pace, count: int, now: float) -> dict[str, int]:
    """The window with ``count`` further calls, each as if it took as long as a call can."""
    window = pace.as_window(now)
    end = str(math.ceil(now + TOTAL_SECONDS))
    return window | {end: window.get(end, 0) + count}
