"""Admin of what the public site shows: procedures and contacts."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups import permissions
from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.enums import Level, Role
from portal.audit.services import record
from portal.site.models import Contact, Procedure
from portal.text import search_key, words

REVIEW_DAYS = 180


def is_national_editor(user: Any) -> bool:
    """Whether the user may change what every resident of the country reads: administrators of a province.

    The portal has no unit above the provinces; an administrator of a district or commune stays in it.
    """
    return any(
        posting.role == Role.ADMINISTRATOR and posting.unit.level == Level.PROVINCE
        for posting in permissions.open_postings(user)
    )


class FoldedSearchMixin:
    """Search without diacritics in tables so small that their words are compared here."""

    folded_fields: tuple[str, ...] = ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple:
        terms = words(search_term)
        if not terms:
            return queryset, False
        keys = [
            row[0]
            for row in queryset.values_list("pk", *self.folded_fields)
            if all(term in search_key(" ".join(filter(None, row[1:]))) for term in terms)
        ]
        return queryset.filter(pk__in=keys), False


class ReviewFilter(admin.SimpleListFilter):
    """Texts about the law age: which ones nobody has looked at for half a year."""

    title = _("rà soát")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("due", _("Quá 6 tháng, cần xem lại")), ("never", _("Chưa rà soát lần nào"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Procedure]) -> QuerySet[Procedure]:
        if self.value() == "never":
            return queryset.filter(reviewed_on=None)
        if self.value() == "due":
            return queryset.filter(reviewed_on__lte=timezone.localdate() - timedelta(days=REVIEW_DAYS))
        return queryset


@admin.register(Procedure)
class ProcedureAdmin(FoldedSearchMixin, admin.ModelAdmin):
    """Procedures of the page /dich-vu-cong/; they hold for the whole country."""

    list_display = ("title", "field", "fee", "duration", "reviewed_on")
    list_filter = ("field", ReviewFilter)
    search_fields = ("title",)
    folded_fields = ("title", "field")
    prepopulated_fields = {"slug": ("title",)}
    actions = ("mark_reviewed",)
    fieldsets = (
        (None, {"fields": ("title", "slug", "field")}),
        (_("Cách làm"), {"fields": ("steps", "papers", "fee", "duration", "online_url")}),
        (_("Căn cứ"), {"fields": ("legal_basis", "reviewed_on")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and is_national_editor(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Procedure | None = None) -> bool:
        return super().has_change_permission(request, obj) and is_national_editor(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Procedure | None = None) -> bool:
        return super().has_delete_permission(request, obj) and is_national_editor(request.user)

    @admin.action(description=_("Ghi: đã rà soát hôm nay"), permissions=["change"])
    def mark_reviewed(self, request: HttpRequest, queryset: QuerySet[Procedure]) -> None:
        for procedure in queryset:
            procedure.reviewed_on = timezone.localdate()
            procedure.save(update_fields=["reviewed_on"])
            record(request.user, "site.procedure.changed", procedure, data={"fields": ["reviewed_on"]})
        self.message_user(request, _("Đã ghi ngày rà soát cho %d thủ tục.") % len(queryset))

    def save_model(self, request: HttpRequest, obj: Procedure, form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        data = {"fields": sorted(form.changed_data)}
        record(request.user, "site.procedure.changed", obj, data=data)

    def delete_model(self, request: HttpRequest, obj: Procedure) -> None:
        record(request.user, "site.procedure.changed", obj, data={"fields": ["deleted"]})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Procedure]) -> None:
        for procedure in queryset:
            self.delete_model(request, procedure)


@admin.register(Contact)
class ContactAdmin(FoldedSearchMixin, ScopedAdmin):
    """Telephone numbers of the page /lien-he/.

    The checker calls each of them genuine, so a number is as far-reaching as its unit: everybody gives one of
    the units they keep. Those without a unit hold for the whole country: everybody here sees them, only
    administrators of a province write them, and only they mark a number as one for emergencies.
    """

    list_display = ("name", "phone", "unit", "purpose", "is_emergency", "position")
    list_filter = ("is_emergency", AreaFilter)
    list_select_related = ("unit",)
    search_fields = ("name",)
    folded_fields = ("name", "phone", "unit__full_name")
    autocomplete_fields = ("unit",)
    audit_action = "site.contact.changed"

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        paths = self.paths_for(request, "view", "change")
        return queryset.filter(permissions.paths_q(paths, "unit__path") | Q(unit=None))

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        return () if is_national_editor(request.user) else ("is_emergency",)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "unit" and not is_national_editor(request.user):
            kwargs["required"] = True
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _reaches(self, request: HttpRequest, obj: Contact | None, action: str) -> bool:
        if obj is not None and obj.unit_id is None:
            return is_national_editor(request.user)
        return super()._reaches(request, obj, action)
