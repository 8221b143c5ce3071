"""Overdue tips told to the chief, then above: once a stage, with a mail that says nothing of them."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tips import tasks
from tips.models import Escalation, Tip
from tips.services import escalation, timing

pytestmark = pytest.mark.django_db

SECRET = "Thằn lằn tím nhảy múa ở lò gạch cuối thôn"


@pytest.fixture
def people(area):
    return {
        "officer": make_user(Role.OFFICER, area.commune_a, email="officer@x.vn"),
        "chief": make_user(Role.CHIEF, area.commune_a, email="chief@x.vn"),
        "neighbour": make_user(Role.CHIEF, area.commune_b, email="chief2@x.vn"),
        "district": make_user(Role.SUPERVISOR, area.district, email="district@x.vn"),
        "province": make_user(Role.SUPERVISOR, area.province, email="province@x.vn"),
    }


def late(tip, hours):
    Tip.objects.filter(pk=tip.pk).update(deadline=timezone.now() - timedelta(hours=hours))
    return Tip.objects.select_related("handler").get(pk=tip.pk)


def told():
    return [(row.stage, row.unit.code) for row in Escalation.objects.order_by("pk")]


def letters():
    return sorted(address for message in mail.outbox for address in message.to)


def test_chief_is_told_at_once_and_the_level_above_a_day_later(submit, people):
    tip = late(submit(text=SECRET), 1)
    assert escalation.escalate_overdue() == 1
    assert (told(), letters()) == ([(1, "D6801")], ["chief@x.vn"])
    escalation.escalate_overdue(timezone.now() + timedelta(hours=24))
    assert told() == [(1, "D6801"), (2, "D68")]
    assert letters() == ["chief@x.vn", "district@x.vn"]
    assert not [m for m in mail.outbox if SECRET[:8] in m.body + m.subject or tip.public_id in m.body]
    assert AuditEntry.objects.filter(action="tips.tip.escalated").count() == 2


def test_sweep_twice_tells_and_mails_once(submit, people):
    late(submit(), 1)
    tasks.sweep()
    tasks.sweep()
    assert (len(told()), len(mail.outbox)) == (1, 1)


def test_one_mail_for_many_tips(submit, people):
    for _number in range(3):
        late(submit(), 1)
    escalation.escalate_overdue()
    assert len(mail.outbox) == 1
    assert "3 tin báo" in mail.outbox[0].body


def test_extended_tip_that_is_late_again_is_told_again(submit, people):
    tip = late(submit(), 1)
    escalation.escalate_overdue()
    deadline = timezone.now() + timedelta(days=2)
    timing.extend(tip, actor=people["chief"], version=1, deadline=deadline, reason="Xác minh thêm")
    assert escalation.escalate_overdue() == 0
    assert escalation.escalate_overdue(deadline + timedelta(hours=1)) == 1


def test_unit_without_a_chief_is_told_to_the_next_above(submit, area):
    make_user(Role.SUPERVISOR, area.province, email="province@x.vn")
    late(submit(), 1)
    escalation.escalate_overdue()
    assert told() == [(1, "68")]


def test_restricted_tip_is_told_to_its_circle_only(submit, area, people):
    make_user(Role.CHIEF, area.commune_a, email="named@x.vn", restricted_circle=True)
    late(submit(category="TRE_EM", text="Cháu bé kể chuyện bị đánh khi ở nhà một mình."), 1)
    escalation.escalate_overdue()
    assert letters() == ["named@x.vn"]


def test_mail_server_that_is_away_is_asked_again(submit, people, settings):
    late(submit(), 1)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    escalation.escalate_overdue()
    assert Escalation.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    escalation.escalate_overdue()
    assert letters() == ["chief@x.vn"]


def test_tip_in_time_or_ended_is_no_news(submit, people):
    submit()
    Tip.objects.filter(pk=late(submit(), 5).pk).update(status="closed")
    assert escalation.escalate_overdue() == 0


def test_day_page_shows_an_overdue_tip_once_and_leads_to_what_is_to_be_erased(submit, people):
    overdue, calm = late(submit(), 1), submit()
    escalation.escalate_overdue()
    client = Client()
    client.force_login(people["chief"])
    body = client.get(reverse("desk:today")).content.decode()
    assert body.count(reverse("desk:tip", args=[overdue.public_id])) == 1
    assert body.count(reverse("desk:tip", args=[calm.public_id])) == 1
    assert (
        f'href="{reverse("desk:erasures")}"'
        in body.partition("user-menu__panel")[2].partition("</details>")[0]
    )


def test_tips_with_nobody_above_hold_up_no_others(submit, people, area, monkeypatch):
    monkeypatch.setattr(escalation, "AT_ONCE", 2)
    highest = [late(submit(), 90) for _number in range(3)]
    Tip.objects.filter(pk__in=[tip.pk for tip in highest]).update(handler=area.province)
    below = late(submit(), 80)
    for _minute in range(4):
        escalation.escalate_overdue()
    assert Escalation.objects.get(stage=escalation.Stage.SUPERIOR).tip == below
    assert Escalation.objects.filter(stage=escalation.Stage.CHIEF).count() == 4
