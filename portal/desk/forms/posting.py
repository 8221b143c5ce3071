"""Forms of a person who posts into a group."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.numbers import NumberField

LONGEST_WAIT_SECONDS = 30 * 24 * 3600


class ToldForm(forms.Form):
    """What a script may add: a key by which it can repeat itself, and how many seconds ago it was.

    Seconds and no moment: the clocks of old phones are wrong, but they do not run fast.
    """

    key = forms.CharField(required=False, max_length=40)
    age = forms.IntegerField(required=False, min_value=0, max_value=LONGEST_WAIT_SECONDS)

    @property
    def told(self) -> dict[str, Any]:
        """``key`` and ``made_at`` as the services take them."""
        age = self.cleaned_data.get("age")
        made_at: datetime | None = timezone.now() - timedelta(seconds=age) if age else None
        return {"key": self.cleaned_data.get("key", ""), "made_at": made_at}


class PostedForm(ToldForm):
    """It is in the group now; a screenshot helps who asks later."""

    proof = forms.FileField(
        label=_("Ảnh chụp màn hình"),
        required=False,
        help_text=_("Nhận JPG, PNG, HEIC, WEBP, tối đa 20 MB."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )


class CountForm(forms.Form):
    """How many are in the group today, as Zalo shows it to who posts there."""

    members = NumberField(label=_("Thành viên"), most=100_000, required=True)
    households = NumberField(label=_("Hộ đại diện"), most=100_000, required=True)


class SkipForm(ToldForm):
    """Nobody will post it there, and why."""

    reason = forms.CharField(
        label=_("Lý do không đăng được"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "ly-do"}),
    )
