"""The pace of one account: never more than its calls in any minute, however the minute is cut.

A call counts from the moment it is issued until ``WINDOW_SECONDS`` later. That bounds every sliding minute,
and a calendar minute is one of those. Claimed rows hold their place as reserved calls, so a row that was
claimed can always be issued. Times are seconds since 1970. No database, no clock of its own.
"""

import math
from collections import Counter, deque

# Longer than a minute by what two calls may differ on their way: a slow one must not meet a fast one there.
WINDOW_SECONDS = 60.25
RESERVE = 0.05
CLAIMED = "claimed"


def usable_rate(rate_per_minute: int) -> int:
    """Calls a minute that we allow ourselves: the account's limit less a reserve of 5 %, at least one."""
    return max(1, math.floor(rate_per_minute * (1 - RESERVE)))


class Pace:
    """Calls issued in the last minute and calls reserved by claimed rows."""

    def __init__(
        self, rate_per_minute: int, window: dict[str, int] | None = None, *, lost_at: float | None = None
    ):
        """Take over from the last holder. ``window`` is what it left (see ``as_window``).

        A holder that died left reserved calls behind, and nobody knows which of them it issued: they count
        as issued at ``lost_at``, the end of its lease, which is the latest they can have been.
        """
        self.limit = usable_rate(rate_per_minute)
        self.reserved = 0
        moments: list[float] = []
        for second, count in (window or {}).items():
            if second != CLAIMED:
                moments += [float(second)] * count
            elif lost_at is not None:
                moments += [lost_at] * count
        self._calls = deque(sorted(moments))
        # The same calls by second, rounded up: kept along, because it is asked for at every claim.
        self._seconds = Counter(math.ceil(moment) for moment in moments)

    def free(self, now: float) -> int:
        """Calls that may be reserved or issued at this moment."""
        self._forget(now)
        return max(0, self.limit - len(self._calls) - self.reserved)

    def reserve(self, count: int) -> None:
        """Hold places for claimed rows. The caller has asked ``free`` first."""
        self.reserved += count

    def give_back(self, count: int = 1) -> None:
        """A reserved place is not needed after all."""
        self.reserved -= count

    def issue(self, now: float, *, is_reserved: bool = True) -> None:
        """A call goes out now, in its reserved place unless ``is_reserved`` is off."""
        if is_reserved:
            self.reserved -= 1
        self._calls.append(now)
        self._seconds[math.ceil(now)] += 1

    def next_free_at(self, now: float) -> float:
        """When the next call may be made: ``now``, or when the oldest one in the way is a minute old."""
        if self.free(now):
            return now
        in_the_way = len(self._calls) + self.reserved - self.limit
        if in_the_way >= len(self._calls):
            # Everything is reserved; the places are issued within moments and are then a minute away.
            return now + WINDOW_SECONDS
        return self._calls[in_the_way] + WINDOW_SECONDS

    def as_window(self, now: float) -> dict[str, int]:
        """Calls by epoch second, each rounded up, plus the reserved ones: for the next holder, as JSON."""
        self._forget(now)
        window = {str(second): count for second, count in self._seconds.items() if count}
        if self.reserved:
            window[CLAIMED] = self.reserved
        return window

    def _forget(self, now: float) -> None:
        while self._calls and self._calls[0] <= now - WINDOW_SECONDS:
            second = math.ceil(self._calls.popleft())
            self._seconds[second] -= 1
            if not self._seconds[second]:
                del self._seconds[second]
