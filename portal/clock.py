"""The database's clock, the one that all machines share.

A machine's own clock may be hours wrong, or be set right at any moment. What machines must agree on (who
holds a lease until when, which claim is stale, what is due) is told by the database's.
"""

import time
from datetime import datetime

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """What time it is. SQLite has no clock but that of the one machine it is on."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


class DatabaseClock:
    """Seconds since 1970: the database's when it was made, carried on by a clock that nobody sets."""

    def __init__(self) -> None:
        # Asked before the query: what that takes counts as passed, so that no lease seems longer than it is.
        asked_at = time.monotonic()
        self._ahead = database_now().timestamp() - asked_at

    def __call__(self) -> float:
        return self._ahead + time.monotonic()


def minute(moment: datetime) -> datetime:
    """The moment without its seconds: the exact one could name a sender."""
    return moment.replace(second=0, microsecond=0)


def this_minute() -> datetime:
    """Now, by this machine's clock, without its seconds."""
    return minute(timezone.now())
