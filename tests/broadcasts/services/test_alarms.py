"""Alarms: one for each cause, closed by themselves, mailed to those who must act and to nobody twice."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.core.mail.message import sanitize_address
from django.utils import timezone

from broadcasts.engine.mailbox import BREAKER_FAILURES
from broadcasts.models import Alarm, Delivery, Mailbox
from broadcasts.services import alarm_mail, alarms, conditions, mailbox_status, sweep
from broadcasts.services.conditions import Finding
from groups.enums import Role
from groups.models import OfficialAccount, ZaloEvent
from groups.zalo.errors import OutcomeUnknown
from portal import heartbeat, parts
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import DeliveryFactory, GroupFactory, make_user

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _broker_is_there(monkeypatch):
    """The tests' machine has no broker; what is told of one is asked below."""
    monkeypatch.setattr(parts, "is_broker_away", lambda: False)


@pytest.fixture
def stopped(account) -> OfficialAccount:
    account.state, account.last_error = "stopped", "Gói dịch vụ OA đã hết hạn."
    account.save()
    return account


def kinds(now=NOW) -> list[str]:
    return sorted(str(finding.kind) for finding in conditions.findings(now))


def at(minutes: float):
    return NOW + timedelta(minutes=minutes)


# --- What is wrong ---------------------------------------------------------------------------------------


def test_nothing_is_wrong_with_a_quiet_system(sending_broadcast):
    assert kinds() == []


def test_account_that_needs_a_person_is_found_until_a_call_of_it_worked(stopped):
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.unit, found.account) == ("stopped", stopped.unit, stopped)
    assert found.detail == f"{stopped}. Gói dịch vụ OA đã hết hạn"

    # The trial of the sweep does not count as working.
    OfficialAccount.objects.update(state="active")
    assert kinds() == ["stopped"]
    OfficialAccount.objects.update(last_error="")
    assert kinds() == []


def test_account_without_grant_is_a_kind_of_its_own(stopped):
    OfficialAccount.objects.update(state="needs_grant")
    assert kinds() == ["needs_grant"]


@pytest.mark.parametrize(
    ("minutes", "priority", "is_found"), [(6, 1, True), (4, 1, False), (3, 0, True), (1, 0, False)]
)
def test_rows_due_for_long_stand_still_urgent_ones_sooner(sending_broadcast, minutes, priority, is_found):
    Delivery.objects.update(next_attempt_at=at(-minutes), priority=priority)
    assert (kinds() == ["stalled"]) is is_found


def test_mailbox_that_sends_at_its_limit_does_not_stand_still(sending_broadcast):
    Delivery.objects.update(next_attempt_at=at(-20))
    Mailbox.objects.update(window={str(int(NOW.timestamp()) - 30): 95})
    assert kinds() == []


def test_paused_mailbox_with_rows_due_stands_still_and_says_why(sending_broadcast, chief):
    Delivery.objects.update(next_attempt_at=at(-20))
    Mailbox.objects.update(window={str(int(NOW.timestamp()) - 30): 95}, paused_at=NOW, paused_by=chief)
    (found,) = conditions.findings(NOW)
    assert "tạm dừng bằng tay" in found.detail


def test_breaker_is_found_after_ten_minutes_and_not_when_it_closed(sending_broadcast):
    Mailbox.objects.update(failures_in_row=BREAKER_FAILURES)
    mailbox_status.note_breakers(at(-11))
    mailbox_status.note_breakers(at(-5))
    assert kinds() == ["breaker"]

    Mailbox.objects.update(failures_in_row=0)
    mailbox_status.note_breakers(NOW)
    assert kinds() == []


def test_breaker_of_the_engine_is_noted_by_the_sweep(sending_broadcast, run_drain, zalo):
    zalo.fail_next(OutcomeUnknown(None, "timeout"), times=10)
    Mailbox.objects.update(failures_in_row=BREAKER_FAILURES - 1)
    run_drain()
    sweep.sweep(NOW)
    assert Mailbox.objects.get().failing_since == NOW


