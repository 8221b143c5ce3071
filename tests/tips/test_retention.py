"""Retention: what is erased when, how completely, who is warned, and what stays."""

import os
import time
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import make_user
from tests.tips import media
from tips import tasks
from tips.keeping import OF_TIPS, Part
from tips.models import (
    Contact,
    ErasureNotice,
    Evidence,
    Message,
    Original,
    RetentionHold,
    RetentionRule,
    Tip,
    TipTerm,
    Tombstone,
)
from tips.services import asking, closing, erasing, follow, handling, offers, requests, retention
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

SECRET = "Thằn lằn tím nhảy múa"
CRIME = "Có người mua bán ma túy ở lò gạch bỏ hoang cuối thôn."


def ended(tip, status, days, *, outcome="", warned=True):
    closed_at = timezone.now() - timedelta(days=days)
    Tip.objects.filter(pk=tip.pk).update(status=status, outcome=outcome, closed_at=closed_at)
    Message.objects.filter(tip=tip, author__isnull=False).update(at=closed_at)
    if warned:
        ErasureNotice.objects.get_or_create(tip=tip, defaults={"at": timezone.now() - timedelta(days=15)})
    return Tip.objects.select_related("handler").get(pk=tip.pk)


def planned():
    return [step.part for step in retention.plan(timezone.now())]


@pytest.mark.parametrize(
    ("status", "category", "days", "is_due"),
    [
        ("spam", "MA_TUY", 31, True),
        ("spam", "MA_TUY", 29, False),
        ("closed", "TTHC", 731, True),
        ("closed", "TTHC", 729, False),
        ("unfounded", "KHAC", 731, True),
        ("duplicate", "GAY_ROI", 731, True),
        ("closed", "MA_TUY", 3000, False),
        ("accepted", "TTHC", 3000, False),
    ],
)
def test_content_goes_by_ending_and_category(submit, status, category, days, is_due):
    ended(submit(category=category, text=CRIME), status, days)
    assert (Part.CONTENT in planned()) is is_due


def test_identity_goes_first_originals_next_content_last(submit):
    file = SimpleUploadedFile("a.png", media.picture("PNG"))
    tip = submit(contact_name="Nguyễn Văn A", files=[file])
    found = {}
    for days in (364, 366, 546, 731):
        ended(tip, "closed", days, outcome="guided")
        found[days] = planned()
    contact, originals, content = OF_TIPS
    assert found == {
        364: [],
        366: [contact],
        546: [contact, originals],
        731: [contact, originals, content],
    }


def test_contact_of_an_unfounded_crime_goes_and_its_content_stays(submit):
    ended(submit(category="MA_TUY", text=CRIME, contact_name="A B"), "unfounded", 3000)
    assert planned() == [Part.CONTACT]


def test_row_decided_here_goes_before_the_built_in_one(submit):
    ended(submit(), "closed", 100, outcome="guided")
    rule = {"source": "QĐ 12", "valid_from": timezone.localdate(), "category": "GAY_ROI"}
    RetentionRule.objects.create(part="content", days=90, **rule)
    assert planned() == [Part.CONTENT]
    RetentionRule.objects.create(part="content", days=0, **rule)
    assert planned() == []


def test_erased_tip_keeps_what_is_counted_and_nothing_readable(
    area, draft, settings, django_capture_on_commit_callbacks
):
    officer = make_user(Role.OFFICER, area.commune_a)
    upload = SimpleUploadedFile("a.png", media.picture("PNG"))
    submission = submit_tip(draft(category="TTHC", text=SECRET, contact_name=SECRET, files=[upload]))
    tip = handling.accept(submission.tip, actor=officer, version=1)
    tip = closing.close(tip, actor=officer, version=2, outcome="guided", public_reason=SECRET, note=SECRET)
    ended(tip, "closed", 800, outcome="guided")
    with django_capture_on_commit_callbacks(execute=True):
        assert [step.part for step in retention.run()] == list(OF_TIPS)
    tip = Tip.objects.get()
    assert (tip.text, tip.category, tip.outcome, tip.unit) == ("", "TTHC", "guided", area.commune_a)
    assert tip.erased_at is not None
    assert not any(m.objects.exists() for m in (Contact, Evidence, Message, TipTerm, Original))
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert follow.find(submission.receipt) is None
    stone = Tombstone.objects.get()
    assert (stone.messages, stone.notes, stone.files) == (1, 1, 1)
    assert stone.bytes > 0
    assert "91/2025" in stone.source
    assert AuditEntry.objects.filter(action="tips.tip.erased").count() == 1
    assert retention.run() == []


def many(submit):
    for number in range(6):
        name = "Người báo" if number % 2 else ""
        tip = submit(category=("TTHC", "GAY_ROI", "MA_TUY")[number % 3], text=CRIME, contact_name=name)
        ended(tip, ("closed", "spam")[number % 2], 400 * (number + 1), outcome="guided")


