"""Numbers as people here type them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class NumberField(forms.IntegerField):
    """A whole number as people here write it: 25.300.000."""

    default_error_messages = {"invalid": _("Xin chỉ ghi số, ví dụ 3.")}

    def __init__(self, *, most: int, required: bool = False, **kwargs: Any):
        attrs = {"inputmode": "numeric", "autocomplete": "off"}
        super().__init__(
            min_value=0, max_value=most, required=required, widget=forms.TextInput(attrs=attrs), **kwargs
        )

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = value.strip().replace(".", "").replace(" ", "")
        return super().to_python(value)