def test_lost_and_overdue_rows_are_counted_for_the_commune(sending_broadcast, area):
    rows = list(sending_broadcast.deliveries.order_by("pk"))
    Delivery.objects.filter(pk=rows[0].pk).update(state="refused")
    Delivery.objects.filter(pk=rows[1].pk).update(state="overdue")
    found = {finding.kind: finding for finding in conditions.findings(NOW)}
    assert sorted(found) == ["dead", "overdue"]
    assert found["dead"].unit == found["overdue"].unit == area.commune_a
    assert found["overdue"].detail == "1 lượt chờ người đăng."


def test_groups_whose_slot_ends_are_counted_for_the_commune(gmf_groups, area):
    for group in gmf_groups[:2]:
        group.asset_valid_through = timezone.localdate(NOW)
        group.save()
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.unit) == ("expires", area.commune_a)
    assert found.detail == "2 nhóm cần gia hạn suất trên Zalo."


def test_event_of_zalo_that_waits_too_long_is_found(db):
    ZaloEvent.objects.create(key="k", name="x", oa_id="1", received_at=at(-6), due_at=at(-6))
    assert kinds() == ["webhook"]


def test_news_that_nobody_could_work_on_is_found_until_somebody_did(account):
    stuck = ZaloEvent.objects.create(
        key="k", name="user_send_text", oa_id=account.oa_id, account=account, body="{}", received_at=at(-500)
    )
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.unit, found.account) == ("webhook", account.unit, account)
    assert "1 tin từ Zalo không xử lý được" in found.detail
    stuck.due_at = at(-1)
    stuck.save()
    assert kinds() == []


def test_webhook_key_that_does_not_fit_is_found(account):
    account.key_misfit_at = at(-60)
    account.save()
    (found,) = conditions.findings(NOW)
    assert (found.kind, found.account) == ("webhook", account)
    assert "khóa webhook" in found.detail
    assert kinds(at(600)) == []


def test_dead_beat_is_one_finding_and_dead_workers_another(db):
    heartbeat.note(heartbeat.BEAT)
    heartbeat.note(heartbeat.WORKER)
    cache.set(heartbeat.KEY, NOW.timestamp() - 301)
    assert kinds() == ["worker"]
    cache.set(f"{heartbeat.KEY}-beat", NOW.timestamp() - 301)
    assert kinds() == ["beat"]


def test_clock_never_seen_is_late_after_five_minutes_of_looking(db):
    assert kinds() == []
    cache.set(f"{heartbeat.KEY}-beat-missed", NOW.timestamp() - 301)
    assert kinds() == ["beat"]


def test_full_disk_is_found(db, settings):
    settings.MIN_FREE_DISK_MB = 10**9
    assert kinds() == ["disk"]


def test_broker_that_does_not_answer_is_found(db, monkeypatch, settings, tmp_path):
    monkeypatch.undo()
    settings.USES_EMBEDDED_BROKER = True
    settings.EMBEDDED_BROKER_SOCKET = tmp_path / "none"
    assert kinds() == ["broker"]


# --- Alarms ----------------------------------------------------------------------------------------------


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


# --- Mail ------------------------------------------------------------------------------------------------


@pytest.fixture
def people(area) -> dict[str, str]:
    """Addresses of all who could be written to."""
    posts = {
        "chief": (Role.CHIEF, area.commune_a),
        "other chief": (Role.CHIEF, area.commune_b),
        "supervisor": (Role.SUPERVISOR, area.district),
        "administrator": (Role.ADMINISTRATOR, area.province),
        "officer": (Role.OFFICER, area.commune_a),
    }
    for name, (role, unit) in posts.items():
        make_user(role, unit, email=f"{name.replace(' ', '-')}@example.vn")
    make_user(Role.CHIEF, area.commune_a, email="")
    make_user(Role.CHIEF, area.commune_a, email="gone@example.vn", is_active=False)
    return posts


def addresses() -> list[str]:
    return sorted(address for letter in mail.outbox for address in letter.to)


