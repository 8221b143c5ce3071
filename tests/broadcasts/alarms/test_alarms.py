"""Alarms: one for each cause, closed by themselves, taken on by those who may."""

import pytest
from django.core import mail
from django.core.cache import cache

from broadcasts.models import Alarm, Delivery, Mailbox
from broadcasts.services import alarm_mail, alarms, conditions, sweep
from broadcasts.services.conditions import Finding
from groups.enums import Role
from portal import heartbeat
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.broadcasts.alarms.minutes import NOW, at
from tests.factories import DeliveryFactory, GroupFactory, make_user


def test_cause_opens_one_alarm_however_often_it_is_seen(stopped):
    for minute in range(3):
        alarms.watch(at(minute))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.unit, alarm.opened_at, alarm.last_seen_at) == (
        "stopped",
        stopped.unit,
        NOW,
        at(2),
    )


def test_alarm_closes_when_its_cause_is_gone_for_a_while(stopped):
    alarms.update(conditions.findings(NOW), NOW)
    alarms.update([], at(2))
    assert Alarm.objects.open().count() == 1
    alarms.update([], at(4))
    assert Alarm.objects.get().closed_at == at(4)


def test_cause_that_comes_back_soon_is_the_same_alarm_and_no_new_mail(stopped, area):
    make_user(Role.CHIEF, area.commune_a, email="chief@example.vn")
    found = conditions.findings(NOW)
    for minute in (0, 8, 16, 24):
        alarms.update(found, at(minute))
        alarm_mail.send_due(at(minute))
        alarms.update([], at(minute + 5))
        alarm_mail.send_due(at(minute + 5))
    assert Alarm.objects.count() == 1
    assert [letter.subject for letter in mail.outbox] == ["Cảnh báo gửi bài: Tài khoản đã dừng gửi"]
    alarm_mail.send_due(at(45))
    assert mail.outbox[-1].subject == "Hết cảnh báo: Tài khoản đã dừng gửi"


def test_cause_that_comes_back_after_its_end_was_mailed_is_news_to_everybody(stopped, area, chief):
    make_user(Role.CHIEF, area.commune_a, email="chief@example.vn")
    found = conditions.findings(NOW)
    alarms.update(found, NOW)
    alarm_mail.send_due(NOW)
    alarms.acknowledge(Alarm.objects.get(), actor=chief)
    alarms.update([], at(5))
    alarm_mail.send_due(at(20))
    alarms.update(found, at(21))
    alarm_mail.send_due(at(21))
    assert [letter.subject.partition(":")[0] for letter in mail.outbox] == [
        "Cảnh báo gửi bài",
        "Hết cảnh báo",
        "Cảnh báo gửi bài",
    ]
    again = Alarm.objects.open().get()
    assert (again.acknowledged_at, again.opened_at) == (None, at(21))


def test_cause_that_comes_back_the_next_day_is_news(stopped):
    found = conditions.findings(NOW)
    alarms.update(found, NOW)
    alarms.update([], at(5))
    alarms.update(found, at(24 * 60))
    assert Alarm.objects.count() == 2


def test_acknowledging_stops_the_escalation_and_is_recorded_once(stopped, area, chief, officer):
    alarms.watch(NOW)
    alarm = Alarm.objects.get()
    with pytest.raises(NotAllowedError):
        alarms.acknowledge(alarm, actor=officer)
    alarms.acknowledge(alarm, actor=chief)
    with pytest.raises(WrongStateError):
        alarms.acknowledge(alarm, actor=chief)
    entry = AuditEntry.objects.get(action="broadcasts.alarm.acknowledged")
    assert (entry.actor, entry.unit_path) == (chief, area.commune_a.path)


def test_alarm_of_the_whole_system_is_taken_on_by_the_highest_administrators_only(area, chief):
    alarms.update([Finding(conditions.AlarmKind.WORKER)], NOW)
    alarm = Alarm.objects.get()
    below = make_user(Role.ADMINISTRATOR, area.commune_c)
    highest = make_user(Role.ADMINISTRATOR, area.province)
    for user in (chief, make_user(Role.SUPERVISOR, area.province), below):
        assert alarms.can_acknowledge(user, alarm) is False
        with pytest.raises(NotAllowedError):
            alarms.acknowledge(alarm, actor=user)
    alarms.acknowledge(alarm, actor=highest)
    assert Alarm.objects.get().acknowledged_by == highest


