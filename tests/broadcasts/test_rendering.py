"""The text members read, to the character."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError

from broadcasts import codes, rendering
from broadcasts.models import CodeCounter
from groups.zalo import text as zalo_text

CODE = "TB-2611-0042"


@pytest.fixture(autouse=True)
def _public_url(settings):
    settings.PUBLIC_URL = "https://binhyen.example"


def test_post_ends_with_code_and_link():
    assert rendering.compose("Tiêu đề", "Nội dung.", CODE) == (
        "Tiêu đề\n\nNội dung.\n\nTB-2611-0042 · Kiểm tra: https://binhyen.example/kiem-tra/?q=TB-2611-0042"
    )


def test_post_is_nfc_and_rings_nobody():
    text = rendering.compose(unicodedata.normalize("NFD", "Phường"), "Chào [@123]", CODE)

    assert text == unicodedata.normalize("NFC", text)
    assert "[@" not in text


def test_length_is_what_the_client_will_count():
    body = "bà con 🙂 " * 30

    assert rendering.length("T", body, CODE) == zalo_text.count(rendering.compose("T", body, CODE))


def test_room_is_exact_to_the_character():
    room = rendering.room_left("Tiêu đề", "")
    body = "đ" * (room - 2)  # the blank line before the body

    rendering.check_length("Tiêu đề", body)
    zalo_text.prepare(rendering.compose("Tiêu đề", body, codes.LONGEST))
    with pytest.raises(ValidationError, match="quá 1 ký tự"):
        rendering.check_length("Tiêu đề", body + "đ")


def test_post_is_recognised_by_its_last_line_only():
    own = rendering.compose("T", "B", CODE)
    correction = rendering.compose("ĐÍNH CHÍNH", f"Bài (mã {CODE}) đã thu hồi.", "TB-2611-0043")

    assert rendering.carries_code(own, CODE)
    assert not rendering.carries_code(correction, CODE)
    assert not rendering.carries_code("", CODE)
    assert not rendering.carries_code(rendering.compose("T", "B", CODE + "1"), CODE)


def test_codes_rise_within_a_month_and_kind(db):
    month = codes.next_code(codes.BROADCAST)[:8]

    assert codes.next_code(codes.BROADCAST) == f"{month}0002"
    assert codes.next_code(codes.NOTICE).endswith("-0001")


def test_code_beyond_four_digits_stays_unique(db):
    first = codes.next_code(codes.BROADCAST)
    CodeCounter.objects.update(value=9999)

    assert codes.next_code(codes.BROADCAST) == f"{first[:8]}10000"
    assert len(first) <= 16
