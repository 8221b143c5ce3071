"""The account's tokens, read right before each call: the last moment to find that it must not be made."""

from collections.abc import Callable

from django.db import Error as DatabaseError

from broadcasts.engine.mailbox import Box
from broadcasts.engine.outcomes import NoCallMade
from groups.zalo.client import TokenSource
from groups.zalo.errors import Scope, Temporary


class PacedTokens:
    """A ``TokenSource`` over the account's own.

    Waiting for a token may outlast the lease, and its next holder looks for the rows in their groups. So the
    fence is asked after the wait, and nothing but the call itself comes behind it. A database that cannot be
    asked for the token is no more of a reason to doubt the row: both raise ``NoCallMade``.

    A message whose token is rejected is sent a second time by the client. That second call takes a place in
    the account's minute like any other; without a free place the row waits for one.
    """

    def __init__(self, source: TokenSource, box: Box, clock: Callable[[], float]):
        self._source = source
        self._box = box
        self._clock = clock

    async def get(self) -> str:
        try:
            token = await self._source.get()
        except DatabaseError as error:
            raise NoCallMade from error
        self._require_lease()
        return token

    async def renew(self, rejected_token: str) -> str:
        try:
            token = await self._source.renew(rejected_token)
        except DatabaseError as error:
            raise NoCallMade from error
        self._require_lease()
        now, pace = self._clock(), self._box.pace
        if not pace.at_once(now):
            wait = max(1, round(pace.next_free_at(now) - now))
            raise Temporary(None, "no call left for a second try", scope=Scope.ACCOUNT, wait_seconds=wait)
        pace.end(now)  # the first try; the caller ends the second
        pace.issue(is_reserved=False)
        return token

    def _require_lease(self) -> None:
        if not self._box.may_issue(self._clock()):
            raise NoCallMade
