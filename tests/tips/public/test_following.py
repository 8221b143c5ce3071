"""Following a tip by its receipt: what it shows, what may be added, and who is slowed down."""

import re
from datetime import timedelta
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tests.tips.public.forms import TEXT, WRONG, follow, photo
from tips import throttling
from tips.enums import MessageKind, TipStatus
from tips.models import Message, Tip
from tips.services.handling import accept, reply

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("spell", [str, str.lower, lambda code: code.replace("-", " "), lambda c: f" {c} "])
def test_receipt_is_read_in_any_spelling(client, receipt, spell):
    response = follow(client, spell(receipt))

    assert "Đã nhận" in response.content.decode()


def test_follow_shows_neither_the_receipt_nor_the_report(client, receipt):
    html = follow(client, receipt).content.decode()

    shown = re.sub(r'<input type="hidden"[^>]*>', "", html)
    assert receipt not in html and receipt.replace("-", "") not in shown
    assert TEXT not in html


def test_follow_shows_answers_and_steps(client, area, receipt):
    officer = make_user(Role.CHIEF, area.commune_a)
    tip = Tip.objects.get()
    accept(tip, actor=officer, version=tip.version)
    tip.refresh_from_db()
    reply(tip, actor=officer, version=tip.version, text="Xin cho biết thêm biển số xe.")
    Message.objects.create(tip=tip, kind=MessageKind.NOTE, author=officer, text="Ghi chú kín")

    html = follow(client, receipt).content.decode()

    assert "Xin cho biết thêm biển số xe." in html
    assert "Công an xã Minh Tân" in html
    assert "Ghi chú kín" not in html and officer.full_name not in html
    assert 'timeline__item--current" aria-current="step"><p class="timeline__title">Đã có trả lời' in html


@pytest.mark.parametrize("wrong", ["", "XXXX", "7KQM-2XPA-9DRT-E4WZ", "'; --", "\x00", "x" * 5000, "<b>"])
def test_wrong_receipts_get_one_identical_answer(client, area, wrong):
    def page(code):
        body = follow(client, code).content.decode()
        return re.sub(r'name="receipt" value="[^"]*"', "", body)

    assert page(wrong) == page("0000-0000-0000-0000")
    assert WRONG in page(wrong)


def test_wrong_receipts_are_throttled_and_right_ones_are_not_counted(client, receipt):
    for _number in range(15):
        assert follow(client, receipt).status_code == 200
    for _number in range(10):
        assert follow(client, "0000-0000-0000-0000").status_code == 200

    response = follow(client, "0000-0000-0000-0000")

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert follow(client, receipt).status_code == 429


def test_adding_while_wrong_receipts_are_throttled_returns_the_words(client, receipt):
    for _number in range(10):
        follow(client, "0000-0000-0000-0000")

    response = follow(client, receipt, action="add", text="Biển số 49B1 123.45", files=[photo()])

    html = response.content.decode()
    assert response.status_code == 429 and int(response["Retry-After"]) > 0
    assert "Biển số 49B1 123.45" in html and "anh.jpg" in html and "Xin thử lại sau" in html
    assert f'name="receipt" value="{receipt}"' in html and 'name="action" value="add"' in html
    assert Message.objects.count() == 0


def test_adding_too_often_keeps_the_words(client, receipt, monkeypatch):
    monkeypatch.setitem(throttling.LIMITS, "message", throttling.Limit(1, 3600))
    follow(client, receipt, action="add", text="Lời thứ nhất")

    response = follow(client, receipt, action="add", text="Lời thứ hai")

    assert response.status_code == 429
    assert "Lời thứ hai" in response.content.decode()
    assert Message.objects.count() == 1


def test_adding_words_and_photo_reaches_the_officers(client, receipt):
    form = follow(client, receipt).content.decode()
    token = re.search(r'name="form_token" value="([^"]*)"', form)[1]

    values = {"action": "add", "text": "Biển số 49B1 123.45", "form_token": token, "files": [photo()]}
    response = follow(client, receipt, **values)
    again = follow(client, receipt, **{**values, "files": [photo()]})

    assert "Đã nhận nội dung gửi thêm" in response.content.decode()
    assert "Biển số 49B1 123.45" in again.content.decode()
    message = Message.objects.get()
    assert message.text == "Biển số 49B1 123.45"
    assert message.evidence.count() == 1


def test_adding_only_a_photo_is_enough(client, receipt):
    follow(client, receipt, action="add", text="", files=[photo()])

    assert Message.objects.get().text == "Gửi thêm 1 tệp."


def test_adding_nothing_is_an_error_that_keeps_the_page(client, receipt):
    html = follow(client, receipt, action="add", text=" ").content.decode()

    assert "không bắt buộc" not in html

    assert "Xin viết nội dung hoặc chọn ảnh" in html
    assert Message.objects.count() == 0


def test_adding_a_refused_file_keeps_the_words(client, receipt):
    bad = SimpleUploadedFile("x.exe", b"MZ\x90\x00 nothing")

    html = follow(client, receipt, action="add", text="Thêm biển số", files=[bad]).content.decode()

    assert "Tệp thứ 1" in html and "Thêm biển số" in html and "x.exe" in html
    assert Message.objects.count() == 0


def test_adding_with_a_wrong_receipt_writes_nothing(client, receipt):
    response = follow(client, "0000-0000-0000-0000", action="add", text="Thêm biển số")

    assert WRONG in response.content.decode()
    assert Message.objects.count() == 0


@pytest.mark.parametrize(("days", "can_write"), [(13, True), (15, False)])
def test_ended_tip_can_be_taken_up_again_for_two_weeks(client, receipt, days, can_write):
    closed_at = timezone.now() - timedelta(days=days)
    Tip.objects.update(status=TipStatus.CLOSED, outcome="handled", closed_at=closed_at)

    html = follow(client, receipt).content.decode()
    assert ('name="action" value="add"' in html) is can_write
    follow(client, receipt, action="add", text="Chuyện lại xảy ra")

    assert Message.objects.exists() is can_write
    assert (Tip.objects.get().status == TipStatus.REOPENED) is can_write


def test_follow_with_the_database_away_returns_the_words(client, receipt):
    with mock.patch("tips.views.find", side_effect=OperationalError("server closed the connection")):
        response = follow(client, receipt, action="add", text="Thêm biển số xe")

    html = response.content.decode()
    assert response.status_code == 503
    assert "Thêm biển số xe" in html and 'action="/theo-doi/"' in html


def test_follow_needs_a_fixed_number_of_queries(client, area, receipt, django_assert_num_queries):
    tip = Tip.objects.get()

    def add():
        Message.objects.create(tip=tip, text="Thêm")

    add()
    with django_assert_num_queries(8):
        follow(client, receipt)
    add()
    add()
    with django_assert_num_queries(8):
        follow(client, receipt)
