"""PostgreSQL and Redis of a test's own, on free ports, that end with it."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from portal import broker
from tests.waiting import wait_for

SET_PARENT_DEATH_SIGNAL = 1
POSTGRES_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
}


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with(number: int) -> Callable[[], None]:
    """For ``preexec_fn``: the kernel sends ``number`` when the test run dies without tidying up (Linux)."""

    def ask() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, number, 0, 0, 0)

    return ask


class Postgres:
    """A cluster of its own. ``create_database`` copies the template, which is migrated once."""

    def __init__(self, folder: Path, programs: Path):
        self.folder, self.programs, self.port = folder / "data", programs, free_port()
        self.process: subprocess.Popen | None = None
        # PostgreSQL refuses to run as root.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if _is_root() else {}
        if self._user:
            folder.chmod(0o711)
            self.folder.mkdir(mode=0o700)
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run(
            [
                *(programs / "initdb", "--pgdata", self.folder, "--username", "postgres"),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd="/",
            **self._user,
        )
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [part for name, value in POSTGRES_OPTIONS.items() for part in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            [self.programs / "postgres", "-D", self.folder, "-p", str(self.port), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            preexec_fn=die_with(signal.SIGQUIT),
            **self._user,
        )
        wait_for(self._answers, 120, what="the start of PostgreSQL")

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it: SIGINT cuts every connection in order, SIGQUIT at once."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(120)
            self.process = None

    def url(self, name: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        """Run one statement of the test's own; its rows, if it has any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name: str, *, template: str) -> str:
        """A copy of ``template``; returns its address."""
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis:
    """A Redis server of its own, or the embedded one where no other is installed."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        self.program = shutil.which("redis-server") or str(broker.server_path())
        self.process: subprocess.Popen | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A connection of the test's own to the broker's database."""
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                *("--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with(signal.SIGKILL),
        )
        wait_for(self._answers, 120, what="the start of Redis")

    def stop(self) -> None:
        """``kill -9``: nothing is saved."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(120)
            self.process = None

    def hang(self) -> None:
        """It still accepts connections (the kernel does) and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return self.client.ping()
        except redis.RedisError:
            return False


def postgres_programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, or None where no server is installed."""
    on_path = shutil.which("postgres")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    usable = [folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()]
    if not usable or (_is_root() and not _has_postgres_user()):
        return None
    return usable[0]


def _is_root() -> bool:
    return os.geteuid() == 0


def _has_postgres_user() -> bool:
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return False
    return True
