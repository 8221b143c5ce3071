"""A programme that never ends, and starts another that never does."""

import os
from pathlib import Path

# Its directory is written into it: the portal starts programmes without an environment.
SCRIPT = """#!/bin/sh
trap '' TERM
sleep 600 &
echo "$$ $!" >> {log}
wait
"""


class HungProgram:
    """An executable called ``name`` in a folder of its own."""

    def __init__(self, folder: Path, name: str = "ffmpeg") -> None:
        self.folder = folder / "hung"
        self.folder.mkdir()
        self.path, self._log = self.folder / name, self.folder / "started"
        self.path.write_text(SCRIPT.format(log=self._log))
        self.path.chmod(0o755)

    def started(self) -> list[int]:
        """Numbers of all its processes, in the order of their start."""
        return [int(number) for number in self._log.read_text().split()] if self._log.exists() else []

    def running(self) -> list[int]:
        """Those that have not ended."""
        return [number for number in self.started() if _is_running(number)]

    def recover(self, program: str) -> None:
        """From now on it is the real programme."""
        self.path.unlink()
        os.symlink(program, self.path)


def _is_running(number: int) -> bool:
    try:
        status = Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return False
    # Ended processes whose parent has not noticed yet are not running.
    return status.rpartition(")")[2].split()[0] != "Z"
