"""Lists of the desk decrypt what they show, and nothing beside it."""

from datetime import timedelta

import pytest
from django.db.models import Value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from tests.factories import TipFactory, make_area, make_user
from tips.models import (
    AlarmCall,
    ErasureNotice,
    Extension,
    IdentityGrant,
    IdentityRequest,
    Mention,
    Message,
    Tip,
    TipAlarm,
)
from tips.querysets import BESIDE_THE_TEXT, WORDS
from tips.services import escalation

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    """A chief with one row in every list about tips; what must not be read is made unreadable."""
    area, now = make_area(), timezone.now()
    chief, officer = make_user(Role.CHIEF, area.commune_a), make_user(Role.OFFICER, area.commune_a)
    supervisor = make_user(Role.SUPERVISOR, area.district)
    tip = TipFactory(unit=area.commune_a, village=area.village_a, assignee=officer)
    late = TipFactory(unit=area.commune_a, deadline=now - timedelta(hours=2))
    escalation.escalate_overdue()
    later = {"reason": "Chờ kết quả", "new_deadline": now + timedelta(days=2)}
    Extension.objects.create(tip=late, asked_by=officer, **later)
    until = now + timedelta(hours=2)
    IdentityRequest.objects.create(tip=tip, user=officer, reason="Cần hỏi thêm", until=until)
    leave = {"granted_by": supervisor, "reason": "Cần hỏi thêm", "until": until}
    IdentityGrant.objects.create(tip=tip, user=officer, **leave)
    note = Message.objects.create(tip=tip, author=officer, kind="note", text="Nhờ anh xem.")
    Mention.objects.create(message=note, tip=tip, user=chief, at=now)
    alarm = TipAlarm.objects.create(tip=tip, unit=tip.handler, stage=1, due_at=now)
    AlarmCall.objects.create(alarm=alarm, user=chief)
    old = TipFactory(unit=area.commune_a, status="closed", closed_at=now)
    ErasureNotice.objects.create(tip=old, at=now)
    Message.objects.update(text=Value("lost"))
    client = Client()
    client.force_login(chief)
    return client


def test_today_reads_the_first_words_of_tips_alone(office):
    Tip.objects.update(**dict.fromkeys(BESIDE_THE_TEXT, Value("lost")))
    IdentityRequest.objects.update(reason=Value("lost"))
    response = office.get(reverse("desk:today"))
    board = response.context["board"]
    lists = (board.tips, board.mentions, board.escalated, board.time_requests, board.identity_requests)
    assert response.status_code == 200 and all(lists)


@pytest.mark.parametrize("name", ["openings", "duty", "erasures"])
def test_lists_without_words_read_none(office, name):
    Tip.objects.update(**dict.fromkeys(WORDS, Value("lost")))
    response = office.get(reverse(f"desk:{name}"))
    assert response.status_code == 200
    page = response.content.decode()
    assert [code for code in Tip.objects.values_list("public_id", flat=True) if code in page]
