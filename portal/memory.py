"""What a process remembers for a moment: names of the directory, pages that hardly change.

A crowd that opens the same page then costs the database one look, not one each. Every process remembers by
itself and hears of no change: what is remembered may be old by ``MEMORY_SECONDS``, so nothing may be kept
here that decides who may see or do something. ``MEMORY_SECONDS = 0`` remembers nothing.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

from django.conf import settings


class Memory:
    """Up to ``size`` values by key, each for ``seconds`` (``MEMORY_SECONDS`` when left out).

    The values are shared by all threads: nobody may change one.
    """

    def __init__(self, *, size: int, seconds: float | None = None) -> None:
        self._size, self._seconds = size, seconds
        self._values: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value remembered for ``key``, else what ``make`` returns; None is never remembered."""
        if not settings.MEMORY_SECONDS:
            return make()
        now = time.monotonic()
        expires_at, value = self._values.get(key, (now, None))
        if expires_at > now:
            return value
        value = make()
        if value is not None:
            self._keep(key, value, now + (self._seconds or settings.MEMORY_SECONDS))
        return value

    def _keep(self, key: Hashable, value: Any, expires_at: float) -> None:
        with self._lock:
            self._values[key] = (expires_at, value)
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)

    def forget(self) -> None:
        """Empty it, for tests."""
        with self._lock:
            self._values.clear()
