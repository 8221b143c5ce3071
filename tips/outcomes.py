"""How a tip may end: a public reason in plain words, and what came of it in three numbers."""

import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.text import fold
from tips import validators

MIN_PUBLIC_REASON = 10
MIN_DISTINCT_WORDS = 3
MOST_MATTERS = 999
MOST_PROPERTY = 10**13
# Words of the office that a resident need not know, and what to write instead.
JARGON = {
    "đối tượng": _("người liên quan"),
    "thụ lý": _("nhận giải quyết"),
    "vphc": _("xử phạt hành chính"),
    "cqđt": _("cơ quan điều tra"),
    "csđt": _("cảnh sát điều tra"),
    "tnxh": _("tệ nạn xã hội"),
    "antt": _("an ninh trật tự"),
    "csnd": _("cảnh sát"),
}
_WORD = re.compile(r"\w+")
_FILLER = {"abc", "xxx", "test", "asdf", "qwe", "xyz", "nd", "noi", "dung"}


def clean_public_reason(value: object) -> str:
    """The last answer to the sender: at least a short sentence, no filler, no words only offices use."""
    text = validators.clean_reason(value)
    words = [fold(word) for word in _WORD.findall(text)]
    if len(text) < MIN_PUBLIC_REASON or len(set(words) - _FILLER) < MIN_DISTINCT_WORDS:
        raise ValidationError(
            _("Trả lời quá ngắn. Xin viết một câu cho người gửi hiểu: đã làm gì, kết quả ra sao."),
            code="short",
        )
    lower = text.lower()
    for word, plain in JARGON.items():
        if re.search(rf"(?<!\w){word}(?!\w)", lower):
            raise ValidationError(
                _("Người gửi khó hiểu chữ “%(word)s”. Xin viết, ví dụ: %(plain)s."),
                code="jargon",
                params={"word": word, "plain": plain},
            )
    return text


@dataclass(frozen=True)
class Results:
    """What came of a tip: matters cleared up, people identified, property given back in đồng."""

    matters: int = 0
    people: int = 0
    property_value: int = 0

    def clean(self) -> dict[str, Any]:
        """The columns to write. Raises ValidationError keyed by the field that makes no sense."""
        most = {"matters": MOST_MATTERS, "people": MOST_MATTERS, "property_value": MOST_PROPERTY}
        values = {name: getattr(self, name) or 0 for name in most}
        wrong = {
            name: _("Xin ghi một số từ 0 đến %(most)s.") % {"most": f"{most[name]:,}".replace(",", ".")}
            for name, value in values.items()
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most[name]
        }
        if wrong:
            raise ValidationError(wrong)
        return values
