"""How many claimed rows a drain keeps ready, so that no sender waits for the database. Pure.

Rows that are ready when a drain dies have to be looked for in their groups, so there are no more of them than
are sent while the next ones are fetched.
"""

# What one claim takes at most, and what is kept ready at most.
MOST_ROWS = 500
# A claim may take as long as two of those before it: it shares a busy machine with what it feeds.
SAFETY = 2.0
# What a claim brings lasts at least as long, so that a fast drain is not busy with claims alone.
CLAIM_LASTS_SECONDS = 0.25
# A claim that took long is remembered for the next few.
FADING = 0.8


class Ahead:
    """Measures how fast rows are sent and how long fetching takes, for ``concurrency`` senders."""

    def __init__(self, concurrency: int, *, now: float):
        self._concurrency = concurrency
        self._per_second = self._fetch_seconds = 0.0
        self._looked_at, self._calls = now, 0

    def fetched(self, *, seconds: float, calls: int, now: float) -> None:
        """Fetching rows took ``seconds``; ``calls`` have been made since the drain began."""
        self._fetch_seconds = max(seconds, FADING * self._fetch_seconds)
        passed = now - self._looked_at
        if passed > 0:
            self._per_second = (calls - self._calls) / passed
            self._looked_at, self._calls = now, calls

    @property
    def low(self) -> int:
        """With fewer rows than this in hand it is time to fetch: one for each sender, or more if need be."""
        needed = round(self._per_second * self._fetch_seconds * SAFETY)
        return min(max(self._concurrency, needed), max(self._concurrency, MOST_ROWS))

    @property
    def batch(self) -> int:
        """Rows to fetch at once."""
        return min(MOST_ROWS, max(2 * self._concurrency, round(self._per_second * CLAIM_LASTS_SECONDS)))
