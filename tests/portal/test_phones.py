"""Phone numbers as people write them, and what is masked of a number or a name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.text import Phone, PhoneError, mask_name, mask_phone, parse_phone


class TestParsePhone:
    @pytest.mark.parametrize(
        "typed",
        ["0912345678", "+84 912 345 678", "84912345678", "0084912345678", "(091) 234-5678", "0912.345.678"]
        + [
            "０９１２３４５６７８",
            "٠٩١٢٣٤٥٦٧٨",
            "  0912345678\n",
            "+84 (0)912 345 678",
            "0912\u00a0345\u200b678",
            "0912–345–678",
        ],
    )
    def test_phone_mobile_in_any_writing_is_one_number(self, typed):
        phone = parse_phone(typed)
        assert (phone.e164, phone.display, phone.kind) == ("+84912345678", "0912 345 678", Phone.MOBILE)
        assert not phone.warning
        assert phone.is_personal

    @pytest.mark.parametrize(
        ("typed", "stored", "display", "kind"),
        [
            ("024 3825 1234", "+842438251234", "024 3825 1234", Phone.LANDLINE),
            ("028-38251234", "+842838251234", "028 3825 1234", Phone.LANDLINE),
            ("0236 3825 123", "+842363825123", "0236 382 5123", Phone.LANDLINE),
            ("+842438251234", "+842438251234", "024 3825 1234", Phone.LANDLINE),
            ("1800 6922", "18006922", "1800 6922", Phone.TOLLFREE),
            ("1900545463", "1900545463", "1900 545463", Phone.TOLLFREE),
            ("113", "113", "113", Phone.EMERGENCY),
            ("112", "112", "112", Phone.EMERGENCY),
            ("156", "156", "156", Phone.SHORT),
            ("1022", "1022", "1022", Phone.SHORT),
            ("19001", "19001", "19001", Phone.SHORT),
        ],
    )
    def test_phone_landline_and_service_numbers(self, typed, stored, display, kind):
        phone = parse_phone(typed)
        assert (phone.e164, phone.display, phone.kind) == (stored, display, kind)
        assert not phone.warning

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("0120 123 4567", "070 1234567"),
            ("01231234567", "0831234567"),
            ("+84 169 123 4567", "0391234567"),
            ("01861234567", "0561234567"),
            ("01991234567", "0591234567"),
        ],
    )
    def test_phone_of_before_2018_becomes_its_successor_with_a_warning(self, old, new):
        phone = parse_phone(old)
        assert phone == parse_phone(new)
        assert phone.display in str(phone.warning)

    @pytest.mark.parametrize("typed", ["0512345678", "0712345678", "0432345678", "02001234567"])
    def test_phone_unknown_prefix_warns_and_passes(self, typed):
        assert parse_phone(typed).warning

    @pytest.mark.parametrize(
        ("typed", "reason"),
        [
            ("", "Chưa nhập"),
            ("   ", "Chưa nhập"),
            ("091234567", "10 chữ số"),
            ("09123456789", "10 chữ số"),
            ("0243825123", "11 chữ số"),
            ("912345678", "thiếu số 0"),
            ("123456", "bắt đầu bằng 0"),
            ("+1 415 555 2671", "Việt Nam"),
            ("001 415 555 2671", "Việt Nam"),
            ("024 3825 1234 máy lẻ 12", "máy lẻ"),
            ("0912345678 x12", "máy lẻ"),
            ("0912345678#12", "máy lẻ"),
            ("0912345678/0987654321", "một số"),
            ("0912345678, 0987654321", "một số"),
            ("0912345678 hoặc 0987654321", "một số"),
            ("0912345678 0987654321", "một số"),
            ("O912345678", "chữ số 0-9"),
            ("không có", "chữ số 0-9"),
            ("0912_345_678", "chữ số 0-9"),
            ("++84912345678", "chữ số 0-9"),
            ("0000000000", "toàn số 0"),
            ("9" * 400, "một số"),
        ],
    )
    def test_phone_unusable_input_is_refused_with_a_reason(self, typed, reason):
        with pytest.raises(PhoneError) as caught:
            parse_phone(typed)
        assert reason in str(caught.value)
        assert "345" not in str(caught.value)

    def test_phone_without_its_zero_suggests_it(self):
        with pytest.raises(PhoneError) as caught:
            parse_phone("912345678")
        assert caught.value.suggestion == "0912345678"

    def test_phone_repr_hides_the_number(self):
        assert "912" not in repr(parse_phone("0912345678"))

    @given(st.from_regex(r"(0[235789]\d{8,9}|1[89]00\d{4}|\d{3})", fullmatch=True))
    def test_phone_stored_and_shown_forms_read_back_equal(self, typed):
        try:
            phone = parse_phone(typed)
        except PhoneError:
            return
        assert parse_phone(phone.e164) == parse_phone(phone.display) == phone

    @given(st.text(max_size=40))
    def test_phone_any_text_is_a_phone_or_a_phone_error(self, text):
        try:
            assert parse_phone(text).e164.lstrip("+").isdigit()
        except PhoneError as error:
            assert str(error)


class TestMasks:
    @pytest.mark.parametrize(
        ("name", "masked"),
        [
            ("Nguyễn Văn Thành", "Nguyễn Văn Th."),
            ("Nguyễn Văn Th.", "Nguyễn Văn Th."),
            ("Lê Thị Trang", "Lê Thị Tr."),
            ("Nga", "Ng."),
            ("Nhung", "Nh."),
            ("Phúc", "Ph."),
            ("Khánh", "Kh."),
            ("Chi", "Ch."),
            ("Vũ Giang", "Vũ Gi."),
            ("Quý", "Qu."),
            ("Hoa", "H."),
            ("Trần Đức", "Trần Đ."),
            ("Lò Thị Ó", "Lò Thị O."),
            ("Lê Ước", "Lê Ư."),
            ("K'Brih", "K."),
            ("NGUYỄN VĂN THÀNH", "NGUYỄN VĂN TH."),
            (unicodedata.normalize("NFD", "Đặng Ấn"), "Đặng Â."),
            ("Lê Hoa 2", "Lê H."),
            ("", ""),
            ("...", ""),
        ],
    )
    def test_mask_name_keeps_only_the_initial_of_the_given_name(self, name, masked):
        assert mask_name(name) == masked

    @pytest.mark.parametrize(
        ("number", "masked"),
        [
            ("+84912345678", "09xx xxx 678"),
            ("024 3825 1234", "02x xxxx x234"),
            ("113", "113"),
            ("1800 6922", "1800 6922"),
            ("0912345678 hoặc bạn", "xxxxxxx678"),
            ("12345x6", "xxxxxx"),
            ("", ""),
        ],
    )
    def test_mask_phone_keeps_only_the_end(self, number, masked):
        assert mask_phone(number) == masked