def test_alarms_of_other_communes_are_not_seen(stopped, area, chief):
    alarms.watch(NOW)
    alarms.update([Finding(conditions.AlarmKind.BEAT)], NOW)
    there = make_user(Role.CHIEF, area.commune_b)
    assert set(Alarm.objects.visible_to(chief).values_list("kind", flat=True)) == {"stopped", "beat"}
    assert set(Alarm.objects.visible_to(there).values_list("kind", flat=True)) == {"beat"}
    assert set(Alarm.objects.felt_at(area.village_a).values_list("kind", flat=True)) == {"stopped", "beat"}
    assert set(Alarm.objects.felt_at(area.commune_b).values_list("kind", flat=True)) == {"beat"}


def test_web_requests_look_only_when_the_clock_stopped(db, settings, monkeypatch):
    settings.ALARMS_FROM_WEB = True
    monkeypatch.setattr(alarms, "_next_look", 0.0)
    alarms.watch_for_the_clock(NOW)
    assert not Alarm.objects.exists()

    cache.set(f"{heartbeat.KEY}-beat", NOW.timestamp() - 301)
    alarms.watch_for_the_clock(NOW)
    assert not Alarm.objects.exists()
    monkeypatch.setattr(alarms, "_next_look", 0.0)
    alarms.watch_for_the_clock(NOW)
    assert Alarm.objects.get().kind == "beat"


# --- What cannot be looked at ------------------------------------------------------------------------------


def test_repair_that_fails_stops_no_other_and_is_an_alarm_until_it_works(stopped, monkeypatch, caplog):
    row_steps = []

    def broken(now):
        raise RuntimeError("secret words")

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "lose_stale_claims", broken)
        patch.setattr(sweep, "expire_notices", row_steps.append)
        sweep.sweep(NOW)
    assert row_steps == [NOW]
    assert set(Alarm.objects.open().values_list("kind", flat=True)) == {"repair", "stopped"}
    detail = Alarm.objects.get(kind="repair").detail
    assert "broken: RuntimeError" in detail
    assert "secret" not in detail
    assert "step_failed: broken" in caplog.text

    sweep.sweep(at(4))
    assert Alarm.objects.open().get().kind == "stopped"


def test_look_that_fails_hides_no_other_and_closes_nothing(stopped, monkeypatch):
    alarms.watch(NOW)

    def broken():
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(conditions, "_accounts", broken)
        alarms.watch(at(10))
    assert set(Alarm.objects.open().values_list("kind", flat=True)) == {"repair", "stopped"}


def test_accounts_that_stand_still_are_no_alarms_of_their_own_while_nobody_sends(
    sending_broadcast, monkeypatch
):
    Delivery.objects.update(next_attempt_at=at(-10))
    alarms.watch(NOW)
    assert Alarm.objects.open().get().kind == "stalled"
    with monkeypatch.context() as patch:
        patch.setattr(heartbeat, "late_parts", lambda: {"worker"})
        other = GroupFactory(gmf=True, unit=sending_broadcast.unit)
        Mailbox.objects.create(account=other.official_account)
        DeliveryFactory(
            broadcast=sending_broadcast,
            group=other,
            account=other.official_account,
            state="queued",
            next_attempt_at=at(-10),
        )
        for minute in (1, 2, 6):
            alarms.watch(at(minute))
    assert sorted(Alarm.objects.open().values_list("kind", flat=True)) == ["stalled", "worker"]

    # Just back: the mailboxes get a moment.
    alarms.watch(at(7))
    assert Alarm.objects.open().count() == 2
    Mailbox.objects.update(window={str(int(at(10).timestamp())): 1})
    alarms.watch(at(10))
    alarms.watch(at(11))
    assert not Alarm.objects.open().exists()
