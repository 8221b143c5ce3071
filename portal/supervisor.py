"""Runs the whole portal on one machine: ``python -m portal.supervisor``.

Reads the Procfile, brings up the embedded broker where it is used, prepares the database, starts every
process, restarts one that dies, and stops all of them in order on Ctrl-C or SIGTERM. Production machines use
systemd or containers instead (``deploy/``).
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal import broker
from portal.environment import BASE_DIR, flag, integer, load_env_file, text, var_dir

# First nobody announces or does work, then nobody asks or answers: a send in progress still gets its reply.
STOP_ORDER = (("beat", "worker"), ("web", "simulator"))
STOP_SECONDS = {"worker": 20.0}
DEFAULT_STOP_SECONDS = 10.0
# A process that lived this long can start: it is revived for ever, its back-off begins anew.
HEALTHY_SECONDS = 20.0
# One that never did, and ended by itself this often, is a mistake somebody must read about.
MOST_FAILED_STARTS = 4
LONGEST_PAUSE_SECONDS = 15.0
READY_SECONDS = 60.0
SET_PARENT_DEATH_SIGNAL = 1
DEMO_ACCOUNTS = "officer beat chief officer2 chief2 officer3 supervisor admin auditor relay".split()


class StartError(RuntimeError):
    """The portal cannot start; the text says why."""


@dataclass
class Child:
    """One line of the Procfile and the process that runs it now."""

    name: str
    command: str
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    restarts: int = 0
    failed_starts: int = 0
    was_healthy: bool = False

    def start(self) -> None:
        """Run the line by a shell, in a process group of its own, its output prefixed with its name."""
        self.process = subprocess.Popen(
            ["sh", "-c", f"exec {self.command}"],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self.started_at, self.restart_at = time.monotonic(), None
        threading.Thread(target=_copy_output, args=(self.name, self.process.stdout), daemon=True).start()

    def has_died(self) -> bool:
        """Whether a started process has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> None:
        """Set the time of the next start; raises ``StartError`` when the process cannot start at all."""
        status = self.process.returncode
        self.signal(signal.SIGKILL)
        is_healthy = time.monotonic() - self.started_at > HEALTHY_SECONDS
        self.was_healthy = self.was_healthy or is_healthy
        self.restarts = 1 if is_healthy else self.restarts + 1
        # A negative status is a signal from outside, which says nothing about the process.
        self.failed_starts += status >= 0
        if self.failed_starts >= MOST_FAILED_STARTS and not self.was_healthy:
            raise StartError(f"{self.name} không khởi động được (mã {status}); xem các dòng phía trên.")
        pause = min(0.25 * 2**self.restarts, LONGEST_PAUSE_SECONDS)
        say(f"{self.name} dừng (mã {status}); chạy lại sau {pause:.1f} giây")
        self.process, self.restart_at = None, time.monotonic() + pause

    def signal(self, number: int) -> None:
        """Signal the whole process group, also what a dead leader left behind."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    def wait(self, *, seconds: float) -> None:
        """Wait for the end of a process that was asked to; after ``seconds`` make it end."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.signal(signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """All processes of one portal, from the first start to the last stop."""

    def __init__(self, children: list[Child], *, uses_embedded_broker: bool) -> None:
        self.children = children
        self.uses_embedded_broker = uses_embedded_broker
        self.stopping = threading.Event()
        self.make = make_above()

    def run(self) -> None:
        """Start everything and watch it until ``stopping`` is set. Raises ``StartError``."""
        watch = None
        try:
            if self.uses_embedded_broker:
                broker.ensure_running(var_dir())
                watch = broker.keep_running(var_dir())
            prepare()
            for child in self.children:
                child.start()
            threading.Thread(target=self._announce_when_ready, daemon=True).start()
            while not self.stopping.wait(0.2) and not make_wants_stop(self.make):
                self._revive()
        finally:
            if watch:
                watch.set()
            self.stop()

    def stop(self) -> None:
        """Stop the children in order, the broker last."""
        for names in STOP_ORDER:
            leaving = [child for child in self.children if child.name in names]
            for child in leaving:
                child.terminate()
            for child in leaving:
                child.wait(seconds=STOP_SECONDS.get(child.name, DEFAULT_STOP_SECONDS))
        if self.uses_embedded_broker:
            broker.stop(var_dir())

    def kill(self) -> None:
        """End every child at once, for those who press Ctrl-C twice."""
        for child in self.children:
            child.signal(signal.SIGKILL)

    def _revive(self) -> None:
        for child in self.children:
            if child.has_died():
                child.plan_restart()
            elif child.restart_at is not None and time.monotonic() >= child.restart_at:
                child.start()

    def _announce_when_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping.wait(0.1) and time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{web_address()}/healthz", timeout=2):
                say(welcome())
                return


def read_procfile(path: Path) -> list[Child]:
    """The processes of a Procfile; the simulator, told of this portal, only where one is used."""
    lines = (line.partition(":") for line in path.read_text().splitlines() if line.strip())
    children = [Child(name.strip(), command.strip()) for name, _, command in lines]
    for child in children:
        if child.name == "simulator":
            child.command += f" --webhook-url {web_address()}/zalo/webhook/"
    return [child for child in children if child.name != "simulator" or uses_simulator()]


def uses_simulator() -> bool:
    """Whether the Zalo address is this machine's simulator: unset or a loopback address, with DEBUG on."""
    address = text("ZALO_API_URL", "http://127.0.0.1:9000")
    return flag("DEBUG", default=False) and address.startswith(("http://127.0.0.1", "http://localhost"))


