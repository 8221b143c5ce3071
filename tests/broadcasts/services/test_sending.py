"""Starting, firing and writing rows: once, whoever asks and however often."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery, Mailbox
from broadcasts.services import approval, sending
from groups.enums import AccountState
from groups.models import Group
from portal.audit.models import AuditEntry
from tests.factories import GroupFactory


def test_due_broadcast_is_started_once_by_two_beats(approved, gmf_groups):
    broadcast = approved()

    assert sending.start(broadcast, broadcast.due_at)
    assert not sending.start(broadcast, broadcast.due_at)
    assert AuditEntry.objects.filter(action="broadcasts.broadcast.started").count() == 1


def test_broadcast_before_its_hour_is_not_started(approved, gmf_groups):
    broadcast = approved(send_at=timezone.now() + timedelta(hours=1))

    assert sending.start_due(timezone.now()) == 0
    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.due_at) == (BroadcastState.APPROVED, broadcast.send_at)


@pytest.mark.parametrize(
    ("late_by", "urgency", "state", "is_late"),
    [
        (timedelta(seconds=30), "routine", "expanding", False),
        (timedelta(minutes=5), "routine", "expanding", True),
        (timedelta(hours=23), "routine", "expanding", True),
        (timedelta(hours=25), "routine", "missed", True),
        (timedelta(hours=1), "urgent", "expanding", True),
        (timedelta(hours=3), "urgent", "missed", True),
    ],
)
def test_late_start_is_marked_and_useless_one_is_missed(
    approved, gmf_groups, late_by, urgency, state, is_late
):
    broadcast = approved(urgency=urgency)

    sending.start_due(broadcast.due_at + late_by)

    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.is_late) == (state, is_late)
    action = "missed" if state == "missed" else "started"
    assert AuditEntry.objects.filter(action=f"broadcasts.broadcast.{action}").count() == 1


def test_expiry_decides_usefulness_when_it_is_set(approved, gmf_groups):
    broadcast = approved(expires_at=timezone.now() + timedelta(days=9))

    sending.start_due(broadcast.due_at + timedelta(days=5))

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.EXPANDING


def test_expand_writes_rows_by_channel(approved, gmf_groups, assisted_group):
    broadcast = approved()
    sending.start_due(broadcast.due_at)

    assert sending.expand(broadcast.pk) == 4

    broadcast.refresh_from_db()
    rows = broadcast.deliveries
    assert broadcast.state == BroadcastState.SENDING
    assert broadcast.text.endswith(f"/kiem-tra/?q={broadcast.code}")
    assert rows.filter(state=DeliveryState.QUEUED, account__isnull=False, priority=1).count() == 3
    to_post = rows.get(state=DeliveryState.TO_POST)
    assert (to_post.group, to_post.account) == (assisted_group, None)
    assert timedelta(hours=23) < to_post.due_at - timezone.now() < timedelta(hours=25)
    assert Mailbox.objects.filter(account=gmf_groups[0].official_account).count() == 1


def test_urgent_rows_have_priority_and_two_hours(approved, gmf_groups, assisted_group):
    broadcast = approved(urgency="urgent")
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    assert set(broadcast.deliveries.values_list("priority", flat=True)) == {0}
    to_post = broadcast.deliveries.get(state=DeliveryState.TO_POST)
    assert to_post.due_at - timezone.now() < timedelta(hours=2, minutes=1)


def test_expand_twice_adds_nothing(approved, gmf_groups):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.EXPANDING)

    assert sending.expand(broadcast.pk) == 0
    assert broadcast.deliveries.count() == 3


def test_expand_after_a_crash_adds_what_is_missing(approved, gmf_groups):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    Delivery.objects.create(broadcast=broadcast, group=gmf_groups[0], state=DeliveryState.SENT)

    assert sending.expand(broadcast.pk) == 2
    assert broadcast.deliveries.get(group=gmf_groups[0]).state == DeliveryState.SENT


@pytest.mark.parametrize("state", [s for s in BroadcastState.values if s != BroadcastState.EXPANDING])
def test_expand_in_any_other_state_does_nothing(approved, gmf_groups, state):
    broadcast = approved()
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state)

    assert sending.expand(broadcast.pk) == 0
    assert not Delivery.objects.exists()


def test_expand_of_missing_broadcast_does_nothing(db):
    assert sending.expand(4711) == 0


def test_text_is_frozen_when_rows_are_written(approved, gmf_groups):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    Broadcast.objects.filter(pk=broadcast.pk).update(body="khác", state=BroadcastState.EXPANDING)
    sending.expand(broadcast.pk)

    broadcast.refresh_from_db()
    assert "Không đọc mã OTP" in broadcast.text


def test_group_founded_after_approval_receives_and_closed_one_does_not(approved, gmf_groups, area, account):
    broadcast = approved()
    late = GroupFactory(gmf=True, unit=area.village_a2, official_account=account)
    Group.objects.filter(pk=gmf_groups[0].pk).update(state="closed")
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    groups = set(broadcast.deliveries.values_list("group", flat=True))
    assert groups == {late.pk, gmf_groups[1].pk, gmf_groups[2].pk}


def test_rows_of_a_stopped_account_are_blocked_from_the_start(approved, gmf_groups, account):
    account.state, account.last_error = AccountState.STOPPED, "Gói đã hết hạn"
    account.save(update_fields=["state", "last_error"])
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    assert set(broadcast.deliveries.values_list("state", "last_error")) == {("blocked", "Gói đã hết hạn")}


def test_practice_unit_never_sends(write, officer, area, gmf_groups, assisted_group):
    area.commune_a.is_practice = True
    area.commune_a.save(update_fields=["is_practice"])
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)
    approval.approve_broadcast(broadcast, actor=officer)
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    assert set(broadcast.deliveries.values_list("state", flat=True)) == {DeliveryState.SKIPPED}


def test_practice_groups_of_a_real_broadcast_are_skipped(approved, gmf_groups, area):
    practice = GroupFactory(unit=area.village_a2)
    area.village_a2.is_practice = True
    area.village_a2.save(update_fields=["is_practice"])
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    assert broadcast.deliveries.get(group=practice).state == DeliveryState.SKIPPED
    assert broadcast.deliveries.filter(state=DeliveryState.QUEUED).count() == 3


@pytest.mark.parametrize("starts", [0, 1, 3])
@pytest.mark.parametrize("expands", [0, 1, 3])
@pytest.mark.parametrize("drains", [0, 1, 3])
def test_tasks_run_any_number_of_times_leave_the_same_state(
    approved, gmf_groups, assisted_group, run_drain, zalo, starts, expands, drains
):
    """Messages get lost, doubled and late; afterwards one more round by the beat must lead to one end."""
    broadcast = approved()
    for _time in range(starts):
        sending.start_due(broadcast.due_at)
    for _time in range(expands):
        sending.expand(broadcast.pk)
    for _time in range(drains):
        run_drain()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    run_drain()

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.SENDING
    assert sorted(broadcast.deliveries.values_list("state", flat=True)) == ["sent"] * 3 + ["to_post"]
    assert [len(zalo.texts_of(group.zalo_group_id)) for group in gmf_groups] == [1, 1, 1]


def test_nothing_is_enqueued_when_the_transaction_rolls_back(
    write, officer, chief, gmf_groups, django_capture_on_commit_callbacks
):
    broadcast = write()
    approval.submit_broadcast(broadcast, actor=officer)

    with django_capture_on_commit_callbacks() as refused, pytest.raises(ZeroDivisionError):
        with transaction.atomic():
            approval.approve_broadcast(broadcast, actor=chief)
            raise ZeroDivisionError
    broadcast.refresh_from_db()
    with django_capture_on_commit_callbacks() as agreed:
        approval.approve_broadcast(broadcast, actor=chief)

    assert (len(refused), len(agreed)) == (0, 1)


def test_correction_is_sent_however_late(sending_broadcast, chief):
    sending_broadcast.deliveries.update(state="sent")
    approval.withdraw_broadcast(sending_broadcast, actor=chief, reason="Sai tên")
    correction = sending_broadcast.withdrawal

    assert sending.start(correction, correction.due_at + timedelta(days=9))

    correction.refresh_from_db()
    assert (correction.state, correction.useful_until) == (BroadcastState.EXPANDING, None)


def test_expansion_past_its_usefulness_is_missed(approved, gmf_groups):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    Broadcast.objects.update(useful_until=timezone.now() - timedelta(seconds=1))

    assert sending.expand(broadcast.pk) == 0

    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.deliveries.count()) == (BroadcastState.MISSED, 0)


def test_usefulness_is_kept_with_the_started_post_and_expiry_stays_empty(sending_broadcast):
    assert sending_broadcast.useful_until == sending_broadcast.due_at + timedelta(hours=24)
    assert sending_broadcast.expires_at is None


def test_expansion_whose_unit_vanished_is_cancelled_with_the_reason(approved, gmf_groups):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    Broadcast.objects.update(audience={"units": ["GONE"]})

    assert sending.expand(broadcast.pk) == 0

    broadcast.refresh_from_db()
    assert broadcast.state == BroadcastState.CANCELLED
    assert "GONE" in broadcast.reason
