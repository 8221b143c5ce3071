"""Proof that the clock still ticks: beat announces, a worker notes the time, a page can read how long ago.

One figure for beat, broker and worker together: whichever stops, nothing is sent on time any more.
"""

import time

from django.core.cache import cache

KEY = "heartbeat"
# The schedule ticks every 30 s: two missed ticks may be a restart; ten are a dead process.
LATE_SECONDS = 300.0


def note() -> None:
    """Remember that the clock ticked now."""
    cache.set(KEY, time.time(), timeout=24 * 3600)


def age_seconds() -> float | None:
    """Seconds since the last tick; None when none is known (never, or the cache is away)."""
    noted = cache.get(KEY)
    return None if noted is None else max(0.0, time.time() - noted)


def is_late() -> bool:
    """Whether the clock has certainly stopped; not knowing is not lateness."""
    age = age_seconds()
    return age is not None and age > LATE_SECONDS
