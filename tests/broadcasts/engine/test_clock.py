"""A machine whose clock is wrong: leases, claims and what is due go by the database's clock."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from broadcasts import tasks
from broadcasts.engine import store
from broadcasts.models import Broadcast, Delivery, Mailbox
from broadcasts.services import retrying
from portal.clock import DatabaseClock, database_now

HOURS = [2, -2]


@pytest.fixture(params=HOURS, ids=["ahead", "behind"])
def wrong_by(request) -> timedelta:
    return timedelta(hours=request.param)


@pytest.fixture
def wrong_clock(wrong_by) -> Iterator[timedelta]:
    """From here on this machine's clock is wrong, the database's is right."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    with time_machine.travel(timezone.now() + wrong_by):
        yield wrong_by


def test_clock_that_is_set_in_mid_drain_moves_no_moment(db, wrong_by):
    clock = DatabaseClock()
    before = clock()

    with time_machine.travel(timezone.now() + wrong_by):
        assert 0 <= clock() - before < 60


def test_lease_of_another_machine_is_not_taken_early(sending_broadcast, wrong_clock, run_drain, zalo):
    Mailbox.objects.update(lease_owner="other", lease_until=database_now() + timedelta(seconds=30))
    sending_broadcast.deliveries.update(state="sending", claim="other", claimed_at=database_now())

    tasks.sweep()

    assert (run_drain().calls, zalo.sent) == (0, [])
    assert set(sending_broadcast.deliveries.values_list("state", "crashes")) == {("sending", 0)}


def test_own_lease_and_claims_last_no_longer_than_on_other_machines(
    sending_broadcast, wrong_clock, run_drain, monkeypatch
):
    """Patched: a drain whose outcomes find no database keeps its rows, like one that died."""
    monkeypatch.setattr(store, "settle", lambda *args: None)
    monkeypatch.setattr(store, "release", lambda *args: None)

    assert run_drain().calls == 3

    now = database_now()
    assert abs(Mailbox.objects.get().lease_until - now) < timedelta(seconds=store.LEASE_SECONDS + 1)
    assert all(abs(row.claimed_at - now) < timedelta(minutes=1) for row in Delivery.objects.all())


def test_rows_that_are_due_are_sent(sending_broadcast, wrong_clock, run_drain, zalo):
    tasks.start_due_broadcasts()

    assert run_drain().calls == 3
    assert len(zalo.sent) == 3


def test_rows_written_by_a_wrong_machine_are_due_at_once(approved, gmf_groups, wrong_clock, run_drain, zalo):
    broadcast = approved()
    Broadcast.objects.filter(pk=broadcast.pk).update(state="expanding", text="")

    tasks.expand(broadcast.pk)

    assert run_drain().calls == 3
    assert len(zalo.sent) == 3


def test_rows_sent_again_from_a_wrong_machine_are_due_at_once(
    sending_broadcast, chief, wrong_clock, run_drain, zalo
):
    sending_broadcast.deliveries.update(state="refused")

    retrying.retry_failed(sending_broadcast, actor=chief)

    assert run_drain().calls == 3
    assert len(zalo.sent) == 3
