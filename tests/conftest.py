"""Fixtures every test may use: services that may or may not be there, a broker of one's own, a browser."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from hypothesis import settings as hypothesis_settings

from portal import broker

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


@pytest.fixture
def browser(chromium_path: str) -> Iterator:
    """A fresh headless Chromium, driven by Playwright; also stops it."""
    from playwright.sync_api import sync_playwright

    # Playwright's sync API runs an event loop in this thread; Django would refuse every query there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            instance = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
            yield instance
            instance.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