def test_dry_run_is_the_real_run(submit):
    many(submit)
    now = timezone.now()
    steps = retention.plan(now)
    before = list(Tip.objects.order_by("pk").values())
    assert steps == retention.plan(now)
    assert list(Tip.objects.order_by("pk").values()) == before
    assert len(steps) > 4
    assert retention.run(now) == steps
    assert retention.plan(now) == []


def test_command_prints_the_plan_and_changes_nothing(submit):
    tip = ended(submit(text=SECRET + " ở cuối thôn"), "spam", 40)
    out = StringIO()
    call_command("retention", "--dry-run", stdout=out)
    assert tip.public_id in out.getvalue() and SECRET not in out.getvalue()
    assert Tip.objects.get().erased_at is None
    real = StringIO()
    call_command("retention", stdout=real)
    assert real.getvalue().splitlines()[:-1] == out.getvalue().splitlines()[:-1]
    assert Tip.objects.get().erased_at is not None


def test_run_takes_all_however_few_at_once(submit, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for _number in range(5):
        ended(submit(contact_name="A B"), "spam", 40)
    assert len(retention.run()) == 10
    assert Tombstone.objects.count() == 5


def test_identity_goes_first_however_few_at_once(submit, monkeypatch):
    for days in (400, 400, 800):
        ended(submit(category="TTHC", contact_name="A B"), "closed", days)
    now = timezone.now()
    steps = retention.plan(now)
    assert [step.part for step in steps] == [Part.CONTACT, Part.CONTACT, Part.CONTACT, Part.CONTENT]
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    assert retention.run(now) == steps


def test_run_that_dies_half_way_is_finished_by_the_next(submit, settings):
    for _number in range(3):
        ended(submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))]), "spam", 40)
    real = erasing.erase_content

    def dying(*args, **kwargs):
        if Tombstone.objects.exists():
            raise RuntimeError
        return real(*args, **kwargs)

    with mock.patch.object(erasing, "erase_content", dying), pytest.raises(RuntimeError):
        retention.run()
    assert Tombstone.objects.count() == 1
    retention.run()
    assert Tombstone.objects.count() == 3


def test_files_of_a_worker_that_died_after_the_rows_are_swept(submit, settings):
    tip = ended(submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))]), "spam", 40)
    # Callbacks of the commit never run inside a test's transaction: as if the worker died there.
    retention.run()
    left = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert left
    assert Tombstone.objects.get().tip == tip
    yesterday = time.time() - 2 * 86400
    for path in left:
        os.utime(path, (yesterday, yesterday))
    assert erasing.remove_orphaned_files(timezone.now()) == len(left)
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_new_words_of_the_sender_restart_a_minimum(submit):
    tip = ended(submit(category="TTHC"), "closed", 800)
    message = Message.objects.create(tip=tip, text="Thêm một điều")
    assert planned() == []
    Message.objects.filter(pk=message.pk).update(at=timezone.now() - timedelta(days=91))
    assert planned() == [Part.CONTENT]


