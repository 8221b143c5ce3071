"""Vietnamese text: stored form, search keys, sort keys."""

import random
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.text import clean, fold, person_sort_key, search_key, sort_key, words

VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
vietnamese = st.text(alphabet=VIETNAMESE + VIETNAMESE.upper() + " 0159", max_size=30)
# Letters that interact: lookalikes, marks, joiners, emoji, compatibility forms, abbreviations.
awkward = st.lists(
    st.sampled_from(
        [*"aAđĐÐðƉiİıyqQ10. \t\r\n", "\u0301", "\u0323", "\u031b", "\u200b", "\u200d", "\ufe0f", "\u20e3"]
        + [
            "\ud800",
            "\x00",
            "\u202e",
            "\u00a0",
            "\u2028",
            "👨",
            "❤",
            "👍🏽",
            "ﬁ",
            "９",
            "𝐀",
            "\u2126",
            "ᄀ",
            "ᅡ",
            "ก็",
        ]
        + ["tdp", "ca xã", "cccd", "căn cước", " công dân", "p", "phường 0", "Mỹ", "quý", "thuý"]
    ),
    max_size=12,
).map("".join)
anything = st.one_of(vietnamese, awkward, st.text(max_size=30))


class TestClean:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("Ðường Ðiện Biên", "Đường Điện Biên"),
            ("ðường", "đường"),
            ("\u0189ức, \u0256ức", "Đức, đức"),
            (unicodedata.normalize("NFD", "phường"), "phường"),
            ("công\u200ban", "côngan"),
            ("công\u00ad an", "công an"),
            ("\ufeffTin", "Tin"),
            ("ảnh\u202egnp.exe", "ảnhgnp.exe"),
            ("a\u2066b\u2069", "ab"),
            ("15.700\u00a0hộ", "15.700 hộ"),
            ("\u3000x\u2003y ", "x y"),
            ("a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"),
            ("a\tb", "a b"),
            ("a\x00b\x07c\x9bd", "abcd"),
            ("a\ud800b", "ab"),
            ("a\ufffeb\ufdd0", "ab"),
            ("a\u200db", "ab"),
            ("a\ufe0fb", "ab"),
            ("a" + "\u0301" * 50, "á" + "\u0301" * 3),
            ("\u0301", "\u0301"),
            ("  hai đầu \n", "hai đầu"),
            ("", ""),
        ],
    )
    def test_clean_typed_text_gives_the_stored_form(self, typed, stored):
        assert clean(typed) == stored

    @pytest.mark.parametrize("emoji", ["👨‍👩‍👧", "❤️", "👍🏽", "🇻🇳", "1️⃣", "👩🏽‍🚒", "🏳️‍🌈"])
    def test_clean_emoji_stays_whole(self, emoji):
        assert clean(f"Cảm ơn {emoji} các anh") == f"Cảm ơn {emoji} các anh"

    @given(anything)
    def test_clean_twice_changes_nothing_more(self, text):
        assert clean(clean(text)) == clean(text)

    @given(anything)
    def test_clean_any_text_can_be_stored(self, text):
        cleaned = clean(text)
        assert "\x00" not in cleaned
        cleaned.encode("utf-8")
        assert unicodedata.is_normalized("NFC", cleaned)

    @given(vietnamese)
    def test_clean_proper_vietnamese_is_left_alone(self, text):
        assert clean(text) == unicodedata.normalize("NFC", text.strip())


class TestFold:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Điện Biên Phủ", "dien bien phu"),
            ("Ðiện Biên", "Điện Biên"),
            ("hòa", "hoà"),
            ("thúy", "thuý"),
            ("Mĩ", "Mỹ"),
            ("Lí", "Lý"),
            ("kĩ sư", "kỹ sư"),
            ("Quý", "Quí"),
            ("ĐẠ TẺH", "đạ tẻh"),
            ("tổ  dân\nphố", "tổ dân phố"),
            ("０９１２", "0912"),
            ("𝐓𝐢𝐧", "tin"),
            ("İstanbul", "istanbul"),
            ("K'Brih", "k'brih"),
            ("Krông Bŭk", "krong buk"),
            ("C\u043eng \u0430n", "Công an"),
        ],
    )
    def test_fold_same_word_written_otherwise_is_equal(self, one, other):
        assert fold(one) == fold(other)

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("yên", "yen"),
            ("Thúy", "thuy"),
            ("thúi", "thui"),
            ("Y Thông Niê", "y thong nie"),
            ("ý kiến", "y kien"),
            ("ủy ban", "uy ban"),
            ("tay, tai", "tay, tai"),
            ("Quỳnh", "quynh"),
            ("Nguyễn", "nguyen"),
        ],
    )
    def test_fold_y_that_tells_words_apart_stays(self, text, key):
        assert fold(text) == key

    @given(anything)
    def test_fold_twice_changes_nothing_more(self, text):
        assert fold(fold(text)) == fold(text)

    @given(anything)
    def test_fold_composed_and_decomposed_are_equal(self, text):
        text = clean(text)
        assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))

    @given(vietnamese)
    def test_fold_vietnamese_is_ascii_and_ignores_case(self, text):
        assert fold(text).isascii()
        assert fold(text.upper()) == fold(text.lower()) == fold(text)


