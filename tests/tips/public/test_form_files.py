"""Files sent with a tip: cleaned, or refused without losing a word."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.tips.public.forms import TEXT, filled, photo
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_photo_is_cleaned_and_attached(client, area):
    response = client.post("/gui-tin/", filled(client, area, files=[photo(), photo("thu-hai.jpg")]))

    assert Tip.objects.get().evidence.count() == 2
    assert "Đã nhận 2 tệp kèm theo." in response.content.decode()


def test_refused_file_keeps_the_words_and_says_which_one(client, area):
    bad = SimpleUploadedFile("don-xin.pdf", b"%PDF-1.7 nothing to see", content_type="application/pdf")

    response = client.post("/gui-tin/", filled(client, area, files=[photo(), bad]))

    html = response.content.decode()
    assert Tip.objects.count() == 0
    assert "Tệp thứ 2" in html
    assert "Xin chọn lại tệp" in html and "don-xin.pdf" in html
    assert TEXT in html


def test_file_that_is_not_taken_is_not_asked_for_again(client, area):
    bad = SimpleUploadedFile("bad.docx", b"PK\x03\x04" + bytes(2000))

    html = client.post("/gui-tin/", filled(client, area, text="", files=[bad, photo()])).content.decode()

    refused, _, again = html.partition("Xin chọn lại tệp kèm theo.")
    assert "xin đừng chọn lại" in refused and "bad.docx: Chỉ nhận ảnh" in refused
    assert "anh.jpg" in again and "bad.docx" not in again


def test_too_many_files_keep_the_words(client, area):
    response = client.post("/gui-tin/", filled(client, area, files=[photo() for _ in range(12)]))

    html = response.content.decode()
    assert "tối đa 5 tệp" in html and TEXT in html
    assert Tip.objects.count() == 0


def test_files_that_weigh_too_much_together_keep_the_words(client, area, settings):
    settings.TIP_TOTAL_MAX_MB = 1
    heavy = [SimpleUploadedFile(f"{n}.jpg", b"x" * 600_000) for n in range(2)]

    html = client.post("/gui-tin/", filled(client, area, files=heavy)).content.decode()

    assert "Các tệp nặng 2 MB, mỗi lần gửi tối đa 1 MB" in html and TEXT in html
    assert Tip.objects.count() == 0
