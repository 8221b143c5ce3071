"""Admin of the table of terms: administrators add what a new text says; what is in force is not rewritten."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from groups.admin.trail import OwnTrailMixin
from portal.audit.services import record
from tips import keeping, terms
from tips.enums import Category
from tips.models import DeadlineRule, RetentionRule
from tips.models.rules import UNITS


@dataclass(frozen=True)
class BuiltIn:
    """A row the portal starts with, in words."""

    what: Any
    which: Any
    length: str
    source: str


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
    change_list_template = "admin/tips/rules_list.html"
    action = ""
    facts: tuple[str, ...] = ()

    def built_in(self) -> list[BuiltIn]:
        """The table that counts where no row says otherwise."""
        return []

    def changelist_view(self, request, extra_context=None):
        """The rows of the portal, to read, above those decided here."""
        return super().changelist_view(request, {"built_in": self.built_in(), **(extra_context or {})})

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

    def built_in(self) -> list[BuiltIn]:
        units = dict(UNITS)
        return [
            BuiltIn(
                rule.kind.label,
                gettext("Mọi mức") if rule.priority is None else f"P{rule.priority} · {rule.priority.label}",
                f"{rule.term.amount} {units[rule.term.unit]}",
                rule.source,
            )
            for rule in terms.BUILT_IN
        ]


@admin.register(RetentionRule)
class RetentionRuleAdmin(DatedRuleAdmin):
    """Terms of keeping decided here, before the built-in table."""

    list_display = ("part", "ending", "category", "days", "valid_from", "source")
    list_filter = ("part",)
    action = "tips.retention.rule_changed"
    facts = ("part", "ending", "category", "days")

    def built_in(self) -> list[BuiltIn]:
        return [
            BuiltIn(rule.part.label, _which_tips(rule), _days(rule.days), rule.source)
            for rule in keeping.BUILT_IN
        ]


def _which_tips(rule: keeping.KeepRule) -> str:
    """The endings and categories a row speaks of."""
    if rule.part == keeping.Part.REQUEST:
        return gettext("Yêu cầu không gắn với tin nào")
    endings = ", ".join(str(ending.label) for ending in rule.endings)
    categories = ", ".join(str(Category(value).label) for value in rule.categories)
    return " · ".join(part for part in (endings, categories) if part) or gettext("Mọi tin")


def _days(days: int) -> str:
    if not days:
        return gettext("Không tự xóa")
    return ngettext("%(n)d ngày", "%(n)d ngày", days) % {"n": days}
