"""Fields every desk form shares."""

import secrets
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.text import clean
from tips.forms import PlainField


class MomentField(forms.DateTimeField):
    """Day and hour as people write them: 21/11/2026 16:05. No year is needed that nobody would doubt."""

    default_error_messages = {"invalid": _("Xin ghi ngày giờ như 21/11/2026 16:05.")}

    def __init__(self, **kwargs):
        widget = forms.DateTimeInput(
            format="%d/%m/%Y %H:%M",
            attrs={"placeholder": "dd/mm/yyyy HH:MM", "inputmode": "text", "autocomplete": "off"},
        )
        super().__init__(widget=widget, **kwargs)


class DayField(forms.DateField):
    """A day: 21/11/2026."""

    default_error_messages = {"invalid": _("Xin ghi ngày như 21/11/2026.")}

    def __init__(self, **kwargs):
        widget = forms.DateInput(
            format="%d/%m/%Y", attrs={"placeholder": "dd/mm/yyyy", "autocomplete": "off"}
        )
        super().__init__(widget=widget, **kwargs)


def words(label: Any, *, rows: int = 3, required: bool = True, help_text: Any = "") -> PlainField:
    """A box for a few sentences; how long they may be is judged by the services."""
    area = forms.Textarea(attrs={"rows": rows})
    return PlainField(label=label, required=required, widget=area, help_text=help_text)


class Reason(forms.Form):
    """Why: asked before anything that another person has to accept."""

    reason = forms.CharField(
        label=_("Lý do"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )

    def clean_reason(self) -> str:
        """The words alone. Raises ``ValidationError`` for one of invisible characters only."""
        reason = clean(self.cleaned_data["reason"])
        if not reason:
            raise ValidationError(self.fields["reason"].error_messages["required"])
        return reason


class Nothing(forms.Form):
    """An act that needs no words."""


def new_form_token() -> str:
    """A token that makes two submissions of one form page one row."""
    return secrets.token_urlsafe(24)


def accepted(form: forms.Form, act: Callable[..., Any]) -> bool:
    """Do ``act`` with the values of a form; False when form or service complain, which the form then says."""
    if not form.is_valid():
        return False
    try:
        act(**form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


def add_errors(form: forms.Form, error: ValidationError, **renamed: str) -> None:
    """Put a service's complaints where the person can see them: at the field, else above the form.

    ``renamed`` says which field a service's name means here: ``add_errors(form, error, media="proof")``.
    """
    by_field = error.error_dict if hasattr(error, "error_dict") else {"__all__": error.error_list}
    for name, errors in by_field.items():
        name = renamed.get(name, name)
        form.add_error(name if name in form.fields else None, errors)
