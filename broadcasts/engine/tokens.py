"""The account's tokens, with a renewal counted as the call it leads to."""

from collections.abc import Callable

from broadcasts.engine.pace import Pace
from groups.zalo.client import TokenSource
from groups.zalo.errors import Scope, Temporary


class PacedTokens:
    """A ``TokenSource`` over the account's own.

    A message whose token is rejected is sent a second time by the client. That second call takes a place in
    the account's minute like any other; without a free place the row waits for one.
    """

    def __init__(self, source: TokenSource, pace: Pace, clock: Callable[[], float]):
        self._source = source
        self._pace = pace
        self._clock = clock

    async def get(self) -> str:
        return await self._source.get()

    async def renew(self, rejected_token: str) -> str:
        token = await self._source.renew(rejected_token)
        now = self._clock()
        if not self._pace.at_once(now):
            wait = max(1, round(self._pace.next_free_at(now) - now))
            raise Temporary(None, "no call left for a second try", scope=Scope.ACCOUNT, wait_seconds=wait)
        self._pace.end(now)  # the first try; the caller ends the second
        self._pace.issue(is_reserved=False)
        return token
