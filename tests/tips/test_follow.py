"""The sender's side: one answer for every wrong receipt, messages, reopening."""

import hashlib
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.crypto.digests import digest_key
from portal.errors import StaleVersionError
from tests.factories import make_user
from tests.tips import media
from tips import receipts
from tips.enums import Priority, TipStatus
from tips.models import Message, Tip
from tips.services import closing, follow, handling, merging, routing
from tips.services.intake import submit_tip
from tips.services.search import search

pytestmark = pytest.mark.django_db


def test_receipt_as_typed_finds_its_tip(draft):
    submission = submit_tip(draft())
    assert follow.find(submission.receipt.lower().replace("-", " ")) == submission.tip


@pytest.mark.parametrize("receipt", ["0000-0000-0000-0000", "", "x", None, "A" * 5000, "----------------"])
def test_wrong_receipt_finds_nothing(submit, receipt):
    submit()
    assert follow.find(receipt) is None


def test_receipts_from_before_the_digest_got_cheaper_still_work(submit):
    tip, receipt = submit(), receipts.new_receipt()
    former = hashlib.scrypt(receipt.encode(), salt=digest_key("tips.receipt"), n=1024, r=8, p=1, dklen=32)
    Tip.objects.filter(pk=tip.pk).update(receipt_digest=former.hex())
    assert follow.find(receipt) == tip


def test_every_receipt_costs_the_same_digests_and_queries(draft, monkeypatch):
    submission = submit_tip(draft())
    digests = []
    original = receipts.slow_digest
    monkeypatch.setattr(receipts, "slow_digest", lambda *a: digests.append(a) or original(*a))
    queries = set()
    for receipt in (submission.receipt, "0000-0000-0000-0000", "malformed"):
        with CaptureQueriesContext(connection) as captured:
            follow.find(receipt)
        queries.add(len(captured))
    assert len(digests) == 6 and len(queries) == 1


def test_view_shows_the_thread_without_names_or_notes(submit, area):
    officer = make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn Kín")
    tip = submit(files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    tip = handling.accept(tip, actor=officer, version=1)
    tip = handling.reply(tip, actor=officer, version=2, text="Xin cho biết thêm giờ")
    tip = handling.add_note(tip, actor=officer, version=3, text="Nội bộ thôi")
    follow.add_message(tip, text="Khoảng 23 giờ")
    view = follow.sender_view(tip)
    assert [(item.sender, item.text) for item in view.messages] == [
        ("police", "Xin cho biết thêm giờ"),
        ("sender", "Khoảng 23 giờ"),
    ]
    assert (view.id, view.files, view.handled_by) == (tip.public_id, 1, "Công an xã Minh Tân")
    assert "Kín" not in repr(view) and tip.text not in repr(view)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (TipStatus.NEW, "Đã nhận"),
        (TipStatus.ACCEPTED, "Đang xem"),
        (TipStatus.REOPENED, "Đang xem"),
        (TipStatus.VERIFYING, "Đang xác minh"),
        (TipStatus.TRANSFERRED, "Đã chuyển Công an xã Minh Tân"),
        (TipStatus.ANSWERED, "Đã trả lời"),
        (TipStatus.CLOSED, "Đã có kết quả"),
        (TipStatus.UNFOUNDED, "Đã có kết quả"),
        (TipStatus.SPAM, "Đã có kết quả"),
        (TipStatus.DUPLICATE, "Đang xem"),
    ],
)
def test_status_has_a_sentence(submit, status, sentence):
    tip = submit()
    tip.status = status
    assert follow.status_text(tip) == sentence


def test_message_is_added_and_findable(submit, area):
    tip = submit()
    message = follow.add_message(tip, text="Thêm: biển số 49B1 234.56")
    officer = make_user(Role.OFFICER, area.commune_a)
    assert (message.author, message.kind) == (None, "public")
    assert search(Tip.objects.visible_to(officer), "49B1-23456").get() == tip


