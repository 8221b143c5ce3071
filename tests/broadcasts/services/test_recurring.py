"""Posts that repeat: the parent is never sent itself, each of its hours fires one child."""

from datetime import timedelta

import pytest

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast
from broadcasts.services import approval, sending
from portal.audit.models import AuditEntry
from tests.broadcasts.services.mondays import MONDAY


def test_broadcast_that_cannot_be_started_keeps_no_other_waiting(approved, gmf_groups):
    broken = approved(send_at=MONDAY, recurrence="FREQ=DAILY")
    Broadcast.objects.filter(pk=broken.pk).update(recurrence="FREQ=NEVER")
    fine = approved(title="Bài khác", send_at=MONDAY + timedelta(minutes=1))

    assert sending.start_due(MONDAY + timedelta(minutes=2)) == 1
    fine.refresh_from_db()
    assert fine.state == BroadcastState.EXPANDING


@pytest.fixture
def daily(approved, gmf_groups) -> Broadcast:
    """Every day at eight, from Monday on."""
    return approved(send_at=MONDAY, recurrence="FREQ=DAILY")


def test_recurring_parent_is_never_sent_itself(daily):
    sending.start_due(MONDAY)

    daily.refresh_from_db()
    child = daily.occurrences.get()
    assert (daily.state, daily.due_at) == (BroadcastState.APPROVED, MONDAY + timedelta(days=1))
    assert (child.state, child.due_at, child.is_late) == (BroadcastState.EXPANDING, MONDAY, False)
    assert child.code != daily.code
    assert (child.title, child.approver_id) == (daily.title, daily.approver_id)


def test_recurring_parent_fires_each_hour_once(daily):
    for day in range(3):
        for _beat in range(3):
            sending.start_due(MONDAY + timedelta(days=day, seconds=15))

    assert list(daily.occurrences.order_by("due_at").values_list("due_at", flat=True)) == [
        MONDAY + timedelta(days=day) for day in range(3)
    ]


def test_two_beats_with_the_same_copy_fire_one_child(daily):
    first, second = Broadcast.objects.get(pk=daily.pk), Broadcast.objects.get(pk=daily.pk)

    assert sending.fire(first, MONDAY) is not None
    assert sending.fire(second, MONDAY) is None
    assert daily.occurrences.count() == 1


def test_firings_missed_without_a_beat_are_caught_up_once(daily):
    sending.start_due(MONDAY + timedelta(days=60, hours=1))

    daily.refresh_from_db()
    child = daily.occurrences.get()
    assert (child.due_at, child.state, child.is_late) == (MONDAY + timedelta(days=60), "expanding", True)
    assert daily.due_at == MONDAY + timedelta(days=61)
    missed = AuditEntry.objects.get(action="broadcasts.broadcast.missed")
    assert missed.data["skipped"] == 60


def test_weekly_firing_found_too_late_is_missed_and_shown(approved, gmf_groups):
    weekly = approved(send_at=MONDAY, recurrence="FREQ=WEEKLY;BYDAY=MO")

    sending.start_due(MONDAY + timedelta(days=2))

    assert weekly.occurrences.get().state == BroadcastState.MISSED


def test_parent_of_an_ended_rule_is_done(approved, gmf_groups):
    parent = approved(send_at=MONDAY, recurrence="FREQ=DAILY;COUNT=2")
    sending.start_due(MONDAY)
    sending.start_due(MONDAY + timedelta(days=1))

    parent.refresh_from_db()
    assert parent.state == BroadcastState.DONE
    assert parent.occurrences.count() == 2


def test_parent_stops_at_its_expiry(approved, gmf_groups):
    parent = approved(send_at=MONDAY, recurrence="FREQ=DAILY", expires_at=MONDAY + timedelta(hours=30))
    sending.start_due(MONDAY)
    sending.start_due(MONDAY + timedelta(days=1))

    parent.refresh_from_db()
    assert (parent.state, parent.occurrences.count()) == (BroadcastState.DONE, 2)


def test_cancelled_parent_fires_no_more(daily, chief):
    sending.start_due(MONDAY)
    approval.cancel_broadcast(daily, actor=chief)

    assert sending.start_due(MONDAY + timedelta(days=1)) == 0
