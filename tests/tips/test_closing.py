"""Ending, reopening, extending, valuing."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, StaleVersionError, WrongStateError
from tests.factories import make_user
from tests.tips import media
from tips.enums import MessageKind, TipStatus
from tips.models import Message, Tip
from tips.outcomes import Results
from tips.services import closing, follow, handling, merging, routing, timing

pytestmark = pytest.mark.django_db


@pytest.fixture
def tip(submit, officer):
    tip = submit()
    return handling.accept(tip, actor=officer, version=tip.version)


def close(tip, actor, **changes):
    values = {
        "outcome": "handled",
        "public_reason": "Đã nhắc nhở chủ quán.",
        "note": "Đã lập biên bản tại quán",
        **changes,
    }
    return closing.close(tip, actor=actor, version=tip.version, **values)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("handled", "closed"),
        ("guided", "closed"),
        ("insufficient", "closed"),
        ("unfounded", "unfounded"),
        ("spam", "spam"),
    ],
)
def test_outcome_decides_the_status(tip, chief, outcome, status):
    closed = close(tip, chief, outcome=outcome)
    assert (closed.status, closed.outcome) == (status, outcome)
    assert closed.closed_at is not None and closed.first_answer_at is not None


def test_sender_reads_why(tip, chief):
    closed = close(tip, chief, note="Nội bộ: đã có tiền sự")
    view = follow.sender_view(closed)
    assert [message.text for message in view.messages] == ["Đã nhắc nhở chủ quán."]
    assert view.status_text == "Đã có kết quả"


def test_insufficient_tip_asks_for_more(tip, chief):
    assert follow.status_text(close(tip, chief, outcome="insufficient")) == "Chưa đủ thông tin"


def test_senders_of_duplicates_read_why_too(submit, tip, chief):
    twin = submit()
    twin = merging.merge(twin, actor=chief, version=twin.version, into=tip)
    close(Tip.objects.get(pk=tip.pk), chief)
    assert follow.sender_view(twin).messages[-1].text == "Đã nhắc nhở chủ quán."
    assert follow.status_text(twin) == "Đã có kết quả"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcome": "great"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"public_reason": " "}, "public_reason"),
        ({"valuable": True}, "valuable_reason"),
        ({"valuable": True, "valuable_reason": " "}, "valuable_reason"),
    ],
)
def test_close_without_what_it_needs_is_refused(tip, chief, changes, field):
    with pytest.raises(ValidationError) as caught:
        close(tip, chief, **changes)
    assert list(caught.value.message_dict) == [field]
    assert Tip.objects.get().status == "accepted"


def test_close_as_valuable_says_who_and_why(tip, chief):
    closed = close(tip, chief, valuable=True, valuable_reason="Giúp phát hiện điểm cờ bạc")
    assert (closed.is_valuable, closed.valued_by, closed.valuable_reason) == (
        True,
        chief,
        "Giúp phát hiện điểm cờ bạc",
    )


@pytest.mark.parametrize(
    "reason",
    [
        "Xong rồi",
        "ok ok ok ok ok",
        "xxx xxx test abc",
        "Đã xử lý đối tượng gây rối",
        "Đã ra quyết định VPHC với quán",
    ],
)
def test_reason_must_be_plain_words_of_some_use(tip, chief, reason):
    with pytest.raises(ValidationError) as caught:
        close(tip, chief, public_reason=reason)
    assert list(caught.value.message_dict) == ["public_reason"]


def test_handled_needs_a_note_or_a_file_of_an_officer(tip, chief, officer):
    with pytest.raises(ValidationError) as caught:
        close(tip, chief, note="")
    assert list(caught.value.message_dict) == ["note"]
    noted = handling.add_note(tip, actor=officer, version=tip.version, text="Đã gặp chủ quán")
    assert close(noted, chief, note="").outcome == "handled"


def test_file_of_the_sender_alone_does_not_show_what_was_done(submit, chief, officer):
    tip = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    tip = handling.accept(tip, actor=officer, version=tip.version)
    with pytest.raises(ValidationError):
        close(tip, chief, note="")
    photo = SimpleUploadedFile("b.png", media.picture("PNG"))
    told = handling.reply(tip, actor=officer, version=tip.version, text="Biên bản đây", files=[photo])
    assert close(told, chief, note="").outcome == "handled"


def test_note_of_the_machine_does_not_show_what_was_done(tip, chief):
    Message.objects.create(tip=tip, kind=MessageKind.NOTE, text="Một tệp chưa tải được từ Zalo.")
    with pytest.raises(ValidationError):
        close(tip, chief, note="")


def taken_up_again(tip, chief, how):
    """A closed tip that its chief or its sender opened again."""
    if how == "chief":
        return closing.reopen(tip, actor=chief, version=tip.version, reason="Tái diễn")
    follow.add_message(tip, text="Tối nay họ lại hát")
    return Tip.objects.get(pk=tip.pk)


@pytest.mark.parametrize("how", ["chief", "sender"])
def test_what_was_shown_before_a_reopening_no_longer_counts(tip, chief, officer, how):
    photo = SimpleUploadedFile("b.png", media.picture("PNG"))
    told = handling.reply(tip, actor=officer, version=tip.version, text="Biên bản đây", files=[photo])
    noted = handling.add_note(told, actor=officer, version=told.version, text="Đã gặp chủ quán")
    again = taken_up_again(close(noted, chief), chief, how)
    with pytest.raises(ValidationError) as caught:
        close(again, chief, note="")
    assert list(caught.value.message_dict) == ["note"]
    assert close(again, chief, note="Đã gặp lần hai").outcome == "handled"


@pytest.mark.parametrize("how", ["chief", "sender"])
def test_note_or_file_since_the_reopening_counts(tip, chief, officer, how):
    again = taken_up_again(close(tip, chief), chief, how)
    noted = handling.add_note(again, actor=officer, version=again.version, text="Đã gặp lần hai")
    third = taken_up_again(close(noted, chief, note=""), chief, how)
    photo = SimpleUploadedFile("b.png", media.picture("PNG"))
    told = handling.reply(third, actor=officer, version=third.version, text="Biên bản đây", files=[photo])
    assert close(told, chief, note="").outcome == "handled"


def test_note_of_the_unit_that_passed_the_tip_on_counts(tip, chief, officer, area):
    noted = handling.add_note(tip, actor=officer, version=tip.version, text="Đã gặp chủ quán")
    routing.transfer(noted, actor=chief, version=noted.version, unit=area.commune_b, reason="Quán ở xã bên")
    there = make_user(Role.CHIEF, area.commune_b)
    moved = Tip.objects.get(pk=tip.pk)
    taken = handling.accept(moved, actor=there, version=moved.version)
    assert close(taken, there, note="").outcome == "handled"


def test_results_are_kept_with_the_tip_and_nonsense_is_refused(tip, chief):
    with pytest.raises(ValidationError) as caught:
        close(tip, chief, results=Results(matters=-1))
    assert list(caught.value.message_dict) == ["matters"]
    closed = close(tip, chief, results=Results(matters=1, people=2, property_value=25_300_000))
    assert (closed.matters, closed.people, closed.property_value) == (1, 2, 25_300_000)


def test_judgement_may_be_revised_and_the_trail_says_so(tip, chief, area):
    closed = close(tip, chief, valuable=True, valuable_reason="Giúp bắt trộm")
    assert closed.valued_by == chief
    district = make_user(Role.SUPERVISOR, area.district)
    closing.set_valuable(closed, actor=district, version=closed.version, valuable=False)
    facts = [entry.data for entry in AuditEntry.objects.filter(action="tips.tip.valued")]
    assert facts == [{"valuable": False, "before": True}]


def test_close_by_assignee_works_and_by_another_officer_does_not(tip, officer, area):
    with pytest.raises(NotAllowedError):
        close(tip, make_user(Role.OFFICER, area.commune_a))
    assert close(tip, officer).status == "closed"


def test_close_of_a_new_tip_is_possible_as_spam_only(submit, chief):
    tip = submit()
    with pytest.raises(WrongStateError):
        close(tip, chief)
    assert close(tip, chief, outcome="spam").status == "spam"


def test_close_twice_is_wrong_state(tip, chief):
    closed = close(tip, chief)
    with pytest.raises(WrongStateError):
        close(closed, chief)


def test_close_with_stale_version_is_refused(tip, chief, officer):
    handling.add_note(tip, actor=officer, version=tip.version, text="Đang gọi chủ quán")
    with pytest.raises(StaleVersionError):
        close(tip, chief)


def test_reopen_gives_a_fresh_deadline(tip, chief):
    closed = close(tip, chief)
    Tip.objects.update(deadline=timezone.now() - timedelta(days=9))
    reopened = closing.reopen(closed, actor=chief, version=closed.version, reason="Tái diễn")
    assert (reopened.status, reopened.closed_at, reopened.outcome) == ("reopened", None, "")
    assert reopened.deadline > timezone.now()


def test_reopened_duplicate_leaves_its_case(submit, tip, chief):
    twin = submit()
    twin = merging.merge(twin, actor=chief, version=twin.version, into=tip)
    reopened = closing.reopen(twin, actor=chief, version=twin.version, reason="Việc khác")
    assert (reopened.case, reopened.status) == (None, "reopened")


def test_reopen_of_an_open_tip_is_wrong_state(tip, chief):
    with pytest.raises(WrongStateError):
        closing.reopen(tip, actor=chief, version=tip.version, reason="Tái diễn")


def extend(tip, actor, days=7, reason="Chờ kết quả giám định"):
    deadline = timezone.now() + timedelta(days=days) if days is not None else None
    return timing.extend(tip, actor=actor, version=tip.version, deadline=deadline, reason=reason)


def test_extend_moves_the_deadline_and_remembers_the_old_one(tip, chief):
    extended = extend(tip, chief)
    assert extended.deadline > tip.deadline
    assert extended.events.last().data["from"] == tip.deadline.isoformat()


@pytest.mark.parametrize("days", [-1, 0.001, 400, None])
def test_extend_to_an_impossible_day_is_refused(tip, chief, days):
    with pytest.raises(ValidationError) as caught:
        extend(tip, chief, days=days)
    assert list(caught.value.message_dict) == ["deadline"]


def test_extend_is_for_chiefs_and_above(tip, officer, area):
    with pytest.raises(NotAllowedError):
        extend(tip, officer)
    assert extend(tip, make_user(Role.SUPERVISOR, area.province)).version == tip.version + 1


def test_value_can_be_given_and_taken_back_at_any_time(tip, chief):
    closed = close(tip, chief)
    valued = closing.set_valuable(
        closed, actor=chief, version=closed.version, valuable=True, reason="Giúp bắt trộm"
    )
    assert valued.is_valuable and valued.status == TipStatus.CLOSED
    plain = closing.set_valuable(valued, actor=chief, version=valued.version, valuable=False)
    assert (plain.is_valuable, plain.valuable_reason, plain.valued_by) == (False, "", None)
