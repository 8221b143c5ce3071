"""The question a report answers: which unit, which days."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from portal.desk.forms.fields import DayField
from portal.desk.reports import Period

LONGEST_DAYS = 3 * 366


class PeriodForm(forms.Form):
    """Unit and period; what the address leaves out is the first of ``units`` and the month so far."""

    don_vi = forms.ChoiceField(label=_("Đơn vị"))
    tu = DayField(label=_("Từ ngày"))
    den = DayField(label=_("Đến ngày"))

    def __init__(self, query: QueryDict, *, units: list[Unit]):
        today = timezone.localdate()
        usual = {
            "don_vi": units[0].code,
            "tu": f"{today.replace(day=1):%d/%m/%Y}",
            "den": f"{today:%d/%m/%Y}",
        }
        super().__init__({name: query.get(name) or value for name, value in usual.items()})
        self.units = {unit.code: unit for unit in units}
        self.fields["don_vi"].choices = [(unit.code, unit.full_name) for unit in units]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("tu"), data.get("den")
        if not first or not last:
            return data
        if last < first:
            self.add_error("den", _("Ngày cuối kỳ phải sau ngày đầu kỳ."))
        elif (last - first).days > LONGEST_DAYS:
            self.add_error("tu", _("Kỳ báo cáo không quá ba năm."))
        else:
            data["period"] = Period(first, last)
        return data

    @property
    def unit(self) -> Unit:
        """The unit chosen; call after ``is_valid``."""
        return self.units[self.cleaned_data["don_vi"]]
