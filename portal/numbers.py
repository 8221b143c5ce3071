"""Numbers as people here type them."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_GROUPED = re.compile(r"\d{1,3}(?:[. ]\d{3})+")


class NumberField(forms.IntegerField):
    """A whole number as people here write it: 25.300.000. Django itself would read 25.000 as twenty-five."""

    default_error_messages = {"invalid": _("Xin chỉ ghi số, ví dụ 3.")}

    def __init__(self, *, most: int, required: bool = False, **kwargs: Any):
        attrs = {"inputmode": "numeric", "autocomplete": "off"}
        super().__init__(
            min_value=0, max_value=most, required=required, widget=forms.TextInput(attrs=attrs), **kwargs
        )

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = value.strip()
            if _GROUPED.fullmatch(value):
                value = value.replace(".", "").replace(" ", "")
            elif "." in value:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
