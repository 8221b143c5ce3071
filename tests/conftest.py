"""Fixtures every test may use: a country and its people, a broker of one's own, a browser if there is one."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from hypothesis import settings as hypothesis_settings

from groups.enums import Role
from groups.services import hints
from portal import broker
from portal.accounts.models import User
from tests.factories import Area, make_area, make_user

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A loaded machine is slow, not wrong: pytest's own timeout is the limit.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")

REQUIRE_SERVICES = os.environ.get("REQUIRE_SERVICES") == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database: the rest need not run again on PostgreSQL."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker("database")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles and other counters of one test must not reach the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def _own_media_root(settings, tmp_path: Path) -> None:
    """Files a test stores land in its own folder, never in the developer's ``var/media``."""
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture(autouse=True)
def _words_to_the_workers_are_said() -> Iterator[None]:
    """The webhook's hint is published by a thread: no test hears that of another, or is refused its own."""
    yield
    if hints._last is not None:
        hints._last.result(timeout=60)
    hints._last, hints._next_at = None, 0.0


@pytest.fixture
def area(db) -> Area:
    return make_area()


@pytest.fixture
def officer(area: Area) -> User:
    return make_user(Role.OFFICER, area.commune_a)


@pytest.fixture
def chief(area: Area) -> User:
    return make_user(Role.CHIEF, area.commune_a)


@pytest.fixture
def supervisor(area: Area) -> User:
    return make_user(Role.SUPERVISOR, area.district)


@pytest.fixture
def administrator(area: Area) -> User:
    return make_user(Role.ADMINISTRATOR, area.province)


@pytest.fixture(scope="session")
def private_broker_url() -> Iterator[str]:
    """Celery's address of a real broker that only this test process uses."""
    with tempfile.TemporaryDirectory(prefix="t") as name:
        broker.ensure_running(Path(name))
        yield f"redis+socket://{broker.socket_path(Path(name))}"
        broker.stop(Path(name))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the installed Chromium; without one the test is skipped, or fails in CI."""
    path = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if path is None:
        message = "no Chromium on this machine (apt install chromium)"
        if REQUIRE_SERVICES:
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def live_server(live_server: Any) -> Any:
    """pytest-django's server; on a database in memory one request at a time.

    Its threads share the one connection there is: without the lock one request would run, and end, inside
    the transaction of another, as on no real database.
    """
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        server, lock = live_server.thread.httpd, threading.Lock()
        application = server.get_app()

        def one_at_a_time(*request: Any) -> Iterable[bytes]:
            with lock:
                return application(*request)

        server.set_app(one_at_a_time)
    return live_server


@pytest.fixture
def browser(chromium_path: str) -> Iterator:
    """A fresh headless Chromium, driven by Playwright; also stops it."""
    from playwright.sync_api import expect, sync_playwright

    # As long as everything else of Playwright waits, not five seconds.
    expect.set_options(timeout=30_000)
    # Playwright's sync API runs an event loop in this thread; Django would refuse every query there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            instance = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
            yield instance
            instance.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