def test_message_makes_every_older_copy_stale(submit, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = handling.accept(submit(), actor=officer, version=1)
    follow.add_message(tip, text="Khoan, tôi nhớ ra biển số")
    with pytest.raises(StaleVersionError):
        closing.close(tip, actor=officer, version=2, outcome="guided", public_reason="Đã xử lý xong")
    tip.refresh_from_db()
    assert (tip.status, tip.version) == ("accepted", 3)


def test_message_to_an_answered_tip_is_to_be_verified(submit, area):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = handling.accept(submit(), actor=officer, version=1)
    tip = handling.reply(tip, actor=officer, version=2, text="Quán tên là gì ạ?")
    follow.add_message(tip, text="Quán Sao Đêm")
    tip.refresh_from_db()
    assert (tip.status, tip.version) == ("verifying", 4)


def test_message_traces_do_not_know_the_second(submit):
    tip = submit()
    follow.add_message(tip, text="Họ lại hát")
    entry = AuditEntry.objects.get(action="tips.message.received")
    assert entry.at == tip.events.last().at == tip.messages.get().at
    assert (entry.at.second, entry.at.microsecond) == (0, 0)


def test_new_words_raise_the_priority_and_bring_the_deadline_nearer(submit):
    tip = submit()
    follow.add_message(tip, text="Giờ họ cầm dao đuổi chém nhau ngoài đường")
    after = Tip.objects.get()
    assert (tip.priority, after.priority) == (Priority.P3, Priority.P0)
    assert after.deadline - timezone.now() < timedelta(minutes=6)
    assert after.events.last().data["priority"] == [3, 0]
    assert AuditEntry.objects.get(action="tips.tip.reclassified").actor is None


def test_new_words_never_lower_a_priority_nor_undo_what_people_lowered(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a)
    high, lowered = submit(text="Có người cầm dao đuổi chém nhau"), submit(category="MA_TUY")
    lowered = routing.reclassify(lowered, actor=chief, version=1, priority="P4", reason="Việc cũ")
    for tip in (high, lowered):
        follow.add_message(tip, text="Chuyện ở gần chợ, chỗ cây đa")
        deadline = tip.deadline
        tip.refresh_from_db()
        assert tip.deadline == deadline
    assert (high.priority, lowered.priority) == (Priority.P0, Priority.P4)


@pytest.fixture
def joined(submit, area):
    """A main tip in hand, its duplicate, and the officer who joined them."""
    chief = make_user(Role.CHIEF, area.commune_a)
    main, second = (handling.accept(submit(), actor=chief, version=1) for _ in range(2))
    second = merging.merge(second, actor=chief, version=2, into=main)
    return Tip.objects.get(pk=main.pk), second, chief


def test_message_of_a_duplicate_reaches_the_main_tip(joined):
    main, second, chief = joined
    follow.add_message(second, text="Giờ họ cầm dao đuổi chém nhau")
    with pytest.raises(StaleVersionError):
        closing.close(main, actor=chief, version=2, outcome="guided", public_reason="Đã xử lý xong")
    second.refresh_from_db()
    main.refresh_from_db()
    assert (second.status, second.version, second.messages.last().text[:6]) == ("duplicate", 4, "Giờ họ")
    assert (main.version, main.priority, second.priority) == (3, Priority.P0, Priority.P3)
    event = main.events.get(kind="sender_added")
    assert event.data == {"from": second.public_id} and not main.messages.exists()


def test_message_of_a_duplicate_reopens_the_main_tip_that_has_just_ended(joined):
    main, second, chief = joined
    closing.close(main, actor=chief, version=2, outcome="guided", public_reason="Đã xử lý xong")
    follow.add_message(second, text="Họ lại hát nữa rồi")
    main.refresh_from_db()
    assert (main.status, main.version) == ("reopened", 4)


def test_message_sent_twice_is_one(submit):
    tip, token = submit(), receipts.new_form_token()
    first = follow.add_message(tip, text="Thêm một chuyện", token=token)
    assert follow.add_message(tip, text="Thêm một chuyện", token=token) == first
    assert Message.objects.count() == 1


def test_message_takes_files(submit):
    tip = submit()
    follow.add_message(tip, text="Ảnh đây", files=[SimpleUploadedFile("a", media.picture())])
    assert tip.messages.get().evidence.get().kind == "image"


@pytest.mark.parametrize("text", ["", " ", None, "a" * 5001])
def test_message_without_fitting_text_is_refused(submit, text):
    with pytest.raises(ValidationError) as caught:
        follow.add_message(submit(), text=text)
    assert list(caught.value.message_dict) == ["text"]


def ended(tip, status, days):
    Tip.objects.filter(pk=tip.pk).update(status=status, closed_at=timezone.now() - timedelta(days=days))
    return Tip.objects.get(pk=tip.pk)


@pytest.mark.parametrize("status", [TipStatus.CLOSED, TipStatus.UNFOUNDED])
def test_message_within_fourteen_days_reopens(submit, status):
    tip = ended(submit(), status, 13)
    follow.add_message(tip, text="Quán lại hát nữa rồi")
    tip.refresh_from_db()
    assert (tip.status, tip.version, tip.closed_at) == ("reopened", 2, None)
    assert [event.kind for event in tip.events.all()] == ["received", "sender_added", "reopened"]


@pytest.mark.parametrize(("status", "days"), [(TipStatus.CLOSED, 15), (TipStatus.SPAM, 1)])
def test_message_to_what_has_ended_for_good_is_refused(submit, status, days):
    tip = ended(submit(), status, days)
    assert not follow.sender_view(tip).can_write
    with pytest.raises(ValidationError, match="gửi một tin mới"):
        follow.add_message(tip, text="Còn ai đọc không")
    assert not tip.messages.exists()
