"""Forms of a person who posts into a group."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PostedForm(forms.Form):
    """It is in the group now; a screenshot helps who asks later."""

    proof = forms.FileField(
        label=_("Ảnh chụp màn hình"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )


class SkipForm(forms.Form):
    """Nobody will post it there, and why."""

    reason = forms.CharField(
        label=_("Lý do"), max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
