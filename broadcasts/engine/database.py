"""The engine's one database thread: the loop hands it functions and never waits for a query itself."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Each word with the database waits for its turn beside a loop that is busy with hundreds of calls. Python's
# usual 5 ms a turn made a claim of a few such words slower than the calls it fed.
SWITCH_SECONDS = 0.0005

Result = TypeVar("Result")


class DatabaseThread:
    """One thread for a whole drain, hence one connection, closed at its end.

    Everything that uses ``sync_to_async`` inside (the account tokens do) shares it. ``shared`` lends the
    thread a connection of somebody else, which it then leaves open: a test hands over the one its transaction
    lives in.
    """

    def __init__(self, shared: BaseDatabaseWrapper | None = None):
        self._shared = shared
        self._context = ThreadSensitiveContext()

    async def __aenter__(self) -> "DatabaseThread":
        sys.setswitchinterval(SWITCH_SECONDS)
        await self._context.__aenter__()
        await sync_to_async(self._open)()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await sync_to_async(self._close)()
        await self._context.__aexit__(*exc_info)

    async def run(self, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """``function(*args, **kwargs)`` in the thread; its exception is raised here.

        A connection that broke or grew old is replaced first: one lost query is not a lost drain.
        """
        if self._shared is None:
            return await sync_to_async(_fresh)(function, args, kwargs)
        return await sync_to_async(function)(*args, **kwargs)

    def _open(self) -> None:
        if self._shared is not None:
            connections[self._shared.alias] = self._shared
        elif connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
            # The engine asks for rows by key only. Statistics from before a table grew a thousandfold in one
            # statement must not talk the planner into reading all of it five times a second.
            with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
                cursor.execute("SET enable_seqscan TO off")

    def _close(self) -> None:
        if self._shared is None:
            connections.close_all()


def _fresh(function: Callable[..., Result], args: tuple, kwargs: dict[str, Any]) -> Result:
    close_old_connections()
    return function(*args, **kwargs)
