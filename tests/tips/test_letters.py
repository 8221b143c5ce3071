"""Mails to staff: one wrong address silences nobody, and is not asked again for ever."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tips.models import Escalation, IdentityRequest, Tip
from tips.services import asking, attention, escalation, handling

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def picky(settings):
    settings.EMAIL_BACKEND = "tests.picky_mail.PickyBackend"


@pytest.fixture
def late(submit):
    tip = submit()
    Tip.objects.filter(pk=tip.pk).update(deadline=timezone.now() - timedelta(hours=1))
    return tip


def written_to() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


def add_chief(area, email):
    return make_user(Role.CHIEF, area.commune_a, email=email)


@pytest.mark.parametrize("wrong", ["gone@example.vn", "a b@@example.vn", "x" * 70 + "đ@example.vn"])
def test_address_that_cannot_be_written_to_silences_nobody_else(late, area, wrong):
    add_chief(area, wrong)
    add_chief(area, "later.than.gone@example.vn")
    for _minute in range(3):
        escalation.escalate_overdue()
    assert written_to() == ["later.than.gone@example.vn"]


def test_only_address_is_asked_once_when_refused_and_again_when_deferred(late, area):
    chief = add_chief(area, "gone@example.vn")
    escalation.escalate_overdue()
    assert Escalation.objects.get().mailed_at is not None

    type(chief).objects.update(email="later@example.vn")
    Escalation.objects.update(mailed_at=None)
    escalation.escalate_overdue()
    assert Escalation.objects.get().mailed_at is None


def test_question_reaches_who_can_be_written_to(submit, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = submit(contact_name="Trần Thị Hoa")
    asking.ask(tip, actor=officer, version=tip.version, reason="Cần hỏi thêm biển số xe")
    add_chief(area, "gone@example.vn")
    add_chief(area, "z@example.vn")
    assert (asking.mail_waiting(), asking.mail_waiting()) == (1, 0)
    assert IdentityRequest.objects.get().mailed_at is not None


def test_mention_reaches_who_can_be_written_to(submit, area):
    chief = add_chief(area, "")
    for name, email in (("an", "gone@example.vn"), ("binh", "binh@example.vn")):
        make_user(Role.OFFICER, area.commune_a, username=name, email=email)
    handling.add_note(submit(), actor=chief, version=1, text="Nhờ @an và @binh xem giúp")
    assert (attention.mail_due(), written_to()) == (1, ["binh@example.vn"])