def prepare() -> None:
    """Migrate and load the demo data in one short-lived process. Raises ``StartError``."""
    if subprocess.run([sys.executable, "manage.py", "prepare"], cwd=BASE_DIR, check=False).returncode:
        raise StartError("không chuẩn bị được cơ sở dữ liệu; xem các dòng phía trên.")


def check_port(port: int) -> None:
    """Raise ``StartError`` when somebody else already answers on the web port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((text("WEB_HOST", "127.0.0.1"), port))
        except OSError as error:
            message = f"cổng {port} đang bận ({error.strerror}); chọn cổng khác: WEB_PORT=8010 make run"
            raise StartError(message) from error


def make_above() -> int | None:
    """The process id of the ``make`` that runs us, on Linux."""
    parent = os.getppid()
    with suppress(OSError):
        if Path(f"/proc/{parent}/comm").read_text().strip() in {"make", "gmake"}:
            return parent
    return None


def make_wants_stop(make: int | None) -> bool:
    """Whether ``make`` is gone, or was interrupted without us: then it blocks the signal until we end.

    A terminal sends Ctrl-C to both; ``kill -INT`` and process managers reach ``make`` alone.
    """
    if make is None:
        return False
    try:
        status = Path(f"/proc/{make}/status").read_text()
    except OSError:
        return True
    blocked = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked, 16) >> (signal.SIGINT - 1) & 1)


def web_address() -> str:
    """Where this machine's web process answers."""
    return f"http://127.0.0.1:{integer('WEB_PORT', default=8000)}"


def welcome() -> str:
    """Addresses and demo accounts, for the person who typed ``make run``."""
    address = web_address()
    lines = ["Cổng đã chạy. Dừng bằng Ctrl-C.", ""]
    lines += [f"  Trang công khai    {address}/", f"  Bàn làm việc       {address}/can-bo/"]
    lines += [f"  Quản trị           {address}/admin/", f"  API                {address}/api/docs/"]
    if uses_simulator():
        lines.append(f"  Mô phỏng Zalo      {text('ZALO_API_URL', 'http://127.0.0.1:9000')}/")
    if flag("DEBUG", default=False):
        lines += ["", "  Tài khoản mẫu (mật khẩu demo-1234):", f"  {', '.join(DEMO_ACCOUNTS)}"]
    return "\n".join([*lines, ""])


def say(message: str) -> None:
    """Print at once, also into a pipe."""
    print(message, flush=True)


def _copy_output(name: str, stream: IO[bytes]) -> None:
    for line in stream:
        say(f"{name:<9} | {line.decode(errors='replace').rstrip()}")


def _die_with_parent() -> None:
    """Let the kernel stop a child whose supervisor was killed without a chance to do it (Linux)."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _listen_to_signals(supervisor: Supervisor) -> None:
    def stop(_number: int, _frame: object) -> None:
        if supervisor.stopping.is_set():
            supervisor.kill()
        supervisor.stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    # Under nohup the portal outlives the terminal it was started from.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)


def main() -> int:
    """Run until told to stop; 0 after an orderly stop, 1 when the portal could not start or stay up."""
    load_env_file()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["PYTHONUNBUFFERED"] = "1"
    try:
        check_port(integer("WEB_PORT", default=8000))
        children = read_procfile(BASE_DIR / "Procfile")
        supervisor = Supervisor(children, uses_embedded_broker=not text("CELERY_BROKER_URL"))
        _listen_to_signals(supervisor)
        supervisor.run()
    except (StartError, broker.BrokerError) as error:
        say(f"Không chạy được: {error}")
        return 1
    say("Đã dừng.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
