"""Finished requests about no tip: who asked and their words go after a term of their own."""

from datetime import timedelta
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tips.keeping import Part
from tips.models import DataRequest, RetentionRule
from tips.services import requests, retention

pytestmark = pytest.mark.django_db

SECRET = "Thằn lằn tím nhảy múa"


@pytest.fixture
def supervisor(area):
    return make_user(Role.SUPERVISOR, area.district)


@pytest.fixture
def enter(area, supervisor):
    """A request about no tip, decided so many days ago; None: it still waits."""

    def make(days, tip=None) -> DataRequest:
        values = {"kind": "access", "source": "counter", "person": SECRET, "words": SECRET, "tip": tip}
        row = requests.enter(actor=supervisor, unit=area.district, **values)
        if days is not None:
            requests.refuse(row, actor=supervisor, reason="Không phải chính người đó")
            decided_at = timezone.now() - timedelta(days=days)
            DataRequest.objects.filter(pk=row.pk).update(decided_at=decided_at)
        return row

    return make


def test_words_and_person_go_after_the_term_and_the_decision_stays(enter, supervisor):
    old, young, waiting = enter(731), enter(729), enter(None)
    steps = retention.plan(timezone.now())
    assert [(step.part, step.public_id) for step in steps] == [(Part.REQUEST, old.code)]
    assert retention.run() == steps and retention.run() == []
    for row in (old, young, waiting):
        row.refresh_from_db()
    assert (old.words, old.person, old.reason) == ("", "", "Không phải chính người đó")
    assert (young.words, waiting.words) == (SECRET, SECRET)
    entry = AuditEntry.objects.get(action="tips.request.erased")
    assert entry.unit_path == old.unit.path and SECRET not in str(entry.data)
    client = Client()
    client.force_login(supervisor)
    page = unescape(client.get(reverse("desk:data_request", args=[old.code])).content.decode())
    assert "Đã xóa theo thời hạn lưu giữ" in page and "không rõ tên" not in page


def test_request_about_a_tip_stays_as_long_as_its_tip(enter, submit):
    row = enter(3000, tip=submit())
    assert retention.run() == []
    row.refresh_from_db()
    assert row.words == SECRET


def test_row_decided_here_counts_for_requests_too(enter, supervisor):
    enter(40)
    rule = RetentionRule(part=Part.REQUEST, days=30, valid_from=timezone.localdate(), source="QĐ 9")
    rule.full_clean()
    rule.save()
    assert [step.source for step in retention.run()] == ["QĐ 9"]
    with pytest.raises(ValidationError, match="để trống"):
        RetentionRule(
            part=Part.REQUEST, days=30, category="TTHC", valid_from="2026-01-01", source="x"
        ).clean()
