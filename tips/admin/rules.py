"""Admin of the table of terms: administrators add what a new text says; what is in force is not rewritten."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.admin.trail import OwnTrailMixin
from portal.audit.services import record
from tips.models import DeadlineRule, RetentionRule


class DatedRuleForm(forms.ModelForm):
    """A row that begins today or later: terms already given keep counting as they were."""

    def clean_valid_from(self):
        day = self.cleaned_data["valid_from"]
        if day < timezone.localdate():
            raise ValidationError(_("Quy định mới chỉ áp dụng cho tin nhận từ hôm nay trở đi."))
        return day


class DatedRuleAdmin(OwnTrailMixin, admin.ModelAdmin):
    """Rows that are added, and may be changed until they are in force."""

    form = DatedRuleForm
    action = ""
    facts: tuple[str, ...] = ()

    def has_change_permission(self, request, obj=None) -> bool:
        is_allowed = super().has_change_permission(request, obj)
        return is_allowed and (obj is None or obj.valid_from > timezone.localdate())

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def save_model(self, request, obj, form, change) -> None:
        obj.decided_by = request.user
        super().save_model(request, obj, form, change)
        facts = {name: getattr(obj, name) for name in self.facts}
        record(request.user, self.action, obj, data={**facts, "from": obj.valid_from.isoformat()})


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(DatedRuleAdmin):
    """Terms decided here, on top of the built-in table."""

    list_display = ("kind", "priority", "amount", "unit", "valid_from", "valid_to", "source")
    list_filter = ("kind",)
    action = "tips.rule.changed"
    facts = ("kind", "amount", "unit")


@admin.register(RetentionRule)
class RetentionRuleAdmin(DatedRuleAdmin):
    """Terms of keeping decided here, before the built-in table."""

    list_display = ("part", "ending", "category", "days", "valid_from", "source")
    list_filter = ("part",)
    action = "tips.retention.rule_changed"
    facts = ("part", "ending", "category", "days")
