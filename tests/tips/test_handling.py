"""Taking, giving, answering and noting tips: states, versions, rights, traces."""

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
from tips.enums import TipStatus
from tips.models import Tip
from tips.services import closing, follow, handling, timing
from tips.timeline import steps_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tip(submit) -> Tip:
    return submit()


def act(function, tip, actor, **arguments):
    return function(tip, actor=actor, version=tip.version, **arguments)


def last_trace(tip) -> tuple[str, str]:
    event = tip.events.last()
    return event.kind, AuditEntry.objects.first().action


def test_accept_takes_the_tip(tip, officer):
    accepted = act(handling.accept, tip, officer)
    assert (accepted.status, accepted.assignee, accepted.version) == ("accepted", officer, 2)
    assert accepted.accepted_at is not None
    assert last_trace(accepted) == ("accepted", "tips.tip.accepted")


def test_accept_twice_is_wrong_state(tip, officer):
    accepted = act(handling.accept, tip, officer)
    with pytest.raises(WrongStateError) as caught:
        act(handling.accept, accepted, officer)
    assert not isinstance(caught.value, StaleVersionError)
    assert Tip.objects.get().version == 2


def test_accept_with_stale_version_changes_nothing(tip, officer, chief):
    act(handling.accept, tip, officer)
    entries = AuditEntry.objects.count()
    with pytest.raises(StaleVersionError):
        act(handling.accept, tip, chief)
    assert Tip.objects.get().assignee == officer
    assert AuditEntry.objects.count() == entries and tip.events.count() == 2


def test_accept_gives_danger_its_handling_term(submit, officer):
    tip = submit(category="TRUY_NA_TIN")
    assert tip.deadline == tip.received_at + timedelta(minutes=5)
    assert act(handling.accept, tip, officer).deadline == tip.received_at + timedelta(hours=24)


@pytest.mark.parametrize("role", [Role.RELAY, Role.AUDITOR, Role.ADMINISTRATOR])
def test_roles_without_tips_may_do_nothing(tip, area, role):
    user = make_user(role, area.commune_a)
    for function, arguments in [
        (handling.accept, {}),
        (handling.start_verifying, {}),
        (handling.reply, {"text": "Đã nhận"}),
        (handling.add_note, {"text": "Ghi"}),
        (handling.assign, {"assignee": user}),
    ]:
        with pytest.raises(NotAllowedError):
            act(function, tip, user, **arguments)
    assert Tip.objects.get().version == 1


def test_officer_of_another_commune_may_do_nothing(tip, area):
    with pytest.raises(NotAllowedError):
        act(handling.accept, tip, make_user(Role.CHIEF, area.commune_b))


def test_supervisor_above_may_accept(tip, area):
    assert act(handling.accept, tip, make_user(Role.SUPERVISOR, area.district)).status == "accepted"


def test_restricted_tip_is_for_the_named_circle(submit, area, officer):
    tip = submit(category="TRE_EM")
    member = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    with pytest.raises(NotAllowedError):
        act(handling.accept, tip, officer)
    assert act(handling.accept, tip, member).status == "accepted"


def test_assign_by_chief_starts_verifying(tip, officer, chief):
    assigned = act(handling.assign, tip, chief, assignee=officer)
    assert (assigned.status, assigned.assignee) == ("verifying", officer)
    assert assigned.accepted_at is not None
    assert assigned.events.last().data == {"assignee": officer.username}


def test_assign_by_officer_only_to_oneself(tip, area, officer):
    other = make_user(Role.OFFICER, area.commune_a)
    with pytest.raises(NotAllowedError):
        act(handling.assign, tip, officer, assignee=other)
    assert act(handling.assign, tip, officer, assignee=officer).assignee == officer


@pytest.mark.parametrize("place", ["commune_b", "commune_c"])
def test_assign_to_who_cannot_see_it_is_refused(tip, area, chief, place):
    with pytest.raises(ValidationError) as caught:
        act(handling.assign, tip, chief, assignee=make_user(Role.OFFICER, getattr(area, place)))
    assert "assignee" in caught.value.message_dict


def test_assign_restricted_tip_outside_the_circle_is_refused(submit, area, officer):
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    with pytest.raises(ValidationError):
        act(handling.assign, submit(category="TRE_EM"), chief, assignee=officer)


def test_assign_keeps_an_answered_tip_answered(tip, officer, chief):
    tip = act(handling.accept, tip, officer)
    tip = act(handling.reply, tip, officer, text="Công an xã đang xem")
    assert act(handling.assign, tip, chief, assignee=chief).status == "answered"


