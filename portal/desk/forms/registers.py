"""Forms of the registers of personal data. Lengths and rights are judged by the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from portal.desk.forms.fields import DayField, MomentField, words
from portal.numbers import NumberField
from tips.forms import PlainField
from tips.models import DataRequest
from tips.services.breaches import MOST_PEOPLE


class HoldForm(forms.Form):
    """Until when a tip is needed, and for what."""

    until = DayField(label=_("Giữ tới hết ngày"))
    reason = words(_("Vì sao còn cần"), rows=2)


class UnitForm(forms.Form):
    """Base: an entry of one of the person's units."""

    unit = forms.ChoiceField(label=_("Đơn vị"))

    def __init__(self, *args: Any, units: list[Unit], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.units = {unit.code: unit for unit in units}
        self.fields["unit"].choices = [(unit.code, unit.police_name) for unit in units]

    def clean_unit(self) -> Unit:
        return self.units[self.cleaned_data["unit"]]


class RequestForm(UnitForm):
    """What somebody asks about their own data, at the counter or in writing."""

    kind = forms.ChoiceField(label=_("Yêu cầu"), choices=DataRequest.Kind.choices, widget=forms.RadioSelect)
    source = forms.ChoiceField(
        label=_("Nguồn"),
        choices=[row for row in DataRequest.Source.choices if row[0] != DataRequest.Source.RECEIPT],
    )
    person = words(_("Người yêu cầu, cách liên hệ"), rows=2, help_text=_("Được mã hóa khi lưu."))
    words = words(_("Nội dung yêu cầu"))
    tip = PlainField(label=_("Mã tin liên quan"), required=False)


class ConfirmForm(forms.Form):
    """How it was made sure who asks."""

    check = forms.ChoiceField(
        label=_("Kiểm tra danh tính"), choices=[row for row in DataRequest.Check.choices if row[0]]
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = words(_("Lý do"), rows=2)


class GrantForm(ReasonForm):
    """What was done, and why it may be."""

    done = words(_("Đã làm gì"), rows=2)
    erase_content = forms.BooleanField(
        label=_("Xóa cả nội dung tin đã kết thúc"),
        required=False,
        help_text=_("Chỉ cho yêu cầu xóa. Thông tin người báo luôn được xóa; việc này không hoàn tác được."),
    )


class BreachForm(UnitForm):
    """What went wrong, since when it is known, whom it concerns."""

    known_at = MomentField(label=_("Phát hiện lúc"))
    what = words(_("Việc gì xảy ra"))
    data = words(_("Những dữ liệu nào"), rows=2)
    people = NumberField(
        label=_("Số người bị ảnh hưởng"),
        most=MOST_PEOPLE,
        required=True,
        help_text=_("Chỉ ghi số, ví dụ 3. Chưa rõ thì ghi số ước tính."),
    )
    measures = words(_("Đã làm gì để hạn chế"))


class NotifyForm(forms.Form):
    """When the authority was told, and its receipt."""

    notified_at = MomentField(label=_("Đã báo lúc"))
    reference = PlainField(label=_("Số văn bản hoặc biên nhận"))


class CloseForm(forms.Form):
    """Why it happened and what keeps it from happening again."""

    lessons = words(_("Nguyên nhân, biện pháp lâu dài"))
