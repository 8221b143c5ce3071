"""Rows a drain has claimed: what overtakes the outcome, and who may write it."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from broadcasts.engine import outcomes, store
from broadcasts.enums import DeliveryState
from broadcasts.models import Delivery, Mailbox
from groups.zalo.errors import OutcomeUnknown
from tests.broadcasts.drains import claim_as, states


def test_claim_on_a_mailbox_taken_over_gets_nothing(sending_broadcast):
    mailbox = Mailbox.objects.get()
    until = timezone.now() + timedelta(seconds=30)
    Mailbox.objects.update(lease_owner="heir", lease_until=until)

    claimed = store.claim("me", [(mailbox.pk, mailbox.account_id, 3)], {mailbox.pk: {}}, now=timezone.now())

    assert claimed == ([], set())
    assert states(sending_broadcast) == ["queued"] * 3
    assert (Mailbox.objects.get().lease_owner, Mailbox.objects.get().lease_until) == ("heir", until)


def test_rows_claimed_before_the_database_went_away_are_sent_all_the_same(
    sending_broadcast, run_drain, zalo, monkeypatch
):
    """Claimed, committed, and then the text of the post could not be fetched."""
    real, failures = store.frozen, [OperationalError("gone")]

    def fail_once(broadcast_ids):
        if failures:
            raise failures.pop()
        return real(broadcast_ids)

    monkeypatch.setattr(store, "frozen", fail_once)
    run_drain()

    assert states(sending_broadcast) == ["sent"] * 3
    assert len(zalo.sent) == 3


def test_echo_before_the_outcome_is_written_wins(sending_broadcast):
    """The row was settled while its outcome was on its way to the database."""
    (call, *_others) = claim_as("me")
    Delivery.objects.filter(pk=call.delivery_id).update(state="sent", message_id="echo")
    written = store.settle("me", [outcomes.failed(call, OutcomeUnknown(), started=1.0, finished=2.0)])

    row = Delivery.objects.get(pk=call.delivery_id)
    assert written == 0
    assert (row.state, row.message_id) == ("sent", "echo")


def test_outcome_lands_on_a_row_the_sweep_gave_up(sending_broadcast):
    (call, *_others) = claim_as("me")
    Delivery.objects.filter(pk=call.delivery_id).update(state="unknown", unknown_at=timezone.now())
    store.settle("me", [outcomes.sent(call, "m1", started=1.0, finished=2.0)])

    row = Delivery.objects.get(pk=call.delivery_id)
    assert (row.state, row.message_id, row.unknown_at) == ("sent", "m1", None)


def test_claim_of_somebody_else_is_not_written(sending_broadcast):
    (call, *_others) = claim_as("other")
    assert store.settle("me", [outcomes.sent(call, "m1", started=1.0, finished=2.0)]) == 0
    assert Delivery.objects.get(pk=call.delivery_id).state == DeliveryState.SENDING


def test_lost_claim_makes_no_call(sending_broadcast, run_drain, zalo):
    sending_broadcast.deliveries.update(state=DeliveryState.SKIPPED)

    assert run_drain().calls == 0
    assert zalo.sent == []


def test_row_given_back_is_as_if_never_claimed(sending_broadcast):
    calls = claim_as("me")

    store.give_back("me", calls)

    assert set(sending_broadcast.deliveries.values_list("state", "attempts", "claim")) == {("queued", 0, "")}


def test_rows_of_a_dead_holder_are_looked_for_by_its_heir(sending_broadcast, account, run_drain, zalo):
    """Its lease has run out, so its calls are over: no need to wait for the sweep."""
    (call, *_others) = claim_as("dead")
    Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Delivery.objects.exclude(pk=call.delivery_id).update(state="queued", claim="")

    report = run_drain()

    row = Delivery.objects.get(pk=call.delivery_id)
    assert (row.state, row.crashes, row.reads) == ("unknown", 1, 1)
    assert (report.calls, report.reads) == (2, 1)


def test_drain_whose_outcomes_find_no_database_ends_all_the_same(sending_broadcast, run_drain, monkeypatch):
    """Patched: a database that takes nothing for a minute would be slow to wait for."""

    def fail(*args):
        raise OperationalError("gone")

    monkeypatch.setattr(store, "settle", fail)
    monkeypatch.setattr("broadcasts.engine.drain.GIVE_UP_SECONDS", 0)

    with pytest.raises(OperationalError):
        run_drain(seconds=1)

    assert states(sending_broadcast) == ["sending"] * 3
