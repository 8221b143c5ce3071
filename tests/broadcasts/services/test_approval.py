"""Judging and stopping: every act from every state, by every role."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from broadcasts.enums import BroadcastState, DeliveryState, NoticeState, PostKind
from broadcasts.models import Broadcast, Delivery, Notice
from broadcasts.services import approval, notices, restoring, sending, sweep
from broadcasts.services.notices import NoticeFields
from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import BroadcastFactory, make_user

ACTS = {
    "submit": (approval.submit_broadcast, {"draft", "returned"}, {}),
    "approve": (approval.approve_broadcast, {"submitted"}, {}),
    "return": (approval.return_broadcast, {"submitted"}, {"reason": "Thiếu số"}),
    "reject": (approval.reject_broadcast, {"submitted"}, {"reason": "Không đúng"}),
    "cancel": (approval.cancel_broadcast, {"approved", "expanding"}, {}),
    "pause": (approval.pause_broadcast, {"approved", "sending"}, {}),
    "resume": (approval.resume_broadcast, {"paused"}, {}),
    "withdraw": (approval.withdraw_broadcast, {"sending", "paused", "done"}, {"reason": "Sai tên"}),
}


@pytest.mark.parametrize("state", BroadcastState.values)
@pytest.mark.parametrize("act", ACTS)
def test_act_works_from_its_states_only(act, state, area, officer, chief):
    service, sources, extra = ACTS[act]
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state=state)
    actor = officer if act == "submit" else chief

    if state in sources:
        service(broadcast, actor=actor, **extra)
        assert broadcast.state != state
        assert AuditEntry.objects.filter(actor=actor, target_id=str(broadcast.pk)).count() == 1
    else:
        with pytest.raises(WrongStateError):
            service(broadcast, actor=actor, **extra)
        assert Broadcast.objects.get(pk=broadcast.pk).state == state
        assert not AuditEntry.objects.filter(target_id=str(broadcast.pk)).exists()


DECISIONS = [act for act in ACTS if act != "submit"]


@pytest.mark.parametrize("act", DECISIONS)
@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.OFFICER, "commune_a"),
        (Role.BEAT_OFFICER, "village_a"),
        (Role.AUDITOR, "district"),
        (Role.ADMINISTRATOR, "district"),
        (Role.RELAY, "village_a"),
        (Role.CHIEF, "commune_b"),
        (Role.CHIEF, "village_a"),
        (Role.SUPERVISOR, "other_province"),
    ],
)
def test_act_by_wrong_role_or_place_is_refused(act, role, place, area, officer):
    service, sources, extra = ACTS[act]
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state=min(sources))
    actor = make_user(role, getattr(area, place))

    with pytest.raises(NotAllowedError):
        service(broadcast, actor=actor, **extra)
    assert Broadcast.objects.get(pk=broadcast.pk).state == min(sources)


@pytest.mark.parametrize(("role", "place"), [(Role.CHIEF, "commune_a"), (Role.SUPERVISOR, "district")])
def test_chief_and_supervisor_above_approve(role, place, area, officer):
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state="submitted")

    approval.approve_broadcast(broadcast, actor=make_user(role, getattr(area, place)))

    assert broadcast.state == BroadcastState.APPROVED
    assert broadcast.due_at == broadcast.approved_at


def test_superuser_has_no_bypass(area, officer):
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state="submitted")
    superuser = make_user(Role.AUDITOR, area.commune_a, is_superuser=True)

    with pytest.raises(NotAllowedError):
        approval.approve_broadcast(broadcast, actor=superuser)


def test_author_approves_nowhere_but_in_a_practice_unit(area):
    author = make_user(Role.CHIEF, area.commune_a)
    broadcast = BroadcastFactory(unit=area.commune_a, author=author, state="submitted")
    with pytest.raises(NotAllowedError):
        approval.approve_broadcast(broadcast, actor=author)

    area.commune_a.is_practice = True
    area.commune_a.save(update_fields=["is_practice"])
    broadcast.refresh_from_db()
    approval.approve_broadcast(broadcast, actor=author)

    assert broadcast.state == BroadcastState.APPROVED


def test_two_chiefs_approve_one_wins(area, officer, chief):
    mine = BroadcastFactory(unit=area.commune_a, author=officer, state="submitted")
    theirs = Broadcast.objects.get(pk=mine.pk)
    approval.approve_broadcast(mine, actor=chief)

    with pytest.raises(WrongStateError):
        approval.reject_broadcast(theirs, actor=make_user(Role.CHIEF, area.commune_a), reason="x")


def test_author_may_stop_but_not_go_on(area, officer):
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state="sending")

    approval.pause_broadcast(broadcast, actor=officer)

    with pytest.raises(NotAllowedError):
        approval.resume_broadcast(broadcast, actor=officer)


def test_resume_goes_back_to_where_it_was_paused(approved, gmf_groups, chief):
    broadcast = approved()
    approval.pause_broadcast(broadcast, actor=chief)
    assert sending.start_due(broadcast.due_at) == 0

    approval.resume_broadcast(broadcast, actor=chief)

    assert broadcast.state == BroadcastState.APPROVED
    assert sending.start_due(broadcast.due_at) == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_withdrawal_needs_a_fitting_reason(reason, sending_broadcast, chief):
    with pytest.raises(ValidationError) as refused:
        approval.withdraw_broadcast(sending_broadcast, actor=chief, reason=reason)

    assert list(refused.value.message_dict) == ["reason"]
    assert not Broadcast.objects.filter(corrects__isnull=False).exists()


@pytest.fixture
def partly_out(sending_broadcast, gmf_groups) -> Broadcast:
    """Sent to the first group, unknown in the second, queued for the third."""
    for group, state in zip(gmf_groups, ("sent", "unknown", "queued"), strict=True):
        Delivery.objects.filter(group=group).update(state=state)
    return sending_broadcast


def test_withdrawal_skips_what_is_not_out_and_corrects_what_is(
    partly_out, gmf_groups, chief, run_drain, zalo
):
    approval.withdraw_broadcast(partly_out, actor=chief, reason="Sai tên người")
    correction = partly_out.withdrawal
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)

    assert partly_out.deliveries.get(group=gmf_groups[2]).state == DeliveryState.SKIPPED
    assert (correction.kind, correction.urgency, correction.author) == (PostKind.CORRECTION, "urgent", chief)
    assert set(correction.deliveries.values_list("group", flat=True)) == {g.pk for g in gmf_groups[:2]}
    run_drain()
    (text,) = zalo.texts_of(gmf_groups[0].zalo_group_id)
    assert partly_out.code in text
    assert "Sai tên người" in text
    assert text.splitlines()[-1].startswith(correction.code)
    assert zalo.texts_of(gmf_groups[2].zalo_group_id) == []


def test_row_in_flight_at_withdrawal_is_corrected_when_it_got_there(partly_out, gmf_groups, chief):
    partly_out.deliveries.filter(group=gmf_groups[2]).update(state="sending", claim="x")
    approval.withdraw_broadcast(partly_out, actor=chief, reason="Sai tên")
    correction = partly_out.withdrawal
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)
    assert correction.deliveries.count() == 2

    partly_out.deliveries.filter(group=gmf_groups[2]).update(state="sent")
    sweep.complete_corrections(correction.due_at)

    assert correction.deliveries.count() == 3


def test_withdrawal_of_what_nobody_has_tells_nobody(sending_broadcast, chief):
    approval.withdraw_broadcast(sending_broadcast, actor=chief, reason="Sai")
    correction = sending_broadcast.withdrawal
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)
    sweep.sweep(correction.due_at)

    correction.refresh_from_db()
    assert (correction.state, correction.deliveries.count()) == (BroadcastState.DONE, 0)


@pytest.fixture
def notice(area, officer) -> Notice:
    fields = NoticeFields(features="Cụ bà 78 tuổi, áo nâu", phone="113")
    return notices.create_notice(officer, kind="missing", unit=area.commune_a, fields=fields)


def test_approval_makes_the_notice_active(write, officer, chief, gmf_groups, notice):
    broadcast = write(kind="missing", notice=notice)
    approval.submit_broadcast(broadcast, actor=officer)
    assert Notice.objects.get().state == NoticeState.DRAFT

    approval.approve_broadcast(broadcast, actor=chief)

    assert Notice.objects.get().state == NoticeState.ACTIVE


def test_post_about_an_ended_notice_cannot_be_approved(write, officer, chief, gmf_groups, notice):
    broadcast = write(kind="missing", notice=notice)
    approval.submit_broadcast(broadcast, actor=officer)
    Notice.objects.update(state=NoticeState.ENDED)
    broadcast.refresh_from_db()

    with pytest.raises(WrongStateError):
        approval.approve_broadcast(broadcast, actor=chief)


# --- Paused before its hour ------------------------------------------------------------------------------


@pytest.mark.parametrize("recurrence", ["", "FREQ=DAILY"])
def test_post_paused_before_its_hour_can_be_cancelled(approved, gmf_groups, chief, recurrence):
    broadcast = approved(send_at=timezone.now() + timedelta(days=1), recurrence=recurrence)
    approval.pause_broadcast(broadcast, actor=chief)

    approval.cancel_broadcast(broadcast, actor=chief)

    assert (broadcast.state, broadcast.is_unsent) == (BroadcastState.CANCELLED, False)


def test_post_paused_while_it_was_sent_is_withdrawn_not_cancelled(sending_broadcast, chief):
    approval.pause_broadcast(sending_broadcast, actor=chief)

    with pytest.raises(WrongStateError):
        approval.cancel_broadcast(sending_broadcast, actor=chief)
    approval.withdraw_broadcast(sending_broadcast, actor=chief, reason="Sai")


@pytest.fixture
def missed(approved, gmf_groups) -> Broadcast:
    """A daily post that a restore paused three hours after its hour."""
    broadcast = approved(send_at=timezone.now() + timedelta(days=1), recurrence="FREQ=DAILY")
    past = timezone.now() - timedelta(hours=3)
    Broadcast.objects.filter(pk=broadcast.pk).update(due_at=past, send_at=past)
    restoring.hold_started(now=timezone.now())
    broadcast.refresh_from_db()
    return broadcast


@pytest.mark.parametrize(("skip_missed", "firings"), [(False, 1), (True, 0)])
def test_missed_hour_of_a_repeating_post_is_made_up_for_or_skipped(missed, chief, skip_missed, firings):
    approval.resume_broadcast(missed, actor=chief, skip_missed=skip_missed)
    sending.start_due(timezone.now())

    missed.refresh_from_db()
    assert missed.occurrences.count() == firings
    assert (missed.state, missed.due_at > timezone.now()) == (BroadcastState.APPROVED, True)


def test_repeating_post_without_a_next_hour_is_done_when_the_missed_one_is_skipped(missed, chief):
    Broadcast.objects.filter(pk=missed.pk).update(expires_at=timezone.now() + timedelta(hours=1))
    missed.refresh_from_db()

    approval.resume_broadcast(missed, actor=chief, skip_missed=True)

    assert (missed.state, missed.occurrences.count()) == (BroadcastState.DONE, 0)
