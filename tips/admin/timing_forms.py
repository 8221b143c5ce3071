"""Forms of the admin about the time of a tip and what came of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tips.admin import forms as base
from tips.outcomes import MOST_MATTERS, MOST_PROPERTY, Results


class AskSenderForm(base.ActForm):
    """What the sender is asked; the clock stands meanwhile."""

    text = base.words(_("Cần người báo cho biết thêm"), help_text=_("Hạn xử lý tạm dừng tới khi họ trả lời."))


class CloseForm(base.CloseForm):
    """How it ended, and in numbers what came of it."""

    matters = forms.IntegerField(
        label=_("Số vụ việc làm rõ"), required=False, min_value=0, max_value=MOST_MATTERS
    )
    people = forms.IntegerField(
        label=_("Số người liên quan"), required=False, min_value=0, max_value=MOST_MATTERS
    )
    property_value = forms.IntegerField(
        label=_("Tài sản thu hồi, trả lại (đồng)"), required=False, min_value=0, max_value=MOST_PROPERTY
    )

    def values(self) -> dict[str, Any]:
        data = super().values()
        results = Results(**{name: data.pop(name) or 0 for name in ("matters", "people", "property_value")})
        return {**data, "results": results}
