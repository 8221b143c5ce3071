"""A worker that runs alone, as the Procfile's line says: it brings its broker, works, and stops at once."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import structlog

from broadcasts.engine.drain import DRAIN_SECONDS, LONGEST_COUNTDOWN
from groups.zalo.http import timeouts
from portal import broker, heartbeat
from portal.tasks import heartbeat as heartbeat_task
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
PUBLISH = """
import django, structlog
django.setup()
from portal.tasks import heartbeat
structlog.contextvars.bind_contextvars(request_id="request-of-test")
for _ in range({count}):
    heartbeat.delay()
"""
FAIL_TO_PUBLISH = """
import django, time
django.setup()
from kombu.exceptions import OperationalError
from portal.tasks import heartbeat
try:
    heartbeat.delay()
except OperationalError:
    pass  # the first time pays for imports
started = time.monotonic()
try:
    heartbeat.delay()
except OperationalError:
    print(time.monotonic() - started)
"""

pytestmark = pytest.mark.process


@pytest.fixture
def environment(tmp_path_factory) -> Iterator[dict[str, str]]:
    """A development machine of its own, without any broker yet."""
    folder = tmp_path_factory.mktemp("w")
    keep = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG"}}
    yield {
        **keep,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ENV_FILE": "",
        "DEBUG": "1",
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    broker.stop(folder)


@pytest.fixture
def run(environment) -> Iterator[Callable[[str], subprocess.Popen]]:
    started = []

    def start(line: str) -> subprocess.Popen:
        started.append(
            subprocess.Popen(shlex.split(line), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def publish(environment: dict[str, str], *, count: int = 1) -> None:
    command = [sys.executable, "-c", PUBLISH.format(count=count)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=150)


def client(environment: dict[str, str], database: int) -> redis.Redis:
    path = broker.socket_path(Path(environment["VAR_DIR"]))
    return redis.Redis(unix_socket_path=str(path), db=database)


def noted(environment: dict[str, str]) -> list[bytes]:
    return client(environment, 1).keys(f"*{heartbeat.KEY}")


def test_worker_alone_brings_the_broker_and_works(environment, run):
    run(PROCFILE["worker"])
    wait_for(lambda: broker.is_answering(broker.socket_path(Path(environment["VAR_DIR"]))))
    publish(environment)
    assert wait_for(lambda: noted(environment))


def test_beat_alone_brings_the_broker_and_announces(environment, run):
    run(PROCFILE["beat"])
    wait_for(lambda: broker.is_answering(broker.socket_path(Path(environment["VAR_DIR"]))))
    wait_for(lambda: client(environment, 0).llen("celery"), seconds=40)


def test_idle_worker_stops_at_once(environment, run):
    worker = run(PROCFILE["worker"])
    wait_for(lambda: broker.is_answering(broker.socket_path(Path(environment["VAR_DIR"]))))
    publish(environment)
    wait_for(lambda: noted(environment))
    started = time.monotonic()
    worker.terminate()
    assert (worker.wait(100), time.monotonic() - started < 5) == (0, True)


def test_work_waits_for_the_next_worker(environment, run):
    broker.ensure_running(Path(environment["VAR_DIR"]))
    publish(environment, count=5)
    assert client(environment, 0).llen("celery") == 5
    run(PROCFILE["worker"])
    wait_for(lambda: noted(environment) and client(environment, 0).llen("celery") == 0)


def test_worker_survives_a_kill_of_its_broker(environment, run):
    worker = run(PROCFILE["worker"])
    folder = Path(environment["VAR_DIR"])
    wait_for(lambda: broker.is_answering(broker.socket_path(folder)))
    publish(environment)
    wait_for(lambda: noted(environment))
    os.kill(int((folder / "valkey.pid").read_text()), signal.SIGKILL)
    wait_for(lambda: broker.is_answering(broker.socket_path(folder)))
    client(environment, 1).flushdb()
    publish(environment)
    assert wait_for(lambda: noted(environment))
    assert worker.poll() is None


def seconds_of_failing_publish(environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", FAIL_TO_PUBLISH]
    result = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=150)
    return float(result.stdout)


def test_publish_without_broker_fails_at_once(environment):
    """A request must not hang on it: services announce after commit, and the sweep finds what was missed."""
    assert seconds_of_failing_publish(environment) < 1


def test_publish_to_a_hung_broker_fails_within_the_patience_of_a_page(environment):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        environment["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        assert seconds_of_failing_publish(environment) < 3


def test_turn_of_sending_ends_before_the_longest_task(settings):
    """A drain, with the calls it still has in the air at its end, is not handed to a second worker."""
    assert DRAIN_SECONDS + 2 * timeouts().total < settings.LONGEST_TASK_SECONDS
    assert LONGEST_COUNTDOWN < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


@pytest.mark.parametrize(("longest", "lines"), [(0, ["task_overran"]), (60, [])])
def test_task_that_overruns_is_reported(settings, longest: int, lines: list[str]):
    settings.LONGEST_TASK_SECONDS = longest
    with structlog.testing.capture_logs() as logs:
        heartbeat_task.apply()
    assert [entry["event"] for entry in logs] == lines


def test_task_leaves_its_name_to_no_later_line():
    heartbeat_task.apply()
    assert structlog.contextvars.get_contextvars() == {}
