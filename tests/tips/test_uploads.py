"""Resumable uploads: piece by piece, encrypted, bound to one form page, attached like any file."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from portal.crypto.sealed import unseal
from tests.tips import media
from tips import receipts, throttling
from tips.evidence.storage import read
from tips.models import Evidence, Message, Tip, Upload, UploadPart
from tips.services import erasing, follow, uploads
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

START = "/gui-tin/tep/"
PIECE = 16 * 1024


def noise(size=(400, 300)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 120).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


class Page:
    """A form page's side of the protocol."""

    def __init__(self, token: str | None = None) -> None:
        self.client, self.token = Client(), token or receipts.new_form_token()

    def start(self, size: int, kind: str = "image"):
        headers = {"Upload-Token": self.token, "Upload-Length": str(size), "Upload-Kind": kind}
        return self.client.post(START, headers=headers)

    def patch(self, url: str, offset: int, data: bytes, content_type="application/offset+octet-stream"):
        headers = {"Upload-Token": self.token, "Upload-Offset": str(offset)}
        return self.client.patch(url, data, content_type=content_type, headers=headers)

    def head(self, url: str):
        return self.client.head(url, headers={"Upload-Token": self.token})

    def send_up(self, data: bytes, kind: str = "image") -> str:
        """A whole upload; returns its id."""
        url = self.start(len(data), kind)["Location"]
        for offset in range(0, len(data), PIECE):
            assert self.patch(url, offset, data[offset : offset + PIECE]).status_code == 204
        return url.rstrip("/").rpartition("/")[2]

    def submit(self, area, *ids: str, **fields):
        body = {
            "category": "GAY_ROI",
            "text": "Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.",
            "unit": area.commune_a.code,
            "form_token": self.token,
            "action": "send",
            "upload": list(ids),
            **fields,
        }
        return self.client.post(reverse("tips:send"), body)


def plain(file: Evidence) -> bytes:
    import base64

    key = base64.b64encode(unseal(file.original.sealed_key)).decode()
    return b"".join(read(file.original.path, key))


