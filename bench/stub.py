"""The Zalo stub as a process of its own: started, told how to behave, asked what it counted.

``stubapi.c``, compiled on the spot where there is a compiler, else ``stubapi.py``: both answer alike, and the
first one leaves the processor to what is measured.
"""

import json
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType

from bench.processes import Child, python

SOURCE = Path(__file__).with_name("stubapi.c")


def compiled(folder: Path) -> list[str]:
    """The command line of the stub in C, built into ``folder``; empty where that is not possible."""
    compiler, program = shutil.which("cc"), folder / "stubapi"
    if compiler is None:
        return []
    built = subprocess.run([compiler, "-O2", "-o", program, SOURCE], capture_output=True, check=False)
    return [str(program)] if built.returncode == 0 else []


class StubProcess:
    """A stub on a free port, in Python where ``in_python`` or where C cannot be had. Use it with ``with``."""

    url: str

    def __init__(self, *, in_python: bool = False):
        self._in_python = in_python

    def __enter__(self) -> "StubProcess":
        self._folder = tempfile.TemporaryDirectory(prefix="bench-stub-")
        folder = Path(self._folder.name)
        command = [] if self._in_python else compiled(folder)
        self.language = "C" if command else "Python"
        self._child = Child(command or python("-m", "bench.stubapi"), log=folder / "log")
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
