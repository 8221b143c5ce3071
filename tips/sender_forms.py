"""Forms of the follow page beside adding something: what the sender thinks, and what they want done with
their data."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tips.forms import PlainField
from tips.models import DataRequest
from tips.services.requests import NEEDS_WORDS

STARS = (
    ("5", _("5 – Rất hài lòng")),
    ("4", _("4 – Hài lòng")),
    ("3", _("3 – Tạm được")),
    ("2", _("2 – Chưa hài lòng")),
    ("1", _("1 – Rất chưa hài lòng")),
)


class RatingForm(forms.Form):
    """One to five, and words if the sender likes."""

    stars = forms.ChoiceField(
        label=_("Quý công dân thấy kết quả thế nào?"),
        choices=STARS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Xin chọn từ 1 đến 5."), "invalid_choice": _("Xin chọn từ 1 đến 5.")},
    )
    words = PlainField(label=_("Ý kiến"), required=False, widget=forms.Textarea(attrs={"rows": 3}))


class DataForm(forms.Form):
    """A right over one's own data; the receipt says whose it is."""

    kind = forms.ChoiceField(
        label=_("Quý công dân muốn"),
        choices=DataRequest.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Xin chọn một yêu cầu."), "invalid_choice": _("Xin chọn một yêu cầu.")},
    )
    words = PlainField(
        label=_("Cụ thể là gì"),
        help_text=_(
            "Sửa, phản đối: bắt buộc, xin viết sửa gì, phản đối điều gì. Ví dụ: sửa tên thôn. "
            "Xem, xóa: có thể bỏ trống."
        ),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        """To correct or to object means nothing without words."""
        cleaned = super().clean()
        if cleaned.get("kind") in NEEDS_WORDS and not cleaned.get("words"):
            self.add_error("words", _("Xin viết vài chữ."))
        return cleaned
