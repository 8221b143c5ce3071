"""Posts that people put into groups: said twice, said late, taken back, reminded of, handed over."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery, PostingTask, UsedKey
from broadcasts.services import approval, finishing, posting, sending, sweep
from broadcasts.services.reminders import mail_posters
from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.desk.posting import unposted
from portal.errors import NotAllowedError, StaleVersionError, WrongStateError
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, StewardshipFactory, make_user


@pytest.fixture
def row(area, officer) -> Delivery:
    broadcast = BroadcastFactory(unit=area.commune_a, author=officer, state="sending")
    group = GroupFactory(unit=area.village_a)
    StewardshipFactory(group=group, user=officer)
    created = timezone.now() - timedelta(hours=5)
    return DeliveryFactory(
        broadcast=broadcast,
        group=group,
        state="to_post",
        created_at=created,
        due_at=timezone.now() + timedelta(hours=3),
    )


def entries(verb: str) -> int:
    return AuditEntry.objects.filter(action=f"broadcasts.delivery.{verb}").count()


def fresh(row: Delivery) -> Delivery:
    return Delivery.objects.get(pk=row.pk)


# --- Said twice, said late -------------------------------------------------------------------------------


def test_second_confirmation_by_the_same_person_changes_nothing(row, officer):
    posting.confirm_posted(row, actor=officer, key="k1")
    first = fresh(row)
    posting.confirm_posted(fresh(row), actor=officer, key="k1")
    posting.confirm_posted(fresh(row), actor=officer)

    assert (fresh(row).settled_at, fresh(row).updated_at) == (first.settled_at, first.updated_at)
    assert entries("posted") == 1


def test_second_skip_by_the_same_person_changes_nothing(row, officer):
    posting.skip(row, actor=officer, reason="Nhóm giải tán")
    posting.skip(fresh(row), actor=officer, reason="Nhóm giải tán")

    assert entries("skipped") == 1


def test_confirmation_by_somebody_else_meanwhile_is_told_with_name_and_time(row, officer, chief):
    posting.confirm_posted(row, actor=chief)

    with pytest.raises(WrongStateError) as caught:
        posting.confirm_posted(fresh(row), actor=officer)
    assert chief.display_name in caught.value.message
    assert fresh(row).settled_by == chief


def test_late_confirmation_keeps_the_moment_it_was_made_and_says_so(row, officer):
    made = timezone.now() - timedelta(minutes=40)
    posting.confirm_posted(row, actor=officer, key="k1", made_at=made)

    assert fresh(row).settled_at == made
    assert fresh(row).task.received_at > made
    assert AuditEntry.objects.get(action="broadcasts.delivery.posted").data["made_at"] == made.isoformat()


@pytest.mark.parametrize(("minutes", "expected"), [(30, "now"), (-60 * 24, "created")])
def test_moment_of_a_wrong_clock_is_bounded(row, officer, minutes, expected):
    before = timezone.now()
    posting.confirm_posted(row, actor=officer, made_at=before + timedelta(minutes=minutes))

    settled = fresh(row).settled_at
    if expected == "now":
        assert before <= settled <= timezone.now()
        assert not PostingTask.objects.exists()
    else:
        assert settled == row.created_at


def test_what_was_posted_before_it_ran_out_may_still_be_confirmed(row, officer):
    Broadcast.objects.update(expires_at=timezone.now())
    sweep.expire(timezone.now())
    assert fresh(row).state == DeliveryState.REFUSED
    assert fresh(row).last_error

    posting.confirm_posted(fresh(row), actor=officer, made_at=timezone.now() - timedelta(minutes=9))
    assert (fresh(row).state, fresh(row).last_error) == (DeliveryState.POSTED, "")


def test_what_was_posted_before_a_withdrawal_is_corrected_however_late_it_is_confirmed(row, officer, chief):
    posted = timezone.now() - timedelta(days=20)
    Broadcast.objects.update(text="Nội dung", started_at=posted)
    broadcast = Broadcast.objects.get()
    approval.withdraw_broadcast(broadcast, actor=chief, reason="Sai")
    correction = Broadcast.objects.get(corrects=broadcast)
    sending.start_due(timezone.now())
    sending.expand(correction.pk)
    finishing.finish(now=timezone.now())
    Broadcast.objects.filter(pk=correction.pk).update(started_at=posted, finished_at=posted)

    posting.confirm_posted(fresh(row), actor=officer, key="k", made_at=posted)

    correction.refresh_from_db()
    assert (correction.state, correction.deliveries.get().group) == (BroadcastState.SENDING, row.group)


# --- Taken back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "state"), [(3, "to_post"), (-1, "overdue")])
def test_undo_gives_the_row_and_its_broadcast_back(row, officer, hours, state):
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=hours))
    row = fresh(row)
    posting.confirm_posted(row, actor=officer)
    finishing.finish(now=timezone.now())
    assert Broadcast.objects.get().state == BroadcastState.DONE

    posting.undo(row, actor=officer)
    assert (fresh(row).state, fresh(row).settled_by, fresh(row).settled_at) == (state, None, None)
    assert (Broadcast.objects.get().state, Broadcast.objects.get().finished_at) == ("sending", None)
    assert entries("reopened") == 1


def test_undo_is_for_some_minutes_only(row, officer):
    posting.confirm_posted(row, actor=officer)
    assert posting.can_undo(officer, row)
    Delivery.objects.update(updated_at=timezone.now() - posting.UNDO_FOR)

    with pytest.raises(WrongStateError):
        posting.undo(row, actor=officer)
    assert not posting.can_undo(officer, fresh(row))
    assert fresh(row).state == DeliveryState.POSTED


def test_undo_of_somebody_elses_confirmation_and_of_a_withdrawn_post_is_refused(row, officer, chief):
    posting.confirm_posted(row, actor=officer)
    with pytest.raises(WrongStateError):
        posting.undo(row, actor=chief)
    assert posting.can_undo(officer, fresh(row))
    Broadcast.objects.update(state="withdrawn")
    assert not posting.can_undo(officer, fresh(row))
    with pytest.raises(WrongStateError):
        posting.undo(row, actor=officer)


def test_repeated_key_after_an_undo_confirms_nothing(row, officer):
    posting.confirm_posted(row, actor=officer, key="k1")
    posting.undo(row, actor=officer)

    with pytest.raises(WrongStateError):
        posting.confirm_posted(fresh(row), actor=officer, key="k1")
    posting.confirm_posted(fresh(row), actor=officer, key="k2")
    assert fresh(row).state == DeliveryState.POSTED


@pytest.mark.parametrize("between", ["another key", "no key"])
def test_every_key_is_used_once(row, officer, between):
    posting.confirm_posted(row, actor=officer, key="k1")
    posting.undo(row, actor=officer)
    if between == "another key":
        posting.confirm_posted(fresh(row), actor=officer, key="k2")
    else:
        posting.skip(fresh(row), actor=officer, reason="x", made_at=timezone.now() - timedelta(hours=1))
    posting.undo(fresh(row), actor=officer)

    with pytest.raises(WrongStateError):
        posting.confirm_posted(fresh(row), actor=officer, key="k1")
    assert fresh(row).state == DeliveryState.TO_POST
    assert not UsedKey.objects.filter(key="").exists()


# --- Reminded of -----------------------------------------------------------------------------------------


def test_reminder_is_marked_once_an_hour_and_mailed_to_who_has_an_address(
    row, officer, chief, django_capture_on_commit_callbacks, settings
):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    officer.email = "huy@example.vn"
    officer.save()
    with django_capture_on_commit_callbacks(execute=True):
        assert posting.remind([row], actor=chief) == [row]
        assert posting.remind([row], actor=chief) == []

    assert entries("reminded") == 1
    assert mail.outbox[-1].to == ["huy@example.vn"]
    assert mail_posters([row.pk]) == 0
    assert row.group.name in mail.outbox[-1].body
    assert row.broadcast.body not in mail.outbox[-1].body
    PostingTask.objects.update(reminded_at=timezone.now() - posting.REMIND_AGAIN_AFTER)
    assert posting.remind([row], actor=chief) == [row]


@pytest.mark.parametrize("wrong", ["gone@example.vn", "a b@@example.vn", "x" * 70 + "đ@example.vn"])
def test_address_that_cannot_be_written_to_keeps_no_reminder_from_others(
    row, officer, chief, area, settings, wrong
):
    settings.EMAIL_BACKEND = "tests.picky_mail.PickyBackend"
    other = make_user(Role.OFFICER, area.commune_a, email="lan@example.vn")
    second = DeliveryFactory(
        broadcast=row.broadcast, group=GroupFactory(unit=area.village_a), state="to_post"
    )
    StewardshipFactory(group=second.group, user=other)
    type(officer).objects.filter(pk=officer.pk).update(email=wrong)
    rows = [fresh(one) for one in (row, second)]
    assert len(posting.remind(rows, actor=chief)) == 2
    assert mail_posters([one.pk for one in rows]) == 1
    assert [letter.to for letter in mail.outbox] == [["lan@example.vn"]]


def test_mail_that_was_lost_with_the_broker_is_asked_for_again_once(
    row, officer, chief, django_capture_on_commit_callbacks, settings
):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    type(officer).objects.update(email="huy@example.vn")
    with django_capture_on_commit_callbacks():
        posting.remind([row], actor=chief)
    later = timezone.now() + timedelta(minutes=5)

    for _pass in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            sweep.sweep(later)

    assert [letter.to for letter in mail.outbox if row.group.name in letter.body] == [["huy@example.vn"]]


def test_posted_row_is_not_reminded_of(row, officer, chief):
    posting.confirm_posted(row, actor=officer)
    assert posting.remind([row], actor=chief) == []
    assert mail_posters([row.pk]) == 0


def test_steward_does_not_remind_or_hand_over(row, officer, area):
    with pytest.raises(NotAllowedError):
        posting.remind([row], actor=officer)
    with pytest.raises(NotAllowedError):
        posting.hand_over(row, to=make_user(Role.OFFICER, area.commune_a), actor=officer, seen=None)


# --- Handed over -----------------------------------------------------------------------------------------


def test_handed_over_row_is_the_other_persons_to_post(row, officer, chief, area):
    other = make_user(Role.OFFICER, area.commune_a)
    posting.hand_over(row, to=other, actor=chief, seen=None)
    posting.hand_over(row, to=other, actor=chief, seen=None)

    assert list(Delivery.objects.to_post_by(other)) == [row]
    assert not Delivery.objects.to_post_by(officer).exists()
    assert fresh(row).poster == other
    posting.confirm_posted(fresh(row), actor=other)
    assert entries("handed_over") == 1


def test_second_of_two_chiefs_is_told_that_the_first_was_faster(row, chief, area):
    first, second = make_user(Role.OFFICER, area.commune_a), make_user(Role.RELAY, area.village_a)
    posting.hand_over(row, to=first, actor=chief, seen=None)

    with pytest.raises(StaleVersionError):
        posting.hand_over(row, to=second, actor=chief, seen=None)
    posting.hand_over(row, to=second, actor=chief, seen=first.pk)
    assert fresh(row).task.assignee == second


def test_row_posted_meanwhile_or_person_from_elsewhere_is_refused(row, officer, chief, area):
    with pytest.raises(ValidationError):
        posting.hand_over(row, to=make_user(Role.OFFICER, area.commune_b), actor=chief, seen=None)
    posting.confirm_posted(row, actor=officer)
    with pytest.raises(WrongStateError):
        posting.hand_over(row, to=make_user(Role.OFFICER, area.commune_a), actor=chief, seen=None)
    assert not PostingTask.objects.filter(assignee__isnull=False).exists()


def test_row_of_a_person_who_left_is_the_stewards_again(row, officer, chief, area):
    other = make_user(Role.OFFICER, area.commune_a)
    posting.hand_over(row, to=other, actor=chief, seen=None)
    other.postings.update(valid_to=timezone.localdate() - timedelta(days=1))
    other = type(other).objects.get(pk=other.pk)

    assert not Delivery.objects.to_post_by(other).exists()
    with pytest.raises(NotAllowedError):
        posting.confirm_posted(fresh(row), actor=other)
    assert list(Delivery.objects.to_post_by(officer)) == [row]
    assert fresh(row).poster == officer


def test_row_of_somebody_whose_account_was_closed_is_the_stewards_again(row, officer, chief, area):
    other = make_user(Role.OFFICER, area.commune_a)
    posting.hand_over(row, to=other, actor=chief, seen=None)
    type(other).objects.filter(pk=other.pk).update(is_active=False)

    assert list(Delivery.objects.to_post_by(officer)) == [row]
    assert [found.poster for found in unposted(chief, area.commune_a)] == [officer]
