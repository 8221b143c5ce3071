"""What a drain leaves behind when it dies, and how soon somebody looks after it."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from broadcasts.engine import store
from broadcasts.engine.outcomes import Call
from broadcasts.models import Delivery, Mailbox


@pytest.fixture
def left_by_the_dead(sending_broadcast) -> list[Call]:
    """All rows of the only mailbox, claimed by a drain whose lease has just run out."""
    now = timezone.now()
    mailbox = Mailbox.objects.get()
    Mailbox.objects.update(lease_owner="dead")
    calls, _held = store.claim("dead", [(mailbox.pk, mailbox.account_id, 3)], {mailbox.pk: {}}, now=now)
    Mailbox.objects.update(lease_until=now - timedelta(seconds=1))
    return calls


def test_mailbox_with_nothing_but_rows_of_a_dead_drain_has_an_heir_at_once(left_by_the_dead, run_drain):
    """Nothing is left to claim in it. Waiting for the sweep would cost these groups more than a minute."""
    assert len(left_by_the_dead) == 3

    report = run_drain()

    assert set(Delivery.objects.values_list("state", "crashes", "reads")) == {("unknown", 1, 1)}
    assert (report.calls, report.reads) == (0, 3)
    assert Mailbox.objects.get().lease_until is None


def test_mailbox_given_back_empty_is_no_work(sending_broadcast, run_drain):
    run_drain()

    assert not store.has_work(timezone.now())


def test_heir_that_cannot_say_what_it_found_holds_nothing(left_by_the_dead, monkeypatch):
    """Patched: a database that goes away between two statements."""

    def fail(*args, **options):
        raise OperationalError("gone")

    monkeypatch.setattr(store, "lose", fail)
    with pytest.raises(OperationalError):
        store.lease("heir", now=timezone.now(), count=1)

    assert Mailbox.objects.get().lease_owner == "dead"


def test_more_groups_to_read_than_one_look_takes_have_a_successor_at_once(sending_broadcast, run_drain):
    now = timezone.now()
    sending_broadcast.deliveries.update(
        state="unknown", claimed_at=now, unknown_at=now, next_attempt_at=now - timedelta(seconds=1)
    )

    report = run_drain(concurrency=1)

    assert (report.reads, report.again_in) == (2, 0.0)
    assert run_drain(concurrency=1).reads == 1
