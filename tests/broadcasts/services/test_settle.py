"""What people say about rows."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import approval, posting, sending, settle, sweep
from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, StewardshipFactory, make_user

ACTS = {
    "posted": (posting.confirm_posted, {"to_post", "overdue"}, "posted", {}),
    "seen": (settle.confirm_seen, {"unknown"}, "sent", {}),
    "resent": (settle.resend, {"unknown"}, "waiting", {}),
    "skipped": (posting.skip, {"to_post", "overdue"}, "skipped", {"reason": "Nhóm giải tán"}),
}


@pytest.fixture
def make_row(area, officer):
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state="sending")

    def make(state: str) -> Delivery:
        return DeliveryFactory(
            broadcast=broadcast,
            group=GroupFactory(unit=area.village_a),
            account=None,
            state=state,
            attempts=3,
        )

    return make


@pytest.mark.parametrize("state", DeliveryState.values)
@pytest.mark.parametrize("act", ACTS)
def test_act_works_from_its_states_only(act, state, make_row, chief):
    service, sources, target, extra = ACTS[act]
    row = make_row(state)

    if state in sources:
        service(row, actor=chief, **extra)
        assert (row.state, Delivery.objects.get(pk=row.pk).state) == (target, target)
        entry = AuditEntry.objects.get(action=f"broadcasts.delivery.{act}")
        assert (entry.actor, entry.target_id) == (chief, str(row.pk))
    else:
        with pytest.raises(WrongStateError):
            service(row, actor=chief, **extra)
        assert Delivery.objects.get(pk=row.pk).state == state


@pytest.mark.parametrize(
    ("role", "place", "may"),
    [
        (Role.CHIEF, "commune_a", {"posted", "seen", "resent", "skipped"}),
        (Role.SUPERVISOR, "district", {"posted", "seen", "resent", "skipped"}),
        (Role.OFFICER, "commune_a", {"seen"}),
        (Role.BEAT_OFFICER, "village_a", {"seen"}),
        (Role.RELAY, "village_a", {"posted", "skipped"}),
        (Role.RELAY, "village_b", set()),
        (Role.AUDITOR, "district", set()),
        (Role.CHIEF, "commune_b", set()),
    ],
)
@pytest.mark.parametrize("act", ACTS)
def test_act_by_role(act, role, place, may, make_row, area):
    service, sources, target, extra = ACTS[act]
    row, actor = make_row(min(sources)), make_user(role, getattr(area, place))

    if act in may:
        assert service(row, actor=actor, **extra).state == target
    else:
        with pytest.raises(NotAllowedError):
            service(row, actor=actor, **extra)


def test_steward_of_the_group_confirms_posting(make_row, officer):
    row = make_row("to_post")
    StewardshipFactory(group=row.group, user=officer)

    posting.confirm_posted(row, actor=officer)

    assert row.settled_by == officer


def test_resend_starts_counting_anew(make_row, chief):
    row = make_row("unknown")

    settle.resend(row, actor=chief)

    assert (row.attempts, row.reads, row.claim, row.unknown_at) == (0, 0, "", None)


@pytest.mark.parametrize("state", ["withdrawn", "done", "cancelled"])
def test_resend_of_a_post_that_is_over_is_refused(make_row, chief, state):
    row = make_row("unknown")
    Broadcast.objects.update(state=state)

    with pytest.raises(WrongStateError):
        settle.resend(row, actor=chief)


def test_skip_needs_a_reason(make_row, chief):
    with pytest.raises(ValidationError):
        posting.skip(make_row("to_post"), actor=chief, reason="  ")


def test_two_people_settle_one_row_one_wins(make_row, chief, officer):
    mine = make_row("unknown")
    theirs = Delivery.objects.get(pk=mine.pk)
    settle.confirm_seen(mine, actor=officer)

    with pytest.raises(WrongStateError):
        settle.resend(theirs, actor=chief)


def test_rows_to_post_are_shown_to_steward_and_relay(make_row, area, officer):
    mine, relayed = make_row("to_post"), make_row("overdue")
    make_row("posted")
    StewardshipFactory(group=mine.group, user=officer)

    assert list(Delivery.objects.to_post_by(officer)) == [mine]
    assert set(Delivery.objects.to_post_by(make_user(Role.RELAY, area.village_a))) == {mine, relayed}
    assert not Delivery.objects.to_post_by(make_user(Role.RELAY, area.village_b)).exists()


def test_rows_of_a_paused_broadcast_are_not_to_be_posted(make_row, officer):
    mine = make_row("to_post")
    StewardshipFactory(group=mine.group, user=officer)
    Broadcast.objects.update(state="paused")

    assert not Delivery.objects.to_post_by(officer).exists()


def test_steward_who_had_posted_before_the_withdrawal_may_say_so(make_row, chief):
    row, by_hand = make_row("to_post"), make_row("to_post")
    posting.skip(by_hand, actor=chief, reason="Nhóm giải tán")
    Broadcast.objects.filter(pk=row.broadcast_id).update(state="done")
    original = Broadcast.objects.get(pk=row.broadcast_id)
    Delivery.objects.filter(pk=row.pk).update(state="to_post")
    approval.withdraw_broadcast(original, actor=chief, reason="Sai tên")
    sending.start(original.withdrawal, original.withdrawal.due_at)
    sending.expand(original.withdrawal.pk)
    row.refresh_from_db()
    assert row.state == "skipped"

    posting.confirm_posted(row, actor=chief)
    with pytest.raises(WrongStateError):
        posting.confirm_posted(by_hand, actor=chief)
    sweep.complete_corrections(timezone.now())

    assert row.state == "posted"
    assert list(original.withdrawal.deliveries.values_list("group", flat=True)) == [row.group_id]


def test_unknown_row_of_a_post_past_its_use_is_not_sent_again(make_row, chief):
    row = make_row("unknown")
    Broadcast.objects.update(useful_until=timezone.now() - timedelta(minutes=1))

    with pytest.raises(WrongStateError, match="hết giá trị lúc"):
        settle.resend(row, actor=chief)
    assert Delivery.objects.get(pk=row.pk).state == DeliveryState.UNKNOWN
