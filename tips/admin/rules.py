"""Admin of the table of terms: administrators add what a new text says; what is in force is not rewritten."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.admin.trail import OwnTrailMixin
from portal.audit.services import record
from tips.models import DeadlineRule


class DeadlineRuleForm(forms.ModelForm):
    """A row that begins today or later: terms already given keep counting as they were."""

    def clean_valid_from(self):
        day = self.cleaned_data["valid_from"]
        if day < timezone.localdate():
            raise ValidationError(_("Quy định mới chỉ áp dụng cho tin nhận từ hôm nay trở đi."))
        return day


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(OwnTrailMixin, admin.ModelAdmin):
    """Terms decided here, on top of the built-in table."""

    form = DeadlineRuleForm
    list_display = ("kind", "priority", "amount", "unit", "valid_from", "valid_to", "source")
    list_filter = ("kind",)

    def has_change_permission(self, request, obj=None) -> bool:
        is_allowed = super().has_change_permission(request, obj)
        return is_allowed and (obj is None or obj.valid_from > timezone.localdate())

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        obj.decided_by = request.user
        super().save_model(request, obj, form, change)
        facts = {"kind": obj.kind, "amount": obj.amount, "unit": obj.unit, "from": obj.valid_from.isoformat()}
        record(request.user, "tips.rule.changed", obj, data=facts)
