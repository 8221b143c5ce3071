"""The engine's database threads: the loop hands them functions and never waits for a query itself."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
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
        await self._call(self._open)
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._call(self._close)
        await self._context.__aexit__(*exc_info)

    def beside(self) -> AbstractAsyncContextManager["DatabaseThread"]:
        """A second thread with a connection of its own, for what need not wait for the first.

        This one again where two would only stand in each other's way: SQLite has one writer, and a connection
        of somebody else is one.
        """
        is_alone = self._shared is not None or connections[DEFAULT_DB_ALIAS].vendor != "postgresql"
        return nullcontext(self) if is_alone else SecondThread()

    async def run(self, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """``function(*args, **kwargs)`` in the thread; its exception is raised here.

        A connection that broke or grew old is replaced first: one lost query is not a lost drain.
        """
        if self._shared is None:
            return await self._call(_fresh, function, args, kwargs)
        return await self._call(function, *args, **kwargs)

    async def _call(self, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        return await sync_to_async(function)(*args, **kwargs)

    def _open(self) -> None:
        if self._shared is not None:
            connections[self._shared.alias] = self._shared

    def _close(self) -> None:
        if self._shared is None:
            connections.close_all()


class SecondThread(DatabaseThread):
    """Another thread beside the one that ``sync_to_async`` means."""

    def __init__(self) -> None:
        super().__init__()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="drain-writer")

    async def __aenter__(self) -> "DatabaseThread":
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._call(self._close)
        self._executor.shutdown()

    async def _call(self, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        here = sync_to_async(function, thread_sensitive=False, executor=self._executor)
        return await here(*args, **kwargs)


def _fresh(function: Callable[..., Result], args: tuple, kwargs: dict[str, Any]) -> Result:
    close_old_connections()
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    if connection.connection is None and connection.vendor == "postgresql":
        # The engine asks for rows by key only. Statistics from before a table grew a thousandfold in one
        # statement must not talk the planner into reading all of it five times a second.
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan TO off")
    return function(*args, **kwargs)
