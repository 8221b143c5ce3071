"""Processes the benchmark starts: ready when they say so, ended by their id, cost read from /proc."""

import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
_TICKS = os.sysconf("SC_CLK_TCK")


class StartFailedError(RuntimeError):
    """A process did not come up; the text holds what it printed."""


class Child:
    """One process in a group of its own, so that ending it ends what it started."""

    def __init__(self, command: list[str], *, log: Path, env: dict[str, str] | None = None):
        self.log = log
        self._output = log.open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=environment(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float = READY_SECONDS) -> None:
        """Poll ``is_ready``. Raises ``StartFailedError`` when the process ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StartFailedError(f"{self.process.args}\n{self.printed()[-2000:]}")
            time.sleep(0.05)

    def printed(self) -> str:
        """Everything the process wrote."""
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._output.close()

    def kill(self) -> None:
        """End it at once, without a chance to tidy up."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)


def environment(changes: dict[str, str]) -> dict[str, str]:
    """This process's environment with ``changes``."""
    return {**os.environ, **changes}


def python(*arguments: str) -> list[str]:
    """The command line of a Python process in this environment."""
    return [sys.executable, "-u", *arguments]


def tool(name: str) -> str:
    """The path of a command installed beside this interpreter."""
    return str(Path(sys.executable).parent / name)


def procfile_line(name: str) -> list[str]:
    """How the Procfile starts the process ``name``."""
    lines = dict(line.split(":", 1) for line in (BASE_DIR / "Procfile").read_text().splitlines() if line)
    command, *arguments = shlex.split(lines[name])
    return [tool(command), *arguments]


def answers(url: str) -> bool:
    """Whether anything at all is served there."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, its ended children included; 0 when it is gone."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, parts[11:15])) / _TICKS


def family_cpu_seconds(pid: int) -> float:
    """Processor time so far of a process and of the children it has now, like a web server's."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    pids = children.read_text().split() if children.exists() else []
    return cpu_seconds(pid) + sum(cpu_seconds(int(child)) for child in pids)


def peak_rss_mib(pid: int) -> float:
    """The most memory a process has held, MiB; 0 when it is gone (or the system has no /proc)."""
    return _status_mib(pid, "VmHWM:")


def rss_mib(pid: int) -> float:
    """The memory a process holds now, MiB; 0 when it is gone."""
    return _status_mib(pid, "VmRSS:")


def _status_mib(pid: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)
