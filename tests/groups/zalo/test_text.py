"""Cleaning and measuring text: never a mention, never a control character, never a silent cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.zalo.errors import EmptyText, TextTooLong
from groups.zalo.text import MAX_TEXT, clean, count, prepare, prepare_private


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  xin chào \n", "xin chào"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00b\x1fc\x7fd\x85e", "abcde"),
        ("[@123] chào", "[ @123] chào"),
        ("[\x00@123]", "[ @123]"),
        ("[[@1]@2]", "[[ @1]@2]"),
        ("[\u200b@123]", "[ \u200b@123]"),
        ("a@b.vn [x] @y", "a@b.vn [x] @y"),
        ("\ud83d", ""),
    ],
)
def test_clean_makes_text_safe_for_a_group(text, cleaned):
    assert clean(text) == cleaned


@given(st.text())
def test_clean_twice_is_clean_once_and_leaves_no_marker(text):
    once = clean(text)

    assert clean(once) == once
    assert "[@" not in once
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(max_size=300))
def test_prepare_returns_all_of_the_text_or_refuses(text):
    try:
        prepared = prepare(text)
    except EmptyText:
        assert clean(text) == ""
    else:
        assert prepared == clean(text)


@pytest.mark.parametrize(("text", "units"), [("Thất", 4), ("Tha\u0302\u0301t", 4), ("😀", 2), (" a ", 1)])
def test_count_is_utf16_units_of_the_composed_form(text, units):
    assert count(text) == units


def test_prepare_at_the_limit_passes_and_one_more_is_refused():
    assert prepare("ấ" * MAX_TEXT) == "ấ" * MAX_TEXT
    with pytest.raises(TextTooLong) as caught:
        prepare("ấ" * (MAX_TEXT + 1))
    assert (caught.value.count, caught.value.limit) == (MAX_TEXT + 1, MAX_TEXT)


def test_prepare_counts_emoji_as_phones_do():
    with pytest.raises(TextTooLong):
        prepare("😀" * (MAX_TEXT // 2 + 1))


def test_private_text_is_prepared_alike_and_remembered_nowhere():
    prepare.cache_clear()
    assert prepare_private(" Mã theo dõi: [@1] ") == "Mã theo dõi: [ @1]"
    with pytest.raises(EmptyText):
        prepare_private(" ")
    assert prepare.cache_info().currsize == 0
