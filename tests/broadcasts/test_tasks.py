"""Tasks are thin: what they ask for next, and that a broker that is away harms nobody."""

import pytest
from celery.exceptions import OperationalError
from django.utils import timezone

from broadcasts import hints, tasks
from broadcasts.engine.drain import Report
from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast
from broadcasts.services import approval, sending


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, tuple, float | None]]:
    """What was put to the broker; patched, because no broker is part of these tests."""
    sent = []
    monkeypatch.setattr(
        hints, "_send", lambda task, args, countdown: sent.append((task.name, args, countdown))
    )
    return sent


def test_beat_starts_what_is_due_and_asks_for_expansion(
    approved, gmf_groups, asked, django_capture_on_commit_callbacks
):
    broadcast = approved()

    with django_capture_on_commit_callbacks(execute=True):
        tasks.start_due_broadcasts()

    assert asked == [("broadcasts.expand", (broadcast.pk,), None)]


def test_beat_wakes_a_drain_while_rows_wait(sending_broadcast, asked, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        tasks.start_due_broadcasts()

    assert asked == [("broadcasts.drain", (), None)]


def test_expansion_asks_for_a_drain(approved, gmf_groups, asked, django_capture_on_commit_callbacks):
    broadcast = approved()
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.EXPANDING)

    with django_capture_on_commit_callbacks(execute=True):
        tasks.expand(broadcast.pk)

    assert asked == [("broadcasts.drain", (), None)]


@pytest.mark.parametrize(("again_in", "asks"), [(None, 0), (0.0, 2), (30.0, 1)])
def test_drain_asks_for_one_successor(
    again_in, asks, db, asked, monkeypatch, django_capture_on_commit_callbacks
):
    """Patched: what matters here is only what a drain reports."""
    monkeypatch.setattr("broadcasts.engine.drain.drain", lambda **options: Report(again_in=again_in))

    with django_capture_on_commit_callbacks(execute=True):
        tasks.drain()
        tasks.drain()

    assert asked == [("broadcasts.drain", (), again_in)] * asks


def test_sweep_task_sweeps(sending_broadcast):
    sending_broadcast.deliveries.update(state="posted")

    tasks.sweep()

    sending_broadcast.refresh_from_db()
    assert sending_broadcast.state == BroadcastState.DONE


def test_broker_that_is_away_loses_the_hint_and_nothing_else(
    write, officer, chief, gmf_groups, monkeypatch, django_capture_on_commit_callbacks
):
    """Patched at Celery's edge, where a real broker fails in the same way."""

    def refuse(**options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.start_due_broadcasts, "apply_async", refuse)
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)

    with django_capture_on_commit_callbacks(execute=True):
        approval.approve_broadcast(broadcast, actor=chief)

    assert broadcast.state == BroadcastState.APPROVED
    assert sending.start_due(timezone.now()) == 1