def test_reply_reaches_the_thread_and_dates_the_first_answer(tip, officer):
    tip = act(handling.accept, tip, officer)
    answered = act(handling.reply, tip, officer, text="  Cảm ơn Quý công dân.  ")
    message = answered.messages.get()
    assert (answered.status, message.text, message.kind, message.author) == (
        "answered",
        "Cảm ơn Quý công dân.",
        "public",
        officer,
    )
    again = act(handling.reply, answered, officer, text="Bổ sung")
    assert again.first_answer_at == answered.first_answer_at is not None


@pytest.mark.parametrize("status", ["accepted", "verifying", "answered", "reopened"])
def test_interim_answer_is_read_and_leaves_the_tip_being_verified(tip, officer, status):
    tip = act(handling.accept, tip, officer)
    Tip.objects.update(status=status)
    told = act(handling.reply, Tip.objects.get(), officer, text="Công an xã đang xác minh", interim=True)
    assert (told.status, told.deadline) == ("verifying", tip.deadline)
    assert last_trace(told) == ("informed", "tips.tip.informed")
    view = follow.sender_view(told)
    assert ([message.text for message in view.messages], view.status_text) == (
        ["Công an xã đang xác minh"],
        "Đang xác minh",
    )
    assert [step.state for step in steps_of(told)] == ["done", "done", "current", "todo"]
    assert steps_of(told)[2].at is not None
    # The promise of a first answer is that the sender hears from us.
    answered = act(handling.reply, told, officer, text="Đã nhắc nhở chủ quán")
    assert (answered.status, answered.first_answer_at) == ("answered", told.first_answer_at)
    assert told.first_answer_at is not None


def test_interim_answer_to_a_sender_who_was_asked_lets_the_clock_run(tip, officer):
    tip = act(handling.accept, tip, officer)
    asked = act(timing.ask_sender, tip, officer, text="Quán tên gì ạ?")
    told = act(handling.reply, asked, officer, text="Đã tìm thấy quán, đang xác minh", interim=True)
    assert (told.status, told.paused_at) == ("verifying", None) and told.deadline is not None


def test_interim_answer_to_a_tip_nobody_took_is_refused(tip, officer):
    with pytest.raises(WrongStateError):
        act(handling.reply, tip, officer, text="Đang xem", interim=True)
    assert not tip.messages.exists()


def test_reply_with_a_picture_attaches_it_to_the_message(tip, officer):
    tip = act(handling.accept, tip, officer)
    upload = SimpleUploadedFile("giay.png", media.picture("PNG"))
    answered = act(handling.reply, tip, officer, text="Mẫu đơn đây", files=[upload])
    assert answered.messages.get().evidence.get().tip == tip


@pytest.mark.parametrize(
    "status", [TipStatus.NEW, TipStatus.CLOSED, TipStatus.TRANSFERRED, TipStatus.DUPLICATE]
)
def test_reply_in_wrong_state_leaves_no_message_and_no_file(tip, officer, status, settings, tmp_path):
    Tip.objects.update(status=status)
    tip.refresh_from_db()
    with pytest.raises(WrongStateError):
        act(
            handling.reply,
            tip,
            officer,
            text="Trả lời",
            files=[SimpleUploadedFile("a.png", media.picture("PNG"))],
        )
    assert not tip.messages.exists()
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


@pytest.mark.parametrize("text", ["", "  ", None, "a" * 5001])
def test_reply_without_fitting_text_is_refused(tip, officer, text):
    tip = act(handling.accept, tip, officer)
    with pytest.raises(ValidationError) as caught:
        act(handling.reply, tip, officer, text=text)
    assert list(caught.value.message_dict) == ["text"]


def test_note_is_internal_and_possible_after_the_end(tip, officer):
    tip = act(handling.accept, tip, officer)
    tip = act(closing.close, tip, officer, outcome="guided", public_reason="Đã nhắc nhở chủ quán")
    noted = act(handling.add_note, tip, officer, text="Chủ quán cam kết bằng văn bản")
    assert [message.kind for message in noted.messages.all()] == ["public", "note"]
    assert last_trace(noted) == ("noted", "tips.tip.noted")


def test_verifying_starts_after_acceptance_only(tip, officer):
    with pytest.raises(WrongStateError):
        act(handling.start_verifying, tip, officer)
    tip = act(handling.accept, tip, officer)
    assert act(handling.start_verifying, tip, officer).status == "verifying"


def test_events_and_audit_hold_no_text(tip, officer):
    tip = act(handling.accept, tip, officer)
    act(handling.reply, tip, officer, text="Bí mật tuyệt đối")
    assert "Bí mật" not in str(list(AuditEntry.objects.values()))
    assert "Bí mật" not in str(list(tip.events.values_list("data", flat=True)))


def test_received_before_the_first_answer(tip, officer):
    tip = act(handling.accept, tip, officer)
    answered = act(handling.reply, tip, officer, text="Đã rõ")
    assert tip.received_at <= answered.first_answer_at <= timezone.now()
