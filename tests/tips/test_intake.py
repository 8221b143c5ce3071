"""Receiving tips: what is stored, who handles it, and that one form makes one tip."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.crypto.sealed import unseal
from tests.factories import BroadcastFactory, UnitFactory, make_user
from tests.tips import media
from tips import receipts
from tips.models import Contact, Evidence, Tip, TipTerm
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db


def upload(data: bytes, name: str = "anh-nha-toi.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def errors_of(draft) -> dict:
    with pytest.raises(ValidationError) as caught:
        submit_tip(draft)
    return caught.value.message_dict


def test_submitted_tip_is_new_and_due(area, draft):
    submission = submit_tip(draft(village=area.village_a.code, place="Quán Sao Đêm"))
    tip = Tip.objects.get()
    assert submission.created and submission.tip == tip
    assert (tip.status, tip.channel, tip.version) == ("new", "web", 1)
    assert (tip.unit, tip.village, tip.handler) == (area.commune_a, area.village_a, area.commune_a)
    assert (tip.text, tip.place) == ("Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.", "Quán Sao Đêm")
    assert tip.deadline > timezone.now() + timedelta(days=2)
    assert tip.is_anonymous and not Contact.objects.exists()


def test_received_at_is_cut_to_the_minute(submit):
    tip = submit()
    assert (tip.received_at.second, tip.received_at.microsecond) == (0, 0)
    assert tip.events.get().at == tip.received_at


def test_no_trace_of_a_sender_knows_the_second(submit, settings):
    tip = submit(files=[upload(media.picture())])
    assert AuditEntry.objects.get(action="tips.tip.received").at == tip.received_at
    path = Path(settings.MEDIA_ROOT, tip.evidence.get().path)
    assert [kept.stat().st_mtime % 60 for kept in (path, path.parent)] == [0, 0]


def test_audit_of_a_tip_an_officer_wrote_down_is_exact(area, draft):
    officer = make_user(Role.OFFICER, area.commune_a)
    before = timezone.now()
    submit_tip(draft(channel="counter"), actor=officer)
    assert AuditEntry.objects.get(action="tips.tip.received").at >= before


def test_receipt_finds_the_tip_and_is_stored_nowhere(draft):
    submission = submit_tip(draft())
    assert Tip.objects.get(receipt_digest=receipts.digest(submission.receipt)) == submission.tip
    bare = receipts.normalise(submission.receipt)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tips_tip")
        row = str(cursor.fetchone())
    assert bare not in row and submission.receipt not in row


def test_contact_is_sealed(submit):
    tip = submit(contact_name="Trần Thị Hoa", contact_phone="0912 345 678")
    sealed = bytes(tip.contact.sealed)
    assert not tip.is_anonymous
    assert b"Hoa" not in sealed
    assert json.loads(unseal(sealed)) == {"name": "Trần Thị Hoa", "phone": "+84912345678"}


def test_sealed_contacts_have_one_length(submit):
    short, long = submit(contact_name="An"), submit(contact_name="A" * 120, contact_phone="0912345678")
    assert len(short.contact.sealed) == len(long.contact.sealed)


def test_conduct_complaint_goes_to_the_level_above(area, submit):
    assert submit(category="CAN_BO").handler == area.district


def test_conduct_complaint_without_district_goes_to_the_province(area, submit):
    assert submit(category="CAN_BO", unit=area.commune_c).handler == area.other_province


def test_conduct_complaint_with_nobody_above_is_refused(draft):
    assert "category" in errors_of(draft(category="CAN_BO", unit=UnitFactory()))


def test_form_sent_twice_is_one_tip_with_one_receipt(draft):
    token = receipts.new_form_token()
    first, second = submit_tip(draft(form_token=token)), submit_tip(draft(form_token=token))
    assert (first.created, second.created) == (True, False)
    assert first.tip == second.tip and first.receipt == second.receipt
    assert Tip.objects.count() == 1 and first.tip.messages.count() == 0


def test_form_sent_again_with_another_text_adds_it_to_the_thread(draft):
    token = receipts.new_form_token()
    submit_tip(draft(form_token=token))
    again = submit_tip(draft(form_token=token, text="Xin bổ sung: quán tên là Sao Đêm."))
    submit_tip(draft(form_token=token, text="Xin bổ sung: quán tên là Sao Đêm."))
    assert [message.text for message in again.tip.messages.all()] == ["Xin bổ sung: quán tên là Sao Đêm."]


def test_form_sent_twice_with_one_photo_keeps_it_once(draft, settings):
    token = receipts.new_form_token()
    first = submit_tip(draft(form_token=token, files=[upload(media.picture())]))
    second = submit_tip(draft(form_token=token, files=[upload(media.picture())]))

    assert (second.tip, second.receipt, second.created) == (first.tip, first.receipt, False)
    assert (first.files, second.files) == (1, 1)
    assert len(stored_files(settings)) == 2  # the photo and its original


def stored_files(settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.parametrize("change", ["category", "unit"])
def test_form_sent_again_about_another_matter_is_another_tip(area, draft, change):
    token = receipts.new_form_token()
    changed = {"category": {"category": "CAN_BO"}, "unit": {"unit": area.commune_b}}[change]
    first = submit_tip(draft(form_token=token))
    second = submit_tip(draft(form_token=token, text="Cán bộ xã thu tiền không có biên lai", **changed))
    assert second.created and second.receipt != first.receipt
    assert second.tip.handler == {"category": area.district, "unit": area.commune_b}[change]
    assert not first.tip.messages.exists() and not second.tip.messages.exists()
    again = submit_tip(draft(form_token=token, text="Cán bộ xã thu tiền không có biên lai", **changed))
    assert (again.tip, again.receipt, again.created) == (second.tip, second.receipt, False)
    assert Tip.objects.count() == 2


def test_form_sent_again_with_new_files_keeps_each_once(draft, settings):
    token = receipts.new_form_token()
    red, blue = media.picture(), media.picture(colour="blue")
    first = submit_tip(draft(form_token=token, files=[upload(red)]))
    for _ in range(2):
        submit_tip(draft(form_token=token, files=[upload(red), upload(blue)]))
    message = first.tip.messages.get()
    assert (message.text, message.evidence.count()) == ("Gửi thêm 1 tệp.", 1)
    assert first.tip.evidence.count() == 2
    assert len(stored_files(settings)) == 4  # each with its original


def test_form_sent_again_with_a_contact_seals_it_once(draft):
    token = receipts.new_form_token()
    first = submit_tip(draft(form_token=token))
    submit_tip(draft(form_token=token, contact_name="Trần Thị Hoa"))
    submit_tip(draft(form_token=token, contact_name="Kẻ Khác", contact_phone="0912345678"))
    tip = Tip.objects.get()
    assert not tip.is_anonymous and json.loads(unseal(tip.contact.sealed))["name"] == "Trần Thị Hoa"
    assert [message.text for message in tip.messages.all()] == ["Gửi thêm thông tin liên hệ."]
    assert tip.version == first.tip.version + 1


def test_form_sent_again_with_another_place_says_where(area, draft):
    token = receipts.new_form_token()
    submit_tip(draft(form_token=token))
    for _ in range(2):
        again = submit_tip(draft(form_token=token, village=area.village_a, place="Quán Sao Đêm"))
    assert [message.text for message in again.tip.messages.all()] == ["Thôn Trung Hòa\nQuán Sao Đêm"]


def test_forged_form_token_is_ignored(draft):
    first, second = submit_tip(draft(form_token="1")), submit_tip(draft(form_token="1"))
    assert first.receipt != second.receipt and Tip.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("category", {"category": "ABC"}),
        ("category", {"category": None}),
        ("text", {"text": "ngắn"}),
        ("text", {"text": " \u200b\n" * 20}),
        ("text", {"text": "a" * 5001}),
        ("text", {"text": None}),
        ("text", {"text": ["mảng", "chữ"]}),
        ("unit", {"unit": ""}),
        ("unit", {"unit": "99999"}),
        ("unit", {"unit": "D68"}),
        ("village", {"village": "D680201"}),
        ("village", {"village": "D6801"}),
        ("place", {"place": "a" * 301}),
        ("coordinates", {"coordinates": ("11.5", "")}),
        ("coordinates", {"coordinates": ("0", "0")}),
        ("coordinates", {"coordinates": ("nan", "nan")}),
        ("coordinates", {"coordinates": ("108.4", "11.5")}),
        ("occurred_at", {"occurred_at": timezone.now() + timedelta(days=1)}),
        ("occurred_at", {"occurred_at": timezone.now() - timedelta(days=366 * 51)}),
        ("contact_name", {"contact_name": "a" * 121}),
        ("contact_phone", {"contact_phone": "12345678"}),
        ("contact_phone", {"contact_phone": "113"}),
        ("files", {"files": [object()] * 6}),
    ],
)
def test_bad_value_is_refused_by_its_field(draft, field, values):
    assert set(errors_of(draft(**values))) == {field}
    assert not Tip.objects.exists()


def test_all_complaints_come_at_once(draft):
    assert set(errors_of(draft(category="", text="", unit="", contact_phone="x"))) == {
        "category",
        "text",
        "unit",
        "contact_phone",
    }


def test_closed_commune_is_refused(area, draft):
    area.commune_a.valid_to = timezone.localdate()
    area.commune_a.save(update_fields=["valid_to"])
    assert "unit" in errors_of(draft())


def test_text_of_the_limits_is_taken(submit):
    assert len(submit(text="đ" * 5000).text) == 5000
    assert submit(text="mười chữ ạ").text == "mười chữ ạ"


def test_text_is_stored_composed_and_with_its_capitals(submit):
    tip = submit(text="QUÁN HÁT Ở Ðông Phú cả ngày".replace("Á", "A\u0301"))
    assert tip.text == "QUÁN HÁT Ở Đông Phú cả ngày"


def test_coordinates_in_the_islands_are_taken(submit):
    assert submit(coordinates=("8.6453", "111.92")).coordinates == "8.64530,111.92000"


def test_broadcast_code_joins_the_tip_to_it(submit):
    broadcast = BroadcastFactory(state="done", started_at=timezone.now())
    assert submit(broadcast=broadcast.code.lower()).broadcast == broadcast


@pytest.mark.parametrize("state", ["draft", "approved", "cancelled", "missed", "withdrawn"])
def test_broadcast_that_nobody_got_or_may_name_is_dropped(submit, state):
    started_at = timezone.now() if state == "withdrawn" else None
    broadcast = BroadcastFactory(state=state, started_at=started_at)
    assert submit(broadcast=broadcast.code).broadcast is None
    assert submit(broadcast=broadcast).broadcast is None


def test_broadcast_of_a_practice_unit_is_dropped(submit):
    practice = UnitFactory(is_practice=True)
    sent = BroadcastFactory(state="done", started_at=timezone.now(), unit=practice)
    assert submit(broadcast=sent.code).broadcast is None


@pytest.mark.parametrize("code", ["TB-2611-9999", "\x00", "\ud800", 7, ["TB"], {}, "x" * 500])
def test_tip_is_not_lost_by_a_broken_broadcast_code(submit, code):
    assert submit(broadcast=code).broadcast is None


@pytest.mark.parametrize("above", [False, True])
def test_practice_unit_takes_no_tips(area, draft, above):
    unit = area.district if above else area.commune_a
    unit.is_practice = True
    unit.save(update_fields=["is_practice"])
    assert "tập huấn" in errors_of(draft())["unit"][0]


@pytest.mark.parametrize("bad", ["\x00", "D68\x0001", "\ud800", "\ufffe"])
@pytest.mark.parametrize("field", ["unit", "village"])
def test_code_with_what_no_database_takes_is_refused(draft, field, bad):
    assert list(errors_of(draft(**{field: bad}))) == [field]


def test_files_are_cleaned_encrypted_and_joined(submit, settings):
    tip = submit(files=[upload(media.picture_with_gps()), upload(media.picture("PNG"), "x.exe")])
    rows = list(tip.evidence.all())
    assert [row.kind for row in rows] == ["image", "image"]
    for row in rows:
        assert Path(settings.MEDIA_ROOT, row.path).read_bytes().startswith(b"PEF1")


def test_bad_file_refuses_the_whole_and_leaves_nothing(draft, settings):
    errors = errors_of(draft(files=[upload(media.picture()), upload(media.HTML)]))
    assert list(errors) == ["files"] and errors["files"][0].startswith("Tệp thứ 2:")
    assert not Tip.objects.exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_full_disk_refuses_files_and_takes_text(draft, settings):
    settings.MIN_FREE_DISK_MB = 10**9
    assert "bỏ tệp" in errors_of(draft(files=[upload(media.picture())]))["files"][0]
    assert submit_tip(draft()).created


def test_words_are_findable_by_digest(submit):
    tip = submit(text="nha so 12 duong cho cu toi nao cung danh bai", place="Chợ Cũ")
    assert TipTerm.objects.filter(tip=tip).count() == 11


def test_audit_entry_names_the_tip_and_nothing_of_it(submit):
    tip = submit(text="Chuyện rất riêng ở đây", contact_name="Trần Thị Hoa")
    entry = AuditEntry.objects.get(action="tips.tip.received")
    assert (entry.target_label, entry.actor, entry.unit_path) == (tip.public_id, None, tip.handler.path)
    assert entry.data == {}


def test_nothing_readable_reaches_database_files_or_logs(draft, settings, caplog):
    secrets = ["Thằn lằn tím nhảy múa", "Ngõ Bí Mật 77", "Trịnh Văn Kín", "912345678", "canh-cua"]
    caplog.set_level(0)
    submit_tip(
        draft(
            text=f"{secrets[0]} lúc nửa đêm",
            place=secrets[1],
            contact_name=secrets[2],
            contact_phone="0912345678",
            coordinates=("11.50871", "108.44521"),
            files=[upload(media.picture_with_gps(), "canh-cua.jpg")],
        )
    )
    dump = io.StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            dump.write(repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor]))
    media_bytes = b"".join(p.read_bytes() for p in Path(settings.MEDIA_ROOT).rglob("*") if p.is_file())
    assert Evidence.objects.count() == 1 and media_bytes
    for secret in [*secrets, "11.50871", "108.44521", "thằn lằn", "than lan"]:
        assert secret not in dump.getvalue() and secret.lower() not in dump.getvalue().lower()
        assert secret.encode() not in media_bytes
        assert secret not in caplog.text
    assert media.SECRET not in media_bytes


def test_draft_repr_tells_nothing(draft):
    shown = repr(
        draft(text="Chuyện rất riêng", contact_name="Hoa", place="Ngõ 7", contact_phone="0912345678")
    )
    for secret in ("riêng", "Hoa", "Ngõ", "0912345678"):
        assert secret not in shown


def test_migrations_of_tips_are_complete():
    call_command("makemigrations", "tips", check=True, dry_run=True, skip_checks=True, verbosity=0)