def test_note_of_an_officer_restarts_it_too_but_not_the_words_at_the_end(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    tip = submit()
    said = {"public_reason": "Tin thử máy, không có gì.", "note": "Gửi thử"}
    closing.close(tip, actor=chief, version=1, outcome="spam", **said)
    past = timezone.now() - timedelta(days=31)
    Tip.objects.update(closed_at=past)
    Message.objects.update(at=past)
    assert Part.CONTENT in planned()
    now = Tip.objects.select_related("handler").get()
    handling.add_note(now, actor=chief, version=now.version, text="Người này vừa gọi điện hỏi lại")
    assert planned() == []


def test_tip_reopened_at_the_same_moment_is_left_alone(submit):
    tip = ended(submit(), "spam", 40)
    steps = retention.plan(timezone.now())
    Tip.objects.filter(pk=tip.pk).update(version=2, status="reopened")
    assert not any(retention._erase(step, timezone.now()) for step in steps)
    assert erasing.erase_content(tip, timezone.now(), source="x") is False
    assert Tip.objects.get().text == tip.text


class TestWarning:
    @pytest.fixture
    def chief(self, area):
        return make_user(Role.CHIEF, area.commune_a, email="chief@x.vn")

    def test_nothing_goes_before_the_chief_had_two_weeks(self, submit, chief):
        ended(submit(category="TTHC"), "closed", 800, warned=False)
        assert retention.run() == []
        assert retention.warn() == 1
        assert retention.warn() == 0
        assert retention.run() == []
        ErasureNotice.objects.update(at=timezone.now() - timedelta(days=14, hours=1))
        assert [step.part for step in retention.run()] == [Part.CONTENT]

    def test_mail_says_how_many_and_nothing_else(self, submit, chief):
        for _number in range(2):
            tip = ended(submit(text=SECRET + " cuối thôn"), "closed", 710, warned=False)
        tasks.erase_expired()
        tasks.erase_expired()
        assert [message.to for message in mail.outbox] == [["chief@x.vn"]]
        assert "2 tin báo" in mail.outbox[0].body
        assert SECRET not in mail.outbox[0].body and tip.public_id not in mail.outbox[0].body

    def test_chief_keeps_a_tip_longer_with_a_reason(self, submit, chief, area):
        tip = ended(submit(category="TTHC"), "closed", 800)
        until = timezone.localdate() + timedelta(days=60)
        with pytest.raises(ValidationError):
            retention.hold(tip, actor=chief, until=until, reason="cần")
        with pytest.raises(ValidationError):
            retention.hold(tip, actor=chief, until=timezone.localdate(), reason="Còn đơn thư liên quan")
        with pytest.raises(NotAllowedError):
            officer = make_user(Role.OFFICER, area.commune_a)
            retention.hold(tip, actor=officer, until=until, reason="Còn đơn thư liên quan")
        retention.hold(tip, actor=chief, until=until, reason="Còn đơn thư liên quan")
        assert planned() == [] and retention.warn() == 0
        assert AuditEntry.objects.get(action="tips.retention.held").data == {"until": until.isoformat()}
        RetentionHold.objects.update(until=timezone.localdate() - timedelta(days=1))
        assert retention.warn() == 1

    def test_notice_of_a_tip_that_came_back_is_withdrawn(self, submit, chief):
        tip = ended(submit(category="TTHC"), "closed", 800)
        Tip.objects.filter(pk=tip.pk).update(status="reopened", closed_at=None)
        retention.warn()
        assert not ErasureNotice.objects.exists()


def test_files_without_a_row_go_after_a_day(submit, settings):
    tip = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    kept = Path(settings.MEDIA_ROOT, tip.evidence.get().path)
    orphan, fresh = kept.parent / "orphan", kept.parent / "fresh"
    for path in (orphan, fresh):
        path.write_bytes(b"PEF1")
    yesterday = time.time() - 2 * 86400
    for path in (orphan, kept):
        os.utime(path, (yesterday, yesterday))
    assert erasing.remove_orphaned_files(timezone.now()) == 1
    assert kept.exists() and fresh.exists() and not orphan.exists()


def test_task_runs_all(submit, settings):
    ended(submit(), "spam", 40)
    tasks.erase_expired()
    assert Tip.objects.get().erased_at is not None


def test_hold_made_after_the_plan_keeps_every_part(submit, area, monkeypatch):
    tip = submit(contact_name="Nguyễn Văn A", files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    tip = ended(tip, "closed", 4000, outcome="guided")
    steps = retention.plan(timezone.now())
    assert [step.part for step in steps] == list(OF_TIPS)
    until = timezone.localdate() + timedelta(days=100)
    chief = make_user(Role.CHIEF, area.commune_a)
    retention.hold(tip, actor=chief, until=until, reason="Cần giữ cho vụ án đang làm")
    monkeypatch.setattr(retention, "plan", lambda now, limit: steps)
    assert retention.run() == []
    assert Tip.objects.get().text and Contact.objects.exists() and Original.objects.exists()


def test_erased_tip_takes_no_new_words_which_nothing_would_erase(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    tip = ended(submit(), "closed", 800)
    erasing.erase_content(tip, timezone.now(), source="x")
    tip = Tip.objects.select_related("handler").get()
    assert offers.abilities(chief, tip) == set()
    words = "Người này vừa gọi điện hỏi lại"
    for act in (
        partial(handling.add_note, text=words),
        partial(closing.reopen, reason=words),
        partial(closing.set_valuable, valuable=True, reason=words),
    ):
        with pytest.raises(WrongStateError, match="đã được xóa"):
            act(tip, actor=chief, version=tip.version)
    assert not Message.objects.exists()


def test_erased_tip_can_no_longer_be_held(submit, area):
    tip = ended(submit(), "closed", 4000, outcome="guided")
    retention.run()
    chief = make_user(Role.CHIEF, area.commune_a)
    until = timezone.localdate() + timedelta(days=100)
    with pytest.raises(WrongStateError):
        retention.hold(tip, actor=chief, until=until, reason="Cần giữ cho vụ án đang làm")
    assert not RetentionHold.objects.exists()


def test_purge_leaves_no_words_of_who_asked(submit, area):
    officer, supervisor = make_user(Role.OFFICER, area.commune_a), make_user(Role.SUPERVISOR, area.district)
    tip = submit(contact_name="Nguyễn Văn A")
    asking.ask(tip, actor=officer, version=tip.version, reason=f"Hỏi về {SECRET}")
    values = {"kind": "access", "source": "counter", "person": SECRET, "words": SECRET, "tip": tip}
    row = requests.enter(actor=supervisor, unit=area.district, **values)
    requests.refuse(row, actor=supervisor, reason="Không phải chính người đó")
    tip = ended(tip, "closed", 4000, outcome="guided")
    retention.run()
    row.refresh_from_db()
    assert (row.words, row.person, row.state) == ("", "", "refused")
    assert [asked.reason for asked in tip.identity_requests.all()] == [""]
