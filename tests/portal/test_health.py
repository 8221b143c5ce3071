"""What machines that watch the portal are told, also when a part of it is gone or hangs."""

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client

from portal import broker, heartbeat
from portal.site import health
from portal.tasks import heartbeat as heartbeat_task


@pytest.fixture
def hung_server() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def live_broker(settings) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="he") as name:
        broker.ensure_running(Path(name))
        settings.USES_EMBEDDED_BROKER = True
        settings.EMBEDDED_BROKER_SOCKET = broker.socket_path(Path(name))
        settings.CELERY_BROKER_URL = f"redis+socket://{settings.EMBEDDED_BROKER_SOCKET}"
        yield
        broker.stop(Path(name))


@pytest.fixture
def no_broker(settings, tmp_path: Path) -> None:
    settings.USES_EMBEDDED_BROKER = True
    settings.EMBEDDED_BROKER_SOCKET = tmp_path / "none"


def test_healthz_asks_nobody(client: Client, django_assert_num_queries, no_broker):
    """No database fixture here: a query would fail the test."""
    response = client.get("/healthz")
    assert (response.status_code, response.json(), response.cookies) == (200, {"status": "ok"}, {})


def test_healthz_is_never_cached(client: Client):
    assert "no-store" in client.get("/healthz")["Cache-Control"]


@pytest.mark.django_db
def test_readyz_all_parts_answer(client: Client, live_broker):
    heartbeat.note()
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        200,
        {
            "status": "ready",
            "parts": {"database": "ok", "migrations": "ok", "broker": "ok", "disk": "ok"},
            "heartbeat_seconds": 0,
            "heartbeat_late": False,
        },
    )


@pytest.mark.django_db
def test_readyz_without_broker_says_so(client: Client, no_broker):
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"], response.json()["parts"]["broker"]) == (
        503,
        "not ready",
        "failed",
    )


@pytest.mark.django_db
def test_readyz_with_a_full_disk_says_so(client: Client, live_broker, settings):
    settings.MIN_FREE_DISK_MB = 10**9
    response = client.get("/readyz")
    assert (response.status_code, response.json()["parts"]["disk"]) == (503, "failed")


@pytest.mark.django_db
def test_readyz_with_hung_broker_answers_in_time(client: Client, settings, hung_server: int):
    settings.USES_EMBEDDED_BROKER = False
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{hung_server}/0"
    started = time.monotonic()
    response = client.get("/readyz")
    assert (response.status_code, time.monotonic() - started < 3) == (503, True)


@pytest.mark.django_db
def test_readyz_with_refused_broker_answers_in_time(client: Client, settings):
    settings.USES_EMBEDDED_BROKER = False
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    started = time.monotonic()
    assert (client.get("/readyz").status_code, time.monotonic() - started < 1) == (503, True)


@pytest.mark.django_db
def test_readyz_without_database_says_so(client: Client, live_broker, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("connection refused")

    # A database cannot be stopped under a test that runs inside its transaction.
    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["parts"]["database"]) == (503, "failed")


@pytest.mark.django_db
def test_readyz_with_pending_migration_is_not_ready(client: Client, live_broker, monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tips'")
    assert client.get("/readyz").json()["parts"]["migrations"] == "failed"


@pytest.mark.parametrize(("minutes", "late"), [(1, False), (6, True)])
def test_heartbeat_is_late_after_five_minutes(minutes: int, late: bool):
    cache.set(heartbeat.KEY, time.time() - minutes * 60)
    assert (heartbeat.is_late(), round(heartbeat.age_seconds() / 60)) == (late, minutes)


def test_heartbeat_unknown_is_not_late():
    assert (heartbeat.age_seconds(), heartbeat.is_late()) == (None, False)


def test_heartbeat_task_notes_the_time():
    heartbeat_task()
    assert heartbeat.age_seconds() < 1


@pytest.mark.django_db
def test_metrics_inside_are_gauges(client: Client, live_broker):
    lines = client.get("/metrics").content.decode().splitlines()
    values = dict(line.split() for line in lines if not line.startswith("#"))
    assert float(values.pop("portal_free_disk_bytes")) > 0
    assert values == {
        "portal_heartbeat_age_seconds": "NaN",
        "portal_beat_age_seconds": "NaN",
        "portal_queue_length": "0.0",
        "portal_oldest_due_delivery_seconds": "0.0",
        "portal_oldest_urgent_delivery_seconds": "0.0",
        "portal_oldest_zalo_event_seconds": "0.0",
        "portal_unknown_deliveries": "0.0",
        "portal_dead_letters": "0.0",
        "portal_open_alarms": "0.0",
        "portal_paused_mailboxes": "0.0",
        "portal_stopped_official_accounts": "0.0",
    }


@pytest.mark.django_db
def test_metrics_outside_are_refused(client: Client):
    response = client.get("/metrics", REMOTE_ADDR="198.51.100.7")
    assert (response.status_code, b"portal_" in response.content) == (403, False)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_watching_changes_nothing(client: Client, address: str, method: str):
    assert getattr(client, method)(address).status_code == 405