def on_disk(settings) -> list[bytes]:
    return [path.read_bytes() for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_upload_in_pieces_arrives_with_the_tip_as_it_was_sent(area):
    page, data = Page(), noise()
    response = page.submit(area, page.send_up(data))
    assert response.status_code == 200 and Tip.objects.count() == 1
    file = Evidence.objects.get()
    assert plain(file) == data and file.is_ready and file.content_type == "image/jpeg"


def test_pieces_lie_encrypted_and_page_and_upload_are_not_named_alike(area, settings):
    page, data = Page(), noise()
    page.send_up(data)
    assert all(raw.startswith(b"PEF1") for raw in on_disk(settings))
    assert not any(data[100:140] in raw for raw in on_disk(settings))
    upload = Upload.objects.get()
    assert len(upload.public_id) == 43 and upload.started_at.second == 0
    raw = receipts.read_form_token(page.token)
    assert upload.form not in (raw, receipts.form_token_digest(raw))


def test_connection_that_broke_goes_on_where_it_ended(area):
    page, data = Page(), noise()
    url = page.start(len(data))["Location"]
    page.patch(url, 0, data[:PIECE])
    response = page.head(url)
    assert (response["Upload-Offset"], response["Upload-Length"]) == (str(PIECE), str(len(data)))
    assert "no-store" in response["Cache-Control"] and response["Tus-Resumable"] == "1.0.0"
    # The answer to the first piece was lost: it is sent again, and says where to go on.
    again = page.patch(url, 0, data[:PIECE])
    assert (again.status_code, again["Upload-Offset"]) == (409, str(PIECE))
    assert page.patch(url, PIECE, data[PIECE:])["Upload-Offset"] == str(len(data))
    page.submit(area, Upload.objects.get().public_id)
    assert plain(Evidence.objects.get()) == data


def test_two_pieces_at_one_offset_are_one(settings):
    page, data = Page(), noise()
    page.start(len(data))
    first, second = Upload.objects.get(), Upload.objects.get()
    uploads.append(first, offset=0, data=data[:PIECE])
    with pytest.raises(uploads.WrongOffsetError):
        uploads.append(second, offset=0, data=data[: PIECE * 2])
    assert UploadPart.objects.count() == len(on_disk(settings)) == 1


def test_upload_says_to_the_minute_when_its_tip_came(area, time_machine):
    time_machine.move_to("2026-03-04 08:15:37.123456+07:00", tick=False)
    page = Page()
    page.submit(area, page.send_up(noise()))
    upload = Upload.objects.get()
    assert timezone.localtime(upload.attached_at).isoformat() == "2026-03-04T08:15:00+07:00"


def test_form_sent_twice_attaches_once(area):
    page = Page()
    public_id = page.send_up(noise())
    first, second = page.submit(area, public_id), page.submit(area, public_id)
    assert (first.status_code, second.status_code) == (200, 200)
    assert (Tip.objects.count(), Evidence.objects.count(), Message.objects.count()) == (1, 1, 0)


def test_same_file_by_both_ways_is_kept_once(area):
    page, data = Page(), noise()
    public_id = page.send_up(data)
    page.submit(area, public_id)
    page.submit(area, files=[SimpleUploadedFile("a.jpg", data)])
    assert Evidence.objects.count() == 1


def test_uploads_and_plain_files_come_together(area):
    page = Page()
    page.submit(area, page.send_up(noise()), files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    assert Evidence.objects.count() == 2


def test_uploads_survive_a_form_that_is_refused(area):
    page = Page()
    public_id = page.send_up(noise())
    response = page.submit(area, public_id, text="ngắn")
    assert not Tip.objects.exists()
    assert f'name="upload" value="{public_id}"' in response.content.decode()
    page.submit(area, public_id)
    assert Evidence.objects.count() == 1


def test_addition_may_be_an_upload_alone(area, submit):
    page = Page()
    page.submit(area)
    tip = Tip.objects.get()
    receipt = receipts.receipt_of_form(
        receipts.sending_of_form(
            receipts.read_form_token(page.token), category="GAY_ROI", unit_code=area.commune_a.code
        )
    )
    more = Page()
    body = {
        "receipt": receipt,
        "action": "add",
        "text": "",
        "form_token": more.token,
        "upload": [more.send_up(noise())],
    }
    for _twice in range(2):
        assert more.client.post(reverse("tips:follow"), body).status_code == 200
    assert [item.text for item in follow.sender_view(tip).messages] == ["Gửi thêm 1 tệp."]
    assert tip.evidence.count() == 1


def test_upload_of_another_page_does_not_exist(area):
    mine, other = Page(), Page()
    public_id = mine.send_up(noise())
    url = reverse("tips:upload", args=[public_id])
    assert other.head(url).status_code == 404
    assert other.patch(url, 0, b"x" * PIECE).status_code == 404
    assert other.client.delete(url, headers={"Upload-Token": other.token}).status_code == 404
    assert "đã hết hạn giữ" in other.submit(area, public_id).content.decode()
    assert not Tip.objects.exists() and Upload.objects.count() == 1


@pytest.mark.parametrize("token", ["", "abc", "abc:def"])
def test_nobody_starts_an_upload_without_one_of_our_pages(token):
    headers = {"Upload-Token": token, "Upload-Length": "1000"}
    assert Client().post(START, headers=headers).status_code == 403
    assert not Upload.objects.exists()


def test_upload_that_is_not_complete_is_not_sent(area):
    page, data = Page(), noise()
    url = page.start(len(data))["Location"]
    page.patch(url, 0, data[:PIECE])
    page_again = page.submit(area, Upload.objects.get().public_id).content.decode()
    assert "chưa tải lên xong" in page_again and "Quán karaoke" in page_again
    assert not Tip.objects.exists()


@pytest.mark.parametrize(
    ("size", "kind", "words"),
    [
        (0, "image", "Tệp rỗng"),
        (16 * 1024 * 1024, "image", "tối đa 15 MB"),
        (101 * 1024 * 1024, "video", "tối đa 100 MB"),
        (101 * 1024 * 1024, "whatever", "tối đa 100 MB"),
    ],
)
def test_file_that_would_be_refused_is_refused_before_it_travels(size, kind, words):
    response = Page().start(size, kind)
    assert response.status_code == 400 and words in response.content.decode()


@pytest.mark.parametrize("length", ["", "-1", "1e6", "٣", "9" * 30])
def test_length_that_is_no_number_is_refused(length):
    headers = {"Upload-Token": receipts.new_form_token(), "Upload-Length": length}
    try:
        response = Client().post(START, headers=headers)
    except UnicodeEncodeError:
        return  # no header at all
    assert response.status_code == 400


def test_page_has_so_many_files_and_so_many_bytes(settings):
    page = Page()
    for _number in range(5):
        assert page.start(1000).status_code == 201
    assert "tối đa 5 tệp" in page.start(1000).content.decode()
    settings.TIP_TOTAL_MAX_MB = 1
    other = Page()
    assert other.start(700_000).status_code == 201
    assert "tối đa 1 MB" in other.start(700_000).content.decode()


def test_network_has_so_many_uploads_and_so_many_megabytes(monkeypatch):
    monkeypatch.setitem(throttling.LIMITS, "upload", throttling.Limit(2, 3600))
    assert [Page().start(1000).status_code for _number in range(3)] == [201, 201, 429]
    monkeypatch.setitem(throttling.LIMITS, "upload", throttling.Limit(100, 3600))
    monkeypatch.setitem(throttling.LIMITS, "upload_mb", throttling.Limit(60, 3600))
    response = Page().start(90 * 1024 * 1024, "video")
    assert response.status_code == 429 and int(response["Retry-After"]) > 0


def test_odd_pieces_are_refused(settings):
    page, data = Page(), noise()
    url = page.start(len(data))["Location"]
    assert page.patch(url, 0, data[:PIECE], "text/plain").status_code == 415
    assert page.patch(url, 0, data[:100]).status_code == 400
    assert page.patch(url, 0, data + b"more").status_code == 400
    assert page.patch(url, 5, data[:PIECE]).status_code == 409
    large = page.start(5 * 1024 * 1024, "video")["Location"]
    assert page.patch(large, 0, bytes(1024 * 1024 + 1)).status_code == 413
    assert page.patch(large, 0, bytes(3 * 1024 * 1024)).status_code == 413
    assert on_disk(settings) == []


def test_full_disk_takes_no_upload(monkeypatch):
    monkeypatch.setattr(uploads, "free_bytes", lambda: 1000)
    response = Page().start(1000)
    assert response.status_code == 400 and "tạm thời chưa nhận được tệp" in response.content.decode()


def test_upload_taken_back_is_gone(settings, django_capture_on_commit_callbacks):
    page = Page()
    url = reverse("tips:upload", args=[page.send_up(noise())])
    with django_capture_on_commit_callbacks(execute=True):
        assert page.client.delete(url, headers={"Upload-Token": page.token}).status_code == 204
    assert not Upload.objects.exists() and on_disk(settings) == []


def test_sweep_takes_what_no_form_was_sent_with_and_what_has_arrived(
    area, settings, django_capture_on_commit_callbacks
):
    left, sent = Page(), Page()
    left.send_up(noise())
    sent.submit(area, sent.send_up(noise()))
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.sweep(now + timedelta(minutes=30)) == 0
        assert uploads.sweep(now + timedelta(minutes=70)) == 1
        assert uploads.sweep(now + timedelta(hours=25)) == 1
    assert not Upload.objects.exists()
    assert len(on_disk(settings)) == 2  # what the tip has


def test_sweep_of_orphans_knows_pieces(settings):
    Page().send_up(noise())
    count = len(on_disk(settings))
    assert erasing.remove_orphaned_files(timezone.now() + timedelta(days=3)) == 0
    assert len(on_disk(settings)) == count > 1


@pytest.mark.parametrize("start", [b"MZ", b"PK\x03\x04", b"%PDF-1.7"], ids=["exe", "docx", "pdf"])
def test_first_piece_of_what_is_no_picture_is_refused_and_nothing_of_it_stays(settings, start):
    page = Page()
    url = page.start(40_000, "application")["Location"]
    answer = page.patch(url, 0, start + bytes(PIECE))
    assert answer.status_code == 400 and "Chỉ nhận ảnh" in answer.content.decode()
    assert not Upload.objects.exists() and on_disk(settings) == []


@pytest.mark.parametrize("made_as", ["JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF"])
def test_first_piece_of_a_picture_with_much_before_it_is_taken(made_as):
    out = io.BytesIO()
    Image.effect_noise((500, 500), 120).convert("RGB").save(out, made_as, icc_profile=bytes(60_000))
    data = out.getvalue()
    page = Page()
    assert page.patch(page.start(len(data))["Location"], 0, data[:PIECE]).status_code == 204


def test_broken_upload_is_refused_once_and_the_others_stay(area, settings):
    page = Page()
    good, broken = page.send_up(noise()), page.send_up(b"\xff\xd8\xff\xe0" + bytes(40_000))
    html = page.submit(area, good, broken).content.decode()
    assert "Tệp thứ 2" in html and "Tệp này đã được bỏ ra." in html and "Quán karaoke" in html
    assert f'name="upload" value="{good}"' in html and broken not in html
    assert not Tip.objects.exists()
    page.submit(area, good)
    assert Tip.objects.count() == Evidence.objects.count() == 1


def test_upload_is_dropped_without_javascript_and_the_words_stay(area):
    page, other = Page(), Page()
    kept, dropped, foreign = page.send_up(noise()), page.send_up(noise()), other.send_up(noise())
    html = page.submit(area, kept, dropped, text="ngắn").content.decode()
    assert f'name="drop" value="{dropped}"' in html
    html = page.submit(area, kept, dropped, drop=dropped).content.decode()
    assert "Quán karaoke" in html and kept in html and dropped not in html
    page.submit(area, kept, drop=foreign)
    assert not Tip.objects.exists()
    assert set(Upload.objects.values_list("public_id", flat=True)) == {kept, foreign}


def test_upload_of_an_addition_is_dropped_without_javascript(draft):
    sent, page = submit_tip(draft()), Page()
    public_id = page.send_up(noise())
    body = {"receipt": sent.receipt, "action": "add", "text": "Thêm biển số xe", "form_token": page.token}
    html = page.client.post(
        reverse("tips:follow"), {**body, "upload": [public_id], "drop": public_id}
    ).content.decode()
    assert "Thêm biển số xe" in html and public_id not in html
    assert not Message.objects.exists() and not Upload.objects.exists()
