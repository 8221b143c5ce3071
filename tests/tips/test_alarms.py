"""Urgent tips call people: duty first, the chief after five minutes, the duty above after ten."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError
from tests.factories import PostingFactory, TipFactory, make_user
from tips.enums import AlarmStage, EventKind, Priority, TipStatus
from tips.models import AlarmCall, TipAlarm
from tips.services import alarms, closing, duty, follow, handling, ringing, routing

pytestmark = pytest.mark.django_db

SECRET = "Có hai người cầm dao đuổi chém nhau ở chợ Minh Tân"


@pytest.fixture
def officer(area):
    return make_user(Role.OFFICER, area.commune_a, email="canbo@example.vn")


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, email="chihuy@example.vn")


@pytest.fixture
def supervisor(area):
    return make_user(Role.SUPERVISOR, area.district, email="captren@example.vn")


@pytest.fixture
def urgent(submit, officer, chief, supervisor):
    return submit(text=SECRET, category="GAY_ROI", contact_name="Người Báo", contact_phone="0912345678")


def at(tip, *, minutes: float = 0):
    """A moment after the tip came in."""
    return tip.received_at + timedelta(minutes=minutes)


def called(tip, stage=None) -> set:
    calls = AlarmCall.objects.filter(alarm__tip=tip)
    return {call.user for call in (calls.filter(alarm__stage=stage) if stage else calls)}


def test_urgent_tip_calls_the_officers_of_the_unit_by_mail(urgent, officer):
    assert ringing.ring(at(urgent)) == 1
    assert called(urgent) == {officer}
    assert [letter.to for letter in mail.outbox] == [["canbo@example.vn"]]
    assert alarms.ringing(officer) == 1


def test_mail_says_nothing_of_the_tip(urgent):
    ringing.ring(at(urgent, minutes=11))
    assert len(mail.outbox) == 3
    for letter in mail.outbox:
        text = letter.subject + letter.body + str(letter.extra_headers)
        for word in ("dao", "chợ", "Minh Tân", "Gây rối", urgent.public_id, "Người Báo", "0912"):
            assert word not in text
        assert "/can-bo/truc/" in letter.body


def test_tip_that_is_not_urgent_calls_nobody(submit, officer):
    submit()
    ringing.ring(timezone.now() + timedelta(hours=1))
    assert not TipAlarm.objects.exists() and not mail.outbox


def test_stages_follow_at_five_and_ten_minutes(urgent, officer, chief, supervisor):
    ringing.ring(at(urgent, minutes=4.9))
    assert called(urgent) == {officer}
    ringing.ring(at(urgent, minutes=5))
    assert called(urgent, AlarmStage.CHIEF) == {chief}
    ringing.ring(at(urgent, minutes=9.9))
    assert called(urgent) == {officer, chief}
    ringing.ring(at(urgent, minutes=10))
    assert called(urgent, AlarmStage.SUPERIOR) == {supervisor}


def test_every_pass_does_each_step_once(urgent):
    for minutes in (0, 0, 5, 5, 10, 10, 60):
        ringing.ring(at(urgent, minutes=minutes))
    assert AlarmCall.objects.count() == 3 and len(mail.outbox) == 3
    assert urgent.events.filter(kind=EventKind.ALARMED).count() == 3


def test_stages_are_on_the_time_line_and_audited_without_seconds(urgent):
    ringing.ring(at(urgent, minutes=5.5))
    events = urgent.events.filter(kind=EventKind.ALARMED)
    assert [(event.data["stage"], event.data["people"]) for event in events] == [(1, 1), (2, 1)]
    entries = AuditEntry.objects.filter(action="tips.alarm.called")
    assert {entry.target_label for entry in entries} == {urgent.public_id}
    moments = [event.at for event in events] + [entry.at for entry in entries]
    moments += list(TipAlarm.objects.exclude(told_at=None).values_list("told_at", flat=True))
    names = ("mailed_at", "pushed_at", "done_at", "ended_at", "tried_at")
    moments += [moment for row in AlarmCall.objects.values_list(*names) for moment in row if moment]
    assert {(moment.second, moment.microsecond) for moment in moments} == {(0, 0)}


@pytest.mark.parametrize("act", ["accept", "assign", "close"])
def test_who_takes_the_tip_stops_the_alarm(urgent, officer, chief, act):
    ringing.ring(at(urgent))
    if act == "accept":
        handling.accept(urgent, actor=officer, version=1)
    elif act == "assign":
        handling.assign(urgent, actor=chief, version=1, assignee=officer)
    else:
        closing.close(urgent, actor=chief, version=1, outcome="spam", public_reason="Tin thử máy.")
    assert alarms.ringing(officer) == 0
    ringing.ring(at(urgent, minutes=30))
    assert called(urgent) == {officer}
    assert not TipAlarm.objects.filter(stopped_at=None).exists()


def test_note_is_no_acceptance(urgent, officer, chief):
    handling.add_note(urgent, actor=officer, version=1, text="Đang gọi cho trực ban.")
    ringing.ring(at(urgent, minutes=5))
    assert chief in called(urgent)


def test_urgent_tip_rings_anew_where_it_is_transferred(urgent, area, chief):
    neighbour = make_user(Role.OFFICER, area.commune_b)
    tip = handling.accept(urgent, actor=chief, version=1)
    tip = routing.transfer(tip, actor=chief, version=2, unit="D6802", reason="Xảy ra ở phường bên")
    ringing.ring(timezone.now())
    assert called(tip) == {neighbour}


def test_person_who_raises_a_tip_sets_it_ringing(submit, officer, chief):
    tip = submit()
    routing.reclassify(tip, actor=chief, version=1, priority=0)
    ringing.ring(timezone.now())
    assert called(tip) == {officer}


def test_sender_who_raises_a_tip_in_hand_sets_it_ringing(submit, officer, chief):
    tip = handling.accept(submit(), actor=chief, version=1)
    follow.add_message(tip, text="Họ đang đuổi chém nhau ngoài đường, cứu với")
    ringing.ring(timezone.now())
    assert called(tip) == {officer}
    tip.refresh_from_db()
    handling.reply(tip, actor=officer, version=tip.version, text="Tổ công tác đang tới.")
    assert alarms.ringing(officer) == 0


def test_lowered_tip_rings_no_more(urgent, officer, chief):
    ringing.ring(at(urgent))
    routing.reclassify(urgent, actor=chief, version=1, priority=3, reason="Hết nguy hiểm")
    assert alarms.ringing(officer) == 0
    ringing.ring(at(urgent, minutes=30))
    assert called(urgent) == {officer}


def test_urgent_tip_without_an_alarm_is_found(area, officer):
    tip = TipFactory(unit=area.commune_a, priority=Priority.P0)
    ringing.ring(timezone.now())
    ringing.ring(timezone.now())
    assert called(tip) == {officer}


def test_nobody_is_woken_for_a_forgotten_tip_of_last_week(area, officer):
    TipFactory(unit=area.commune_a, priority=Priority.P0, received_at=timezone.now() - timedelta(days=7))
    ringing.ring(timezone.now())
    assert not TipAlarm.objects.exists()


def test_tip_that_ended_unseen_calls_nobody_and_is_looked_at_once(urgent):
    type(urgent).objects.filter(pk=urgent.pk).update(status=TipStatus.CLOSED)
    ringing.ring(at(urgent, minutes=11))
    assert not AlarmCall.objects.exists()
    assert not TipAlarm.objects.filter(stopped_at=None).exists()


# --- Whom a stage calls ----------------------------------------------------------------------------------


def test_roster_of_the_day_is_called_instead_of_everybody(urgent, area, officer, chief):
    on_duty = make_user(Role.BEAT_OFFICER, area.commune_a)
    duty.put_on(area.commune_a, on_duty, actor=chief, day=duty.duty_day(at(urgent)))
    ringing.ring(at(urgent))
    assert called(urgent) == {on_duty}


def test_roster_of_a_day_replaces_the_weekly_one(area, officer, chief):
    other = make_user(Role.BEAT_OFFICER, area.commune_a)
    now = timezone.now()
    day = duty.duty_day(now)
    duty.put_on(area.commune_a, officer, actor=chief, weekday=day.weekday())
    assert duty.on_duty(area.commune_a, now) == [officer]
    duty.put_on(area.commune_a, other, actor=chief, day=day)
    assert duty.on_duty(area.commune_a, now) == [other]
    duty.take_off(area.commune_a, other, actor=chief, day=day)
    assert duty.on_duty(area.commune_a, now) == [officer]


def test_night_belongs_to_the_day_before():
    morning = timezone.make_aware(timezone.datetime(2026, 11, 23, 6, 59))
    assert duty.duty_day(morning).day == 22
    assert duty.duty_day(morning + timedelta(minutes=1)).day == 23


def test_who_left_the_unit_is_not_on_duty(urgent, area, officer, chief):
    gone = make_user(Role.OFFICER, area.commune_a)
    duty.put_on(area.commune_a, gone, actor=chief, day=duty.duty_day(at(urgent)))
    gone.postings.update(valid_to="2026-01-01", valid_from="2025-01-01")
    ringing.ring(at(urgent))
    assert called(urgent) == {officer}


def test_unit_without_officers_calls_its_chief_and_without_people_the_unit_above(submit, area):
    tip = submit(text=SECRET)
    above = make_user(Role.SUPERVISOR, area.district)
    ringing.ring(at(tip))
    assert called(tip) == {above}
    second = submit(text=f"{SECRET}, thêm người nữa")
    boss = make_user(Role.CHIEF, area.commune_a)
    ringing.ring(at(second))
    assert called(second) == {boss}


def test_only_chiefs_and_those_above_make_the_roster(area, officer, supervisor):
    with pytest.raises(NotAllowedError):
        duty.put_on(area.commune_a, officer, actor=officer, weekday=0)
    with pytest.raises(NotAllowedError):
        duty.put_on(area.commune_a, officer, actor=make_user(Role.CHIEF, area.commune_b), weekday=0)
    duty.put_on(area.commune_a, officer, actor=supervisor, weekday=0)
    entry = AuditEntry.objects.get(action="tips.duty.set")
    assert (entry.actor, entry.data["user"]) == (supervisor, officer.username)


def test_restricted_tip_calls_its_circle_on_duty_first(submit, area, officer, chief):
    named = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    second = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    tip = submit(category="TRE_EM", text="Cháu bé bị đánh, đang khóc rất to")
    for person in (officer, second):
        duty.put_on(area.commune_a, person, actor=chief, day=duty.duty_day(at(tip)))
    ringing.ring(at(tip))
    assert called(tip) == {second}
    ringing.ring(at(tip, minutes=5))
    assert called(tip, AlarmStage.CHIEF) == {chief}
    assert named not in called(tip)


def test_restricted_tip_calls_the_whole_circle_when_none_of_it_is_on_duty(submit, area, officer, chief):
    named = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    tip = submit(category="TRE_EM", text="Cháu bé bị đánh, đang khóc rất to")
    duty.put_on(area.commune_a, officer, actor=chief, day=duty.duty_day(at(tip)))
    ringing.ring(at(tip))
    assert called(tip) == {named}


def test_restricted_tip_without_a_circle_calls_the_chief(submit, officer, chief):
    tip = submit(category="TRE_EM", text="Cháu bé bị đánh, đang khóc rất to")
    ringing.ring(at(tip))
    assert called(tip) == {chief}


# --- What goes wrong -------------------------------------------------------------------------------------


def test_mail_server_away_is_asked_again(urgent, settings, officer):
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    ringing.ring(at(urgent))
    call = AlarmCall.objects.get()
    assert (call.attempts, call.mailed_at, call.done_at) == (1, None, None)
    settings.EMAIL_BACKEND = backend
    ringing.ring(at(urgent, minutes=1))
    call.refresh_from_db()
    assert len(mail.outbox) == 1 and call.mailed_at is not None and call.done_at is not None


def test_late_start_of_the_workers_calls_everybody_at_once(urgent, officer, chief, supervisor):
    ringing.ring(at(urgent, minutes=42))
    assert called(urgent) == {officer, chief, supervisor}


def test_person_with_two_postings_is_called_once(submit, area):
    person = make_user(Role.OFFICER, area.commune_a, email="mot@example.vn")
    PostingFactory(user=person, unit=area.commune_a, role=Role.BEAT_OFFICER)
    tip = submit(text=SECRET)
    ringing.ring(at(tip))
    assert len(mail.outbox) == 1 and called(tip) == {person}
