"""An event loop whose time is made up, so that an hour of waiting costs nothing and every run is the same."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import SyncToAsync

STARTS_AT = 1_790_000_000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """When nothing is ready it is the next timer's time at once. ``offset``: how wrong the wall clock is."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = 0.0
        self._passed = STARTS_AT
        # Coarser than a float can tell two moments of this century apart.
        self._clock_resolution = 0.001

    def time(self) -> float:
        return self._passed

    def wall(self) -> float:
        """What the clock on the wall shows: seconds since 1970, right or wrong."""
        return self._passed + self.offset

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._passed = max(self._passed, self._scheduled[0]._when)
        super()._run_once()


async def _at_once(self: SyncToAsync, *args: Any, **kwargs: Any) -> Any:
    """In the loop's own thread: a thread of its own would run in real time."""
    return self.func(*args, **kwargs)


# Whatever imported the database's clock by name.
TOLD_BY_DATABASE = ("portal.clock", "broadcasts.tasks", "broadcasts.engine.drain", "groups.services.tokens")


def rule_time(monkeypatch: pytest.MonkeyPatch, loop: VirtualLoop) -> None:
    """Let everything in this process live in the loop's time, with the database in its thread.

    The machine's clock may be wrong; the database's is not.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    monkeypatch.setattr(SyncToAsync, "__call__", _at_once)
    monkeypatch.setattr(time, "time", loop.wall)
    monkeypatch.setattr(time, "monotonic", loop.time)
    for module in TOLD_BY_DATABASE:
        monkeypatch.setattr(f"{module}.database_now", lambda: datetime.fromtimestamp(loop.time(), UTC))
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime.fromtimestamp(loop.wall(), UTC))
