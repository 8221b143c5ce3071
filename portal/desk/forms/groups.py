"""Forms about a group: its size, its steward."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models import Posting
from portal.desk.forms.fields import DayField
from portal.numbers import NumberField


class SizeForm(forms.Form):
    """Members and households of a group on a day, as counted in Zalo."""

    members = NumberField(label=_("Thành viên"), most=100_000, required=True)
    households = NumberField(label=_("Hộ đại diện"), most=100_000, required=True)
    date = DayField(label=_("Ngày đếm"), initial=timezone.localdate)


class StewardForm(forms.Form):
    """Who answers for the group from today on."""

    steward = forms.ChoiceField(label=_("Người phụ trách mới"))

    def __init__(self, *args: Any, candidates: list[Posting], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.users = {str(posting.user_id): posting.user for posting in candidates}
        self.fields["steward"].choices = [("", _("Chọn cán bộ"))] + [
            (str(p.user_id), f"{p.user.display_name} ({p.get_role_display()})") for p in candidates
        ]

    @property
    def chosen(self) -> Any:
        """The user that was picked; call after ``is_valid``."""
        return self.users[self.cleaned_data["steward"]]
