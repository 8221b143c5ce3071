"""An installation of its own for tests with real processes: database, broker, Zalo simulator, workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """SQLite and the embedded broker, as a commune runs it."""
    broker.ensure_running(tmp_path)
    with SimulatorThread(World(is_open=True)) as zalo:
        made = Installation(tmp_path, zalo, f"sqlite:///{tmp_path / 'portal.sqlite3'}", None)
        made.manage("migrate", "--verbosity", "0")
        try:
            yield made
        finally:
            made.close()
            broker.stop(tmp_path)
