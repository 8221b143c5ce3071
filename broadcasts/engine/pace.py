"""The pace of one account: never more than its calls in any minute, however the minute is cut.

A call holds its place from the moment it is issued until a minute after its end. Somewhere in between it
reached Zalo, so two calls that shared a place are a minute apart over there too, whatever either of them met
on its way. A calendar minute is one of those minutes. Claimed rows hold their place as reserved calls, so a
row that was claimed can always be issued. Times are seconds since 1970. No database, no clock of its own.

What the database knows of a pace is its ``window``: the calls that have ended, by second, and a number of
places that may be in use. That number runs ahead of need, so that most claims write no window at all; a heir
of a holder that died counts all of it.
"""

import math
from collections import Counter, deque

# A minute, and what a clock may be set back by meanwhile.
WINDOW_SECONDS = 60.1
# For calls that cannot wait until the holder is done, such as answers to residents (services/budget.py).
RESERVE = 0.03
# The share of the limit that a window holds in advance; also what a crash may cost the next minute.
AHEAD = 0.25
# No more than this, however high the limit: an heir keeps a moment in memory for each place it must count.
MOST_AHEAD = 2000
CLAIMED = "claimed"


def usable_rate(rate_per_minute: int) -> int:
    """Calls a minute that we allow ourselves: the limit less a reserve of 3 %, in whole calls; at least 1."""
    return max(1, rate_per_minute - math.floor(rate_per_minute * RESERVE))


class Pace:
    """Calls of the last minute, calls on their way, and calls reserved by claimed rows.

    ``stored``: places that the database already counts and nobody uses yet.
    """

    def __init__(
        self, rate_per_minute: int, window: dict[str, int] | None = None, *, lost_at: float | None = None
    ):
        """Take over from the last holder. ``window`` is what it left (see ``as_window``).

        A holder that died left places in use behind, and nobody knows which of them it issued: they count as
        ended at ``lost_at``, the end of its lease, which is the latest they can have been.
        """
        self.limit = usable_rate(rate_per_minute)
        self.reserved = self.in_flight = self.stored = 0
        moments: list[float] = []
        for second, count in (window or {}).items():
            if second != CLAIMED:
                moments += [float(second)] * count
            elif lost_at is not None:
                moments += [lost_at] * count
        self._calls = deque(sorted(moments))
        # The same calls by second, rounded up: kept along, because it is asked for at many claims.
        self._seconds = Counter(math.ceil(moment) for moment in moments)

    def free(self, now: float) -> int:
        """Calls that may be reserved at this moment."""
        self._forget(now)
        return max(0, self.limit - len(self._calls) - self.in_flight - self.reserved)

    def at_once(self, now: float) -> int:
        """Calls that may be issued without another word to the database."""
        return max(0, min(self.free(now), self.stored))

    def reserve(self, count: int) -> None:
        """Hold places for claimed rows. The caller has asked ``free`` first."""
        self.reserved += count
        self.stored -= count

    def give_back(self, count: int = 1) -> None:
        """A reserved place is not needed after all."""
        self.reserved -= count
        self.stored += count

    def issue(self, *, is_reserved: bool = True) -> None:
        """A call goes out, in its reserved place unless ``is_reserved`` is off (``at_once`` was asked)."""
        if not is_reserved:
            self.reserve(1)
        self.reserved -= 1
        self.in_flight += 1

    def end(self, now: float) -> None:
        """A call has ended, well or not; its minute begins."""
        self.in_flight -= 1
        self._calls.append(now)
        self._seconds[math.ceil(now)] += 1

    def next_free_at(self, now: float) -> float:
        """When the next call may be made: ``now``, or when the oldest one in the way is a minute old."""
        if self.free(now):
            return now
        in_the_way = len(self._calls) + self.in_flight + self.reserved - self.limit
        if in_the_way >= len(self._calls):
            # Everything is on its way; the places come free a minute after those calls end.
            return now + WINDOW_SECONDS
        return self._calls[in_the_way] + WINDOW_SECONDS

    def as_window(self, now: float, *, ahead: int = 0) -> dict[str, int]:
        """Calls by epoch second, each rounded up, and the places in use, ``ahead`` more included: as JSON."""
        self._forget(now)
        window = {str(second): count for second, count in self._seconds.items() if count}
        if in_use := self.reserved + self.in_flight + ahead:
            window[CLAIMED] = in_use
        return window

    def ahead(self, now: float) -> int:
        """How many places are worth storing beyond those in use."""
        return min(self.free(now), math.ceil(self.limit * AHEAD), MOST_AHEAD)

    def _forget(self, now: float) -> None:
        while self._calls and self._calls[0] <= now - WINDOW_SECONDS:
            second = math.ceil(self._calls.popleft())
            self._seconds[second] -= 1
            if not self._seconds[second]:
                del self._seconds[second]
