"""Forms of the admin about the time of a tip and what came of it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.numbers import NumberField
from tips.admin import forms as base
from tips.outcomes import MOST_MATTERS, MOST_PROPERTY, Results


class AskSenderForm(base.ActForm):
    """What the sender is asked; the clock stands meanwhile."""

    text = base.words(_("Cần người báo cho biết thêm"), help_text=_("Hạn xử lý tạm dừng tới khi họ trả lời."))


class CloseForm(base.CloseForm):
    """How it ended, and in numbers what came of it."""

    matters = NumberField(label=_("Số vụ việc làm rõ"), most=MOST_MATTERS)
    people = NumberField(label=_("Số người liên quan"), most=MOST_MATTERS)
    property_value = NumberField(
        label=_("Tài sản thu hồi, trả lại (đồng)"), most=MOST_PROPERTY, help_text=_("Ví dụ: 25.300.000")
    )

    def values(self) -> dict[str, Any]:
        data = super().values()
        results = Results(**{name: data.pop(name) or 0 for name in ("matters", "people", "property_value")})
        return {**data, "results": results}