def test_opening_goes_to_the_chief_and_administrators_escalation_further_and_closing_as_the_opening(
    stopped, people
):
    alarms.watch(NOW)
    alarms.watch(at(1))
    assert addresses() == ["administrator@example.vn", "chief@example.vn"]

    mail.outbox.clear()
    alarms.watch(at(31))
    alarms.watch(at(32))
    assert addresses() == ["administrator@example.vn", "chief@example.vn", "supervisor@example.vn"]

    mail.outbox.clear()
    OfficialAccount.objects.update(state="active", last_error="")
    alarms.watch(at(36))
    assert addresses() == []
    alarms.watch(at(51))
    alarms.watch(at(52))
    assert addresses() == ["administrator@example.vn", "chief@example.vn"]
    assert mail.outbox[0].subject == "Hết cảnh báo: Tài khoản đã dừng gửi"


def test_acknowledged_alarm_is_not_escalated(stopped, people, chief):
    alarms.watch(NOW)
    alarms.acknowledge(Alarm.objects.get(), actor=chief)
    mail.outbox.clear()
    alarms.watch(at(31))
    assert mail.outbox == []


def test_many_alarms_are_one_mail_a_person(area, people):
    for _number in range(5):
        account = GroupFactory(gmf=True, unit=area.village_a).official_account
        OfficialAccount.objects.filter(pk=account.pk).update(unit=area.commune_a, state="needs_grant")
    alarms.watch(NOW)
    assert addresses() == ["administrator@example.vn", "chief@example.vn"]
    assert mail.outbox[0].subject.endswith("(và 4 tin khác)")


def test_trouble_of_the_whole_system_goes_to_administrators(people):
    alarms.update([Finding(conditions.AlarmKind.BEAT)], NOW)
    alarm_mail.send_due(NOW)
    assert addresses() == ["administrator@example.vn"]


def test_mail_carries_no_word_of_a_post(sending_broadcast, people):
    Delivery.objects.update(state="refused", last_error="Từ khóa bị cấm: lừa đảo")
    alarms.watch(NOW)
    text = "".join(f"{letter.subject} {letter.body}" for letter in mail.outbox)
    assert "Có lượt không tới được nhóm" in text
    assert "/can-bo/canh-bao/" in text
    for word in (sending_broadcast.title, sending_broadcast.body, "Từ khóa"):
        assert word not in text


def test_mail_server_that_is_away_is_asked_again(stopped, people, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    alarms.watch(NOW)
    assert Alarm.objects.get().opening_mail_at is None

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    alarms.watch(at(1))
    assert len(mail.outbox) == 2


class PickyBackend(LocmemBackend):
    """Looks at addresses as SMTP does; knows no ``gone``, and asks to come back with ``later``."""

    answers = {"gone": (550, b"unknown user"), "later": (450, b"try again")}

    def send_messages(self, messages):
        for message in messages:
            sanitize_address(message.to[0], "utf-8")
            name = message.to[0].partition("@")[0]
            if name in self.answers:
                raise SMTPRecipientsRefused({message.to[0]: self.answers[name]})
        return super().send_messages(messages)


@pytest.fixture
def picky(settings):
    settings.EMAIL_BACKEND = f"{__name__}.PickyBackend"


@pytest.mark.parametrize("wrong", ["gone@example.vn", "a b@@example.vn", "x" * 70 + "đ@example.vn"])
def test_address_that_cannot_be_written_to_silences_nobody_else(stopped, people, area, picky, wrong):
    make_user(Role.ADMINISTRATOR, area.province, email=wrong)
    for minute in range(3):
        alarms.watch(at(minute))
    assert addresses() == ["administrator@example.vn", "chief@example.vn"]


def test_address_that_is_the_only_one_is_asked_once_when_refused_and_again_when_deferred(
    stopped, area, picky
):
    someone = make_user(Role.CHIEF, area.commune_a, email="gone@example.vn")
    alarms.watch(NOW)
    assert Alarm.objects.get().opening_mail_at == NOW

    Alarm.objects.update(opening_mail_at=None)
    type(someone).objects.filter(pk=someone.pk).update(email="later@example.vn")
    alarms.watch(at(1))
    assert Alarm.objects.get().opening_mail_at is None
