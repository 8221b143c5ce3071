"""Servers of the run, an installation of the test."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal import broker
from tests.faults.installation import Installation
from tests.faults.servers import Postgres, Redis, postgres_programs

TEMPLATE = "migrated"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """A failing test shows what its processes printed."""
    outcome = yield
    report = outcome.get_result()
    installation = getattr(item, "funcargs", {}).get("installation")
    if report.failed and report.when == "call" and installation is not None:
        report.sections.append(("processes", installation.logs()))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[Postgres]:
    """A cluster that tests may restart, with a migrated database to copy."""
    programs = postgres_programs()
    if programs is None:
        message = "no PostgreSQL server on this machine (apt install postgresql)"
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(message)
        pytest.skip(message)
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as name:
        server = Postgres(Path(name), programs)
        try:
            server.execute(f"CREATE DATABASE {TEMPLATE}")
            with SimulatorThread(World()) as zalo:
                var = tmp_path_factory.mktemp("m")
                Installation(var, zalo, database_url=server.url(TEMPLATE)).manage(
                    "migrate", "--verbosity", "0"
                )
            yield server
        finally:
            server.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A broker that the test may stop, hang, fill or empty."""
    server = Redis(tmp_path)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def installation(postgres: Postgres, redis: Redis, tmp_path: Path) -> Iterator[Installation]:
    """As a province runs it: PostgreSQL and Redis."""
    name = "portal"
    database_url = postgres.create_database(name, template=TEMPLATE)
    with SimulatorThread(World(is_open=True)) as zalo:
        made = Installation(tmp_path, zalo, database_url=database_url, broker_url=redis.url)
        try:
            yield made
        finally:
            made.close()
            if postgres.process is None:
                postgres.start()
            postgres.drop_database(name)


@pytest.fixture
def small_installation(tmp_path_factory) -> Iterator[Installation]:
    """As a commune runs it: SQLite and the embedded broker."""
    var = tmp_path_factory.mktemp("s")  # short, for the broker's socket
    broker.ensure_running(var)
    with SimulatorThread(World(is_open=True)) as zalo:
        made = Installation(var, zalo)
        try:
            made.manage("migrate", "--verbosity", "0")
            yield made
        finally:
            made.close()
            broker.stop(var)
