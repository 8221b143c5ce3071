"""Where a measurement runs: a database and a broker of its own, made before and removed after.

``sqlite`` is the embedded default (SQLite in WAL mode, Valkey on a unix socket), ``postgres`` is PostgreSQL
with Redis. ``BENCH_DATABASE_URL`` (or ``TEST_DATABASE_URL``) names any database of the server in which new
ones may be made; ``BENCH_REDIS_URL`` (or ``TEST_REDIS_URL``) the Redis.

No Django is loaded here: the environment must be complete before the settings are read.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

from portal import broker

BASE_DIR = Path(__file__).resolve().parent.parent
NAMES = ("sqlite", "postgres")
SERVER_URL = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS_URL = "redis://127.0.0.1:6379/15"
# What an outer environment may have set and a measurement must not see.
FOREIGN = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "FIELD_KEYS",
    "MEDIA_ROOT",
    "PUBLIC_URL",
    "WEB_PORT",
)


class WrongDatabaseError(RuntimeError):
    """The database is not the benchmark's to write to."""


@dataclass(frozen=True)
class Backend:
    """A prepared place: its name, its database, and the folder for its files and logs."""

    name: str
    database: str
    folder: Path

    @property
    def is_postgres(self) -> bool:
        return self.name == "postgres"


def require_bench_database(database: str) -> str:
    """``database`` (a name, or a path of SQLite), when its name starts with ``bench``.

    Raises ``WrongDatabaseError`` otherwise: a benchmark fills and drops what it is given.
    """
    if not Path(database).name.startswith("bench"):
        raise WrongDatabaseError(
            f"{database!r}: a benchmark only touches databases whose name starts with 'bench'"
        )
    return database


def unavailable(name: str) -> str:
    """Why a backend cannot be used here, or an empty string."""
    if name == "sqlite":
        return ""
    try:
        psycopg.connect(server_url(), connect_timeout=3).close()
        redis.Redis.from_url(redis_url(), socket_timeout=3).ping()
    except (psycopg.Error, redis.RedisError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


@contextmanager
def prepared(
    name: str, *, database: str = "", keep: bool = False, extra: dict[str, str]
) -> Iterator[Backend]:
    """The environment of one backend, in place for this process and those it starts.

    ``database``: a name of one's own choosing, which may exist; without one a fresh name. ``keep`` leaves the
    database behind. ``extra`` is set as well. Raises ``WrongDatabaseError``.
    """
    database = require_bench_database(database or f"bench_{os.getpid()}_{name}")
    folder = BASE_DIR / "var" / f"bench-{os.getpid()}"
    folder.mkdir(mode=0o750, parents=True)
    make, drop, urls = _postgres(database) if name == "postgres" else _sqlite(database)
    prefix = f"bench-{os.getpid()}-"
    _set_environment({**urls, "VAR_DIR": str(folder), "BENCH_PREFIX": prefix, **extra})
    try:
        make(folder)
        yield Backend(name, database, folder)
    finally:
        _forget_keys(name, prefix)
        broker.stop(folder)
        if not keep:
            drop()
        shutil.rmtree(folder, ignore_errors=True)


def server_url() -> str:
    """The PostgreSQL server."""
    return os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL") or SERVER_URL


def redis_url() -> str:
    """The Redis server."""
    return os.environ.get("BENCH_REDIS_URL") or os.environ.get("TEST_REDIS_URL") or REDIS_URL


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _sqlite(database: str) -> tuple:
    path = BASE_DIR / "var" / f"{database}.sqlite3"

    def drop() -> None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    return broker.ensure_running, drop, {"DATABASE_URL": f"sqlite:///{path}"}


def _postgres(database: str) -> tuple:
    def execute(statement: str) -> None:
        with psycopg.connect(server_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(database)))

    def make(_folder: Path) -> None:
        with psycopg.connect(server_url(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not known:
            execute("CREATE DATABASE {}")

    parts = urlsplit(server_url())
    urls = {
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{database}")),
        "CELERY_BROKER_URL": redis_url(),
        # The same server and number: the prefix tells our keys from others'.
        "CACHE_URL": redis_url(),
    }
    return make, lambda: execute("DROP DATABASE IF EXISTS {} WITH (FORCE)"), urls


def _set_environment(values: dict[str, str]) -> None:
    for name in FOREIGN:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    # The addresses of visitors come from a header, so that limits per network stay on and refuse nobody.
    common = {"ENV_FILE": "", "DEBUG": "1", "BEHIND_PROXY": "1", "DJANGO_SETTINGS_MODULE": "bench.settings"}
    os.environ.update({**common, **values})


def _forget_keys(name: str, prefix: str) -> None:
    if name != "postgres":
        return
    server = redis.Redis.from_url(redis_url(), socket_timeout=5)
    for key in server.scan_iter(match=f"*{prefix}*", count=1000):
        server.delete(key)
