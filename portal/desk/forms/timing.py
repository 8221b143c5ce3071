"""Forms about the time of a tip and its end: more time, a question that stops the clock, what came of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.desk.forms import tips as tip_forms
from portal.desk.forms.fields import words
from portal.numbers import NumberField
from tips.models import Tip
from tips.outcomes import MOST_MATTERS, MOST_PROPERTY, Results
from tips.services import closing


class AskSenderForm(forms.Form):
    """What the sender is asked; the clock stands meanwhile."""

    text = words(
        _("Cần người báo cho biết thêm"),
        rows=5,
        help_text=_("Hạn xử lý tạm dừng tới khi người báo trả lời, lâu nhất 14 ngày."),
    )


class AskTimeForm(tip_forms.ExtendForm):
    """The later deadline that is asked for, and why."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["deadline"].label = _("Xin lùi hạn tới")
        self.fields["reason"].label = _("Vì sao cần thêm thời gian")


class CloseForm(tip_forms.CloseForm):
    """How it ended, and in numbers what came of it."""

    matters = NumberField(label=_("Số vụ việc làm rõ"), most=MOST_MATTERS)
    people = NumberField(label=_("Số người liên quan được xác định"), most=MOST_MATTERS)
    property_value = NumberField(
        label=_("Tài sản thu hồi, trả lại (đồng)"), most=MOST_PROPERTY, help_text=_("Ví dụ: 25.300.000")
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["note"].help_text = _("Bắt buộc khi “Đã xử lý”, nếu chưa có ghi chú hoặc tệp của cán bộ.")


def close(tip: Tip, *, matters: Any, people: Any, property_value: Any, **values: Any) -> Tip:
    """The service takes the three numbers as one value."""
    results = Results(matters or 0, people or 0, property_value or 0)
    return closing.close(tip, results=results, **values)
