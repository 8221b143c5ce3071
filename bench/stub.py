"""The Zalo stub as a process of its own: started, told how to behave, asked what it counted."""

import json
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType

from bench.processes import Child, python


class StubProcess:
    """``bench.stubapi`` on a free port. Use it with ``with``."""

    url: str

    def __enter__(self) -> "StubProcess":
        self._folder = tempfile.TemporaryDirectory(prefix="bench-stub-")
        self._child = Child(python("-m", "bench.stubapi"), log=Path(self._folder.name) / "log")
        try:
            self._child.wait_until(lambda: self._child.printed().startswith("ready "))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.url = self._child.printed().split()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.stop()
        self._folder.cleanup()

    def behave(self, **faults: float) -> None:
        """Set options (see ``bench.stubapi``; what is not named is off) and start counting anew."""
        everything = dict.fromkeys(("delay_ms", "fail_every", "http500_every", "drop_every", "max_rps"), 0)
        self._ask("/__set", json.dumps({**everything, **faults}).encode())

    def stats(self) -> dict[str, int]:
        """What was counted since ``behave``."""
        return self._ask("/__stats")

    def _ask(self, path: str, body: bytes | None = None) -> dict:
        with urllib.request.urlopen(self.url + path, data=body, timeout=10) as response:
            return json.load(response)
