"""Vietnamese telephone numbers: reading what people type, one stored form, one shown form, masking.

Numbering plan: ten-digit mobile numbers since the change of 2018, eleven-digit landlines with area code 02x
since 2017, service numbers 1800 and 1900, short numbers of three to five digits. A number can be kept when
its owner changes operator, so a prefix never tells the operator, and an unknown prefix is only a warning.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOBILE = re.compile(r"0(3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}")
SERVICE = re.compile(r"1[89]00(\d{4}|\d{6})")
EMERGENCY_NUMBERS = {"111", "112", "113", "114", "115"}
# Eleven-digit mobile prefixes that went out of use in 2018, and what they became.
RENAMED_PREFIXES = {
    **{"0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078"},
    **{"0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082"},
    **{f"016{n}": f"03{n}" for n in range(2, 10)},
    **{"0186": "056", "0188": "058", "0199": "059"},
}
AREA_CODES = {
    *("024", "028", "0251", "0252", "0290", "0291", "0292", "0293", "0294", "0296", "0297", "0299"),
    *(f"0{n}" for n in (*range(203, 217), *range(218, 223), *range(225, 230), *range(232, 240))),
    *(f"0{n}" for n in (*range(254, 264), *range(269, 278))),
}

_SEVERAL = re.compile(r"\d.*?(?:[/;,|&\n]|\b(?:hoặc|hoac|hay|và|va|or)\b).*\d", re.IGNORECASE | re.DOTALL)
_EXTENSION = re.compile(r"\d.*?(#|\b(?:ext|x|lẻ|le|máy lẻ|nhánh|nội bộ|nb|số lẻ)\b|x\d)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s.()\-\u2010-\u2015\u2212]")


class PhoneError(ValueError):
    """What was typed is not one Vietnamese telephone number.

    The message is for the person who typed it and carries no digits of the number. `suggestion` is the number
    that was probably meant, or empty.
    """

    def __init__(self, message: str | Promise, *, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True)
class Phone:
    """One telephone number.

    `e164` is the stored form (+84912345678); service and short numbers have no international form and are
    stored as dialled (18006922, 113). `display` is the shown form. `kind` is one of the constants below.
    `warning` is a sentence for the person, or empty. The number itself stays out of logs and `repr`.
    """

    MOBILE = "mobile"
    LANDLINE = "landline"
    TOLLFREE = "tollfree"
    EMERGENCY = "emergency"
    SHORT = "short"

    e164: str = field(repr=False)
    display: str = field(repr=False)
    kind: str
    warning: str | Promise = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return self.display

    @property
    def is_personal(self) -> bool:
        """Whether a person can be reached there: a mobile or a landline, not a hotline."""
        return self.kind in {self.MOBILE, self.LANDLINE}


def parse_phone(raw: str) -> Phone:
    """Read one number as typed: 0..., 84..., +84..., 0084..., with spaces, dots, dashes, brackets.

    Full-width and other digits count as digits. An eleven-digit number of before 2018 becomes its successor,
    with a warning. Raises PhoneError with a Vietnamese sentence for anything else.
    """
    number = _national_number(_compact(raw))
    if not number.strip("0"):
        raise PhoneError(_("Số điện thoại không thể toàn số 0."))
    if not number.startswith("0"):
        return _service_or_short(number)
    if number.startswith("02"):
        return _landline(number)
    return _mobile(number)


def mask_phone(raw: str) -> str:
    """Return a number for public eyes: 09xx xxx 678. Hotlines stay whole, unreadable input keeps 3 digits."""
    try:
        phone = parse_phone(raw)
    except PhoneError:
        digits = "".join(char for char in unicodedata.normalize("NFKC", raw) if char.isdecimal())
        shown = digits[-3:] if len(digits) > 6 else ""
        return "x" * (len(digits) - len(shown)) + shown
    if not phone.is_personal:
        return phone.display
    return re.sub(r"\d", "x", phone.display[:-3]).replace("xx", phone.display[:2], 1) + phone.display[-3:]


def _compact(raw: str) -> str:
    """Only digits, with a leading + if there was one; raises PhoneError when anything else was typed."""
    visible = (char for char in unicodedata.normalize("NFKC", raw) if unicodedata.category(char) != "Cf")
    text = "".join(str(unicodedata.decimal(char, char)) for char in visible).strip()
    if not text:
        raise PhoneError(_("Chưa nhập số điện thoại."))
    if _SEVERAL.search(text):
        raise PhoneError(_("Ô này chỉ ghi một số điện thoại. Xin ghi số còn lại vào nội dung."))
    if _EXTENSION.search(text):
        raise PhoneError(_("Xin chỉ ghi số gọi chính, không ghi số máy lẻ."))
    compact = _SEPARATORS.sub("", text)
    if not re.fullmatch(r"\+?\d+", compact):
        raise PhoneError(_("Số điện thoại chỉ gồm các chữ số 0-9. Xin kiểm tra có gõ nhầm chữ không."))
    return compact


def _national_number(compact: str) -> str:
    """Strip the country code; raises PhoneError for foreign numbers and impossible lengths."""
    if len(compact.lstrip("+")) >= 18:
        raise PhoneError(_("Có vẻ có hai số điện thoại. Ô này chỉ ghi một số."))
    if compact.startswith("00") and compact.strip("0"):
        compact = "+" + compact[2:]
    if compact.startswith("+84"):
        return "0" + compact[3:].removeprefix("0")
    if compact.startswith("+"):
        raise PhoneError(_("Hệ thống chỉ nhận số điện thoại Việt Nam (bắt đầu bằng 0 hoặc +84)."))
    if compact.startswith("84") and len(compact) in (11, 12):
        return "0" + compact[2:].removeprefix("0")
    return compact


def _mobile(number: str) -> Phone:
    if len(number) == 11 and (prefix := RENAMED_PREFIXES.get(number[:4])):
        renamed = _mobile(prefix + number[4:])
        warning = _("Đầu số %(old)s đã đổi thành %(new)s từ năm 2018. Xin kiểm tra lại số mới: %(number)s.")
        values = {"old": number[:4], "new": prefix, "number": renamed.display}
        return Phone(renamed.e164, renamed.display, Phone.MOBILE, warning % values)
    if len(number) != 10:
        raise PhoneError(_length_sentence(len(number), 10))
    known = MOBILE.fullmatch(number)
    warning = "" if known else _("Đầu số này lạ. Xin kiểm tra lại từng chữ số.")
    return Phone(f"+84{number[1:]}", f"{number[:4]} {number[4:7]} {number[7:]}", Phone.MOBILE, warning)


def _landline(number: str) -> Phone:
    if len(number) != 11:
        raise PhoneError(_length_sentence(len(number), 11))
    area = number[:3] if number[:3] in AREA_CODES else number[:4]
    warning = "" if area in AREA_CODES else _("Mã vùng này lạ. Xin kiểm tra lại từng chữ số.")
    display = f"{area} {number[len(area) : -4]} {number[-4:]}"
    return Phone(f"+84{number[1:]}", display, Phone.LANDLINE, warning)


def _service_or_short(number: str) -> Phone:
    if SERVICE.fullmatch(number):
        return Phone(number, f"{number[:4]} {number[4:]}", Phone.TOLLFREE)
    if number in EMERGENCY_NUMBERS:
        return Phone(number, number, Phone.EMERGENCY)
    if 3 <= len(number) <= 5:
        return Phone(number, number, Phone.SHORT)
    if MOBILE.fullmatch(f"0{number}") or (len(number) == 10 and number.startswith("2")):
        raise PhoneError(_("Số này có thể thiếu số 0 ở đầu. Xin kiểm tra lại."), suggestion=f"0{number}")
    raise PhoneError(_("Số điện thoại phải bắt đầu bằng 0 hoặc +84. Xin kiểm tra lại."))


def _length_sentence(actual: int, expected: int) -> str | Promise:
    values = {"expected": expected, "actual": actual}
    if expected == 11:
        return _("Số cố định có %(expected)s chữ số, kể cả mã vùng; số vừa nhập có %(actual)s.") % values
    return _("Số di động có %(expected)s chữ số; số vừa nhập có %(actual)s.") % values
