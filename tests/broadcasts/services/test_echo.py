"""Zalo's copy of our own post settles what is open, and only that."""

import pytest
from django.utils import timezone

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import approval, finishing, retrying, sending
from broadcasts.services.echo import settle_by_echo
from portal.audit.models import AuditEntry


def echo(row: Delivery, **changes) -> bool:
    fields = {
        "oa_id": row.account.oa_id,
        "zalo_group_id": row.group.zalo_group_id,
        "text": row.broadcast.text,
        "message_id": "m-echo",
    }
    return settle_by_echo(**fields | changes)


@pytest.fixture
def row(sending_broadcast) -> Delivery:
    return sending_broadcast.deliveries.select_related("account", "group", "broadcast").first()


@pytest.mark.parametrize("state", DeliveryState.values)
def test_echo_settles_open_and_skipped_rows_and_moves_no_other(row, state):
    open_states = {"queued", "sending", "waiting", "blocked", "unknown"}
    settled_states = {*open_states, "skipped"}
    Delivery.objects.filter(pk=row.pk).update(state=state, claim="mine")

    assert echo(row) == (state in open_states)

    after = Delivery.objects.get(pk=row.pk)
    expected = ("sent", "m-echo", "") if state in settled_states else (state, "", "mine")
    assert (after.state, after.message_id, after.claim) == expected


def test_echo_twice_is_one_settlement(row):
    assert echo(row)
    assert not echo(row, message_id="m-again")
    assert Delivery.objects.get(pk=row.pk).message_id == "m-echo"


@pytest.mark.parametrize(
    "changes",
    [
        {"zalo_group_id": "other"},
        {"oa_id": "other"},
        {"text": "Chào bà con"},
        {"text": "TB-2611-9999 · Kiểm tra: http://x"},
        {"text": ""},
    ],
)
def test_message_that_is_not_this_post_changes_nothing(row, changes):
    assert not echo(row, **changes)
    assert Delivery.objects.get(pk=row.pk).state == "queued"


def test_echo_of_a_correction_settles_the_correction_not_the_original(row, chief):
    Delivery.objects.filter(pk=row.pk).update(state="unknown")
    approval.withdraw_broadcast(row.broadcast, actor=chief, reason="Sai")
    correction = Broadcast.objects.get(corrects=row.broadcast)
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)
    correction.refresh_from_db()

    assert echo(row, text=correction.text)

    assert correction.deliveries.get().state == "sent"
    assert Delivery.objects.get(pk=row.pk).state == "unknown"


def test_echo_of_a_row_that_was_given_up_is_recorded_and_a_withdrawal_reaches_its_group(row, chief):
    Delivery.objects.filter(pk=row.pk).update(state="unknown")
    retrying.discard(Delivery.objects.get(pk=row.pk), actor=chief, reason="Không thấy trong nhóm")

    echo(row)

    after = Delivery.objects.get(pk=row.pk)
    assert (after.state, after.settled_by, after.reason) == ("sent", None, "")
    assert AuditEntry.objects.filter(action="broadcasts.delivery.found", target_id=str(row.pk)).count() == 1
    approval.withdraw_broadcast(row.broadcast, actor=chief, reason="Sai")
    correction = Broadcast.objects.get(corrects=row.broadcast)
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)
    assert [told.group for told in correction.deliveries.all()] == [row.group]


def test_late_echo_of_a_withdrawn_post_gets_its_correction_at_once(row, chief):
    approval.withdraw_broadcast(row.broadcast, actor=chief, reason="Sai")
    correction = Broadcast.objects.get(corrects=row.broadcast)
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)
    finishing.finish(now=timezone.now())

    echo(row)

    correction.refresh_from_db()
    assert (correction.state, correction.deliveries.get().group) == ("sending", row.group)
