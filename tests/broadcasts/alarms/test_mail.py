"""Mail about alarms: to those who must act, to nobody twice, and with no word of a post."""

import pytest
from django.core import mail

from broadcasts.models import Alarm, Delivery
from broadcasts.services import alarm_mail, alarms, conditions
from broadcasts.services.conditions import Finding
from groups.enums import Role
from groups.models import OfficialAccount
from tests.broadcasts.alarms.minutes import NOW, at
from tests.factories import GroupFactory, make_user


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


@pytest.fixture
def picky(settings):
    settings.EMAIL_BACKEND = "tests.picky_mail.PickyBackend"


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