class TestSearchKey:
    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("tdp 5", "tổ dân phố 5"),
            ("TDP5", "Tổ dân phố 05"),
            ("ca xa", "công an xã"),
            ("CA phường", "Công an phường"),
            ("cccd", "căn cước"),
            ("căn cước công dân", "Căn cước"),
            ("ANTT", "an ninh trật tự"),
            ("sđt", "số điện thoại"),
            ("P.5", "phường 5"),
            ("thôn 03", "Thôn 3"),
            ("UBND xã", "ủy ban nhân dân xã"),
            ("PCCC", "phòng cháy, chữa cháy".replace(",", "")),
            ("TP. Huế", "Thành phố Huế"),
        ],
    )
    def test_search_key_abbreviation_meets_its_long_form(self, query, text):
        assert search_key(query) == search_key(text)

    @pytest.mark.parametrize("text", ["hẻm 9", "số 12/4", "ca sĩ", "cấp cứu", "con cá", "ap 100"])
    def test_search_key_ordinary_words_are_not_expanded(self, text):
        assert search_key(text) == fold(text)

    @given(anything)
    def test_search_key_twice_changes_nothing_more(self, text):
        assert search_key(search_key(text)) == search_key(text)


class TestWords:
    def test_words_are_distinct_folded_and_in_order(self):
        assert words("Mất xe, MẤT xe ở hẻm 9, số 12/4!") == ["mat", "xe", "o", "hem", "9", "so", "12", "4"]

    @pytest.mark.parametrize(
        "text", ["0912.345.678", "+84 912 345 678", "84912345678", "gọi 0912345678 5 lần"]
    )
    def test_words_phone_is_one_word_however_spaced(self, text):
        assert "0912345678" in words(text)

    @pytest.mark.parametrize("text", ["49-B1 123.45", "49B1-12345", "49b112345", "xe 49 B1 123 45."])
    def test_words_plate_is_one_word_however_spaced(self, text):
        assert "49b112345" in words(text)

    @pytest.mark.parametrize("text", ["", " \n", "...", "👮", "_"])
    def test_words_nothing_to_index_is_empty(self, text):
        assert words(text) == []

    @given(anything)
    def test_words_of_an_abbreviation_meet_the_words_of_the_text(self, text):
        assert set(words(search_key(text))) == set(words(text))


DICTIONARY = "An Anh Ánh Ăn Ân da dă dâ Dung đa Đức E Ê ma mà mả mã má mạ O Ô Ơ Út Ư".split()


class TestSortKey:
    def test_sort_key_measured_list_comes_out_in_dictionary_order(self):
        shuffled = random.Random(7).sample(DICTIONARY, len(DICTIONARY))
        assert sorted(shuffled, key=sort_key) == DICTIONARY

    @pytest.mark.parametrize(
        "ordered",
        [
            ["Thôn 1", "Thôn 2", "Thôn 10", "Thôn Đông"],
            ["ba", "ba ba", "bà", "bà ba"],
            ["An", "An Bình", "Ân", "Bình An"],
            ["Dung", "Dũng", "Dương", "Đào", "Đông"],
            ["Nam", "Nga", "Nghĩa", "Nguyệt", "Nhung"],
            ["Phường 9", "Phường 12", "Phường An Hội"],
        ],
    )
    def test_sort_key_names_come_out_as_people_expect(self, ordered):
        assert sorted(reversed(ordered), key=sort_key) == ordered

    @pytest.mark.parametrize(
        ("one", "other"),
        [("hòa", "hoà"), ("AN", "an"), ("K'Brih", "KBrih"), ("Thôn 05", "thôn 5"), ("Ðức", "Đức")],
    )
    def test_sort_key_same_name_written_otherwise_is_equal(self, one, other):
        assert sort_key(one) == sort_key(other)

    @given(anything)
    def test_sort_key_holds_only_digits_and_small_letters(self, text):
        assert set(sort_key(text)) <= set("0123456789abcdefghijklmnopqrstuvwxyz")

    @given(st.text(alphabet=VIETNAMESE, max_size=2), st.text(alphabet=VIETNAMESE, max_size=2))
    def test_sort_key_different_letters_never_tie(self, one, other):
        letters = [
            re.sub("[\u0300\u0301\u0303\u0309\u0323]", "", unicodedata.normalize("NFD", w))
            for w in (one, other)
        ]
        assert (sort_key(one) == sort_key(other)) <= (letters[0] == letters[1])

    @given(vietnamese, vietnamese)
    def test_sort_key_of_a_beginning_comes_first(self, one, other):
        assert sort_key(one) <= sort_key(f"{one} {other}")

    def test_sort_key_very_long_number_is_taken(self):
        assert sort_key("1" * 5000) > sort_key("2")


class TestPersonSortKey:
    def test_people_sort_by_given_then_family_then_middle_name(self):
        ordered = ["Lê An", "Nguyễn Bảo An", "Nguyễn Văn An", "Trần An", "Hoàng Ánh", "Bùi Ân", "Đỗ Văn Bình"]
        assert sorted(reversed(ordered), key=person_sort_key) == ordered

    @pytest.mark.parametrize("name", ["", "Hoa", "K'Brih", "Y Thông Niê", "một hai ba bốn năm sáu bảy tám"])
    def test_person_of_any_number_of_words_has_a_key(self, name):
        assert person_sort_key(name).isascii()
