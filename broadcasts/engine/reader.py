"""Reading a group page by page, each page a call of the account's minute."""

from collections.abc import Callable
from typing import Any

from broadcasts.engine.pace import Pace
from groups.zalo.errors import Scope, Temporary


class PacedReader:
    """The one call that reading needs. The first page takes the place that was reserved for the look."""

    def __init__(self, client: Any, pace: Pace, clock: Callable[[], float]):
        self._client = client
        self._pace = pace
        self._clock = clock
        self._is_first = True

    async def get_conversation(self, group_id: str, offset: int, count: int) -> list[Any]:
        """One page; raises ``Temporary`` when the minute holds no call for a further one."""
        if not self._is_first and not self._pace.at_once(self._clock()):
            raise Temporary(None, "no call left for a further page", scope=Scope.ACCOUNT)
        self._pace.issue(is_reserved=self._is_first)
        self._is_first = False
        try:
            return await self._client.get_conversation(group_id, offset, count)
        finally:
            self._pace.end(self._clock())
