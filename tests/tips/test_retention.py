"""Retention: what is erased when, how completely, and what stays."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tests.tips import media
from tips import tasks
from tips.models import Contact, Evidence, Message, Tip, TipTerm
from tips.services import closing, follow, handling, retention
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

SECRET = "Thằn lằn tím nhảy múa"


def ended(tip, status, days):
    Tip.objects.filter(pk=tip.pk).update(status=status, closed_at=timezone.now() - timedelta(days=days))
    return Tip.objects.get(pk=tip.pk)


@pytest.mark.parametrize(
    ("status", "category", "days", "is_due"),
    [
        ("spam", "MA_TUY", 31, True),
        ("spam", "MA_TUY", 29, False),
        ("closed", "TTHC", 731, True),
        ("closed", "TTHC", 729, False),
        ("unfounded", "KHAC", 731, True),
        ("closed", "MA_TUY", 3000, False),
        ("accepted", "TTHC", 3000, False),
    ],
)
def test_rules(submit, status, category, days, is_due):
    ended(submit(category=category), status, days)
    assert retention.due_for_erasure(timezone.now()).exists() is is_due


def test_erased_tip_keeps_what_is_counted_and_nothing_readable(
    area, draft, settings, django_capture_on_commit_callbacks
):
    officer = make_user(Role.OFFICER, area.commune_a)
    upload = SimpleUploadedFile("a.png", media.picture("PNG"))
    submission = submit_tip(draft(category="TTHC", text=SECRET, contact_name=SECRET, files=[upload]))
    tip = handling.accept(submission.tip, actor=officer, version=1)
    tip = closing.close(tip, actor=officer, version=2, outcome="guided", public_reason=SECRET, note=SECRET)
    ended(tip, "closed", 800)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.erase_expired() == 1
    tip = Tip.objects.get()
    assert (tip.text, tip.category, tip.outcome, tip.unit) == ("", "TTHC", "guided", area.commune_a)
    assert tip.erased_at is not None
    assert not any(m.objects.exists() for m in (Contact, Evidence, Message, TipTerm))
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert follow.find(submission.receipt) is None
    assert AuditEntry.objects.filter(action="tips.tip.erased").count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.erase_expired() == 0


def test_tip_reopened_at_the_same_moment_is_left_alone(submit):
    tip = ended(submit(), "spam", 40)
    stale = retention.due_for_erasure(timezone.now()).select_related("handler").get()
    Tip.objects.filter(pk=tip.pk).update(version=2, status="reopened")
    assert retention._erase(stale, timezone.now()) is False
    assert Tip.objects.get().text == tip.text


def test_files_without_a_row_go_after_a_day(submit, settings):
    tip = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    kept = Path(settings.MEDIA_ROOT, tip.evidence.get().path)
    orphan, fresh = kept.parent / "orphan", kept.parent / "fresh"
    for path in (orphan, fresh):
        path.write_bytes(b"PEF1")
    yesterday = time.time() - 2 * 86400
    for path in (orphan, kept):
        os.utime(path, (yesterday, yesterday))
    assert retention.remove_orphaned_files() == 1
    assert kept.exists() and fresh.exists() and not orphan.exists()


def test_task_runs_both(submit, settings):
    ended(submit(), "spam", 40)
    tasks.erase_expired()
    assert Tip.objects.get().erased_at is not None
