"""An installation of its own for tests with real processes: database, broker, Zalo simulator, workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal import broker

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
WORKER = [
    *(str(BIN / "celery"), "--quiet", "--app", "portal", "worker", "--pool", "threads", "--concurrency", "4"),
    *("--loglevel", "ERROR", "--without-gossip", "--without-mingle"),
]
# What the tests ask for inside the installation; the answer is the last line printed, as JSON.
SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from django.utils import timezone
from datetime import timedelta
from django.db import connection
from broadcasts.models import *
from broadcasts.services import sending, sweep
from tests.factories import *
{body}
"""


class Installation:
    """Runs commands and workers on one private set of files."""

    def __init__(self, var: Path, zalo: SimulatorThread, database_url: str, broker_url: str | None):
        self.zalo = zalo
        self.workers: list[subprocess.Popen] = []
        self.env = {
            **{key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "TMPDIR"}},
            "ENV_FILE": "",
            "DEBUG": "1",
            "VAR_DIR": str(var),
            "DATABASE_URL": database_url,
            "ZALO_API_URL": zalo.url,
            "ZALO_OAUTH_URL": zalo.url,
            "SEND_CONCURRENCY": "5",
            "PYTHONPATH": str(ROOT),
        }
        if broker_url:
            self.env["CELERY_BROKER_URL"] = broker_url

    def manage(self, *command: str) -> str:
        """Run a management command; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def ask(self, body: str) -> Any:
        """Run Python inside the installation; it prints its answer as JSON."""
        return json.loads(
            self.manage("shell", "--no-imports", "-c", SCRIPT.format(body=body)).splitlines()[-1]
        )

    def start_worker(self) -> subprocess.Popen:
        """A real Celery worker, in a process group of its own."""
        worker = subprocess.Popen(
            WORKER,
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen) -> None:
        """``kill -9``: nothing gets a chance to tidy up."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                self.kill(worker)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """``wait_until(condition, seconds)``: returns as soon as it holds, fails when it never does."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    return wait


@pytest.fixture(params=["embedded", pytest.param("services", marks=pytest.mark.services)])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """As a commune runs it (SQLite, the embedded broker), and as a province does (PostgreSQL, Redis)."""
    places = embedded(tmp_path) if request.param == "embedded" else services()
    with places as (database_url, broker_url), SimulatorThread(World(is_open=True)) as zalo:
        made = Installation(tmp_path, zalo, database_url, broker_url)
        made.manage("migrate", "--verbosity", "0")
        try:
            yield made
        finally:
            made.close()


@contextmanager
def embedded(var: Path) -> Iterator[tuple[str, str | None]]:
    broker.ensure_running(var)
    try:
        yield f"sqlite:///{var / 'portal.sqlite3'}", None
    finally:
        broker.stop(var)


@contextmanager
def services() -> Iterator[tuple[str, str]]:
    """A database of its own on the server of the test run, and a Redis database nobody else uses."""
    database_url, broker_url = os.environ.get("DATABASE_URL", ""), os.environ.get("CELERY_BROKER_URL", "")
    if not (database_url.startswith("postgres") and broker_url.startswith("redis://")):
        pytest.skip(
            "needs DATABASE_URL and CELERY_BROKER_URL of PostgreSQL and Redis (tests/run.sh sets them)"
        )
    server, _slash, _name = database_url.rpartition("/")
    name, queue = f"portal_kill_{os.getpid()}", broker_url.rpartition("/")[0] + "/14"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        redis.Redis.from_url(queue).flushdb()
        try:
            yield f"{server}/{name}", queue
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            redis.Redis.from_url(queue).flushdb()
