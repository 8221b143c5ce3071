"""What a figure depends on besides the code: machine, load, versions."""

import os
import platform
from importlib.metadata import version

from django.db import connection

from bench.backends import Backend

LIBRARIES = ("Django", "celery", "aiohttp", "gunicorn")


def now(backend: Backend) -> dict[str, str]:
    """The conditions at this moment, for people to read beside the figures."""
    return {
        "cores": str(os.cpu_count()),
        "load": load(),
        "python": platform.python_version(),
        **{name.lower(): version(name) for name in LIBRARIES},
        "database": _database(),
        "durable": _durability(),
        "broker": "Redis" if backend.is_postgres else "embedded Valkey",
    }


def load() -> str:
    """Load average of the last 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def _database() -> str:
    if connection.vendor == "postgresql":
        return f"PostgreSQL {_ask('SHOW server_version').split()[0]}"
    return f"SQLite {_ask('SELECT sqlite_version()')}"


def _durability() -> str:
    if connection.vendor == "postgresql":
        return f"fsync {_ask('SHOW fsync')}, synchronous_commit {_ask('SHOW synchronous_commit')}"
    return f"{_ask('PRAGMA journal_mode')}, synchronous {_ask('PRAGMA synchronous')} (1: NORMAL, 2: FULL)"


def _ask(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])
