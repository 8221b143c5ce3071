"""Admin of the unit tree: all units, communes with their coverage, villages, and changes by resolution."""

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from groups import permissions
from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.enums import GroupState, Level, Role
from groups.models import Commune, Group, Unit, UnitChange, Village
from groups.models.units import full_name_of
from groups.services.units import next_village_code

COMMUNE_KINDS = ("xã", "phường", "đặc khu")
# Law 30/2023/QH15, Article 2, calls the first row "thôn" and the second "tổ dân phố"; the names in use stay.
VILLAGE_KINDS = (
    *("thôn", "làng", "ấp", "bản", "buôn", "bon", "phum", "sóc", "xóm"),
    *("tổ dân phố", "khu phố", "khối phố", "khóm", "tiểu khu"),
)


def _counted(rows: QuerySet, link: str) -> Coalesce:
    """How many ``rows`` hang on the outer unit by ``link``; one indexed subquery for each row of the page."""
    hanging = rows.filter(**{link: OuterRef("pk")}).order_by().values(link)
    return Coalesce(Subquery(hanging.annotate(number=Count("pk", distinct=True)).values("number")), 0)


class UnitForm(forms.ModelForm):
    """Name and kind; the full name follows from them. ``level`` is set where the section fixes it."""

    kinds: tuple[str, ...] = ()
    level = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.kinds and "kind" in self.fields:
            kinds = dict.fromkeys((*self.kinds, self.instance.kind) if self.instance.kind else self.kinds)
            self.fields["kind"] = forms.ChoiceField(
                label=self.fields["kind"].label, choices=[(kind, kind) for kind in kinds]
            )

        if "parent" in self.fields:
            # Provinces come from the national list only.
            self.fields["parent"].required = True

    def clean(self):
        values = super().clean()
        parent, level = values.get("parent"), values.get("level") or self.level
        if parent and level and Level.values.index(level) <= Level.values.index(parent.level):
            self.add_error("parent", _("Đơn vị cấp trên phải ở cấp cao hơn."))
        return values

    def _post_clean(self):
        # Before the model is validated: full_name is no field of the form, but must not be empty.
        super()._post_clean()
        self.instance.full_name = full_name_of(self.instance.kind, self.instance.name)[:160]


class CommuneForm(UnitForm):
    kinds = COMMUNE_KINDS
    level = Level.COMMUNE


class VillageForm(UnitForm):
    """The code of a village is our own; an empty one is filled with the next free number."""

    kinds = VILLAGE_KINDS
    level = Level.VILLAGE

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "code" in self.fields:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("Để trống: hệ thống tự đánh số theo mã xã.")

    def clean(self):
        values = super().clean()
        if not self.instance.pk and not values.get("code") and values.get("parent"):
            values["code"] = next_village_code(values["parent"])
        return values


class UnitAdminBase(ScopedAdmin):
    """What the three sections share. A unit is moved by ``import_units`` only, where a document says so."""

    scope_field = "path"
    scope_anchor = "parent"
    audit_action = "groups.unit.changed"
    form = UnitForm
    level = ""
    parent_level = ""
    search_fields = ("search_key",)
    ordering = ("sort_key", "id")
    autocomplete_fields = ("parent",)
    list_select_related = ("parent",)
    list_filter = (AreaFilter, "kind")
    list_display_links = ("full_name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None):
        fixed = ("code", "parent", "level") if obj else ()
        # A practice unit never sends: not a thing to switch by the way.
        is_administrator = permissions.has_role(request.user, Role.ADMINISTRATOR)
        return fixed if is_administrator else (*fixed, "is_practice")

    def related_choices(self, db_field, request: HttpRequest) -> QuerySet:
        choices = super().related_choices(db_field, request)
        if db_field.name == "parent" and self.parent_level:
            choices = choices.filter(level=self.parent_level)
        return choices

    def save_model(self, request, obj, form, change) -> None:
        obj.level = obj.level or self.level
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Hộ"), ordering="households")
    def households_column(self, unit: Unit) -> int:
        return unit.households


@admin.register(Unit)
class UnitAdmin(UnitAdminBase):
    """Every level; also where all autocomplete boxes look units up."""

    list_display = ("full_name", "code", "level", "parent", "households", "population", "valid_to")
    list_filter = (AreaFilter, "level", "kind")
    fields = (
        "level",
        "parent",
        "code",
        ("kind", "name"),
        ("households", "population"),
        ("duty_phone", "address"),
        "is_practice",
        ("valid_from", "valid_to"),
    )


@admin.register(Commune)
class CommuneAdmin(UnitAdminBase):
    """Communes and how far the programme has come in each."""

    level = Level.COMMUNE
    form = CommuneForm
    list_display = (
        "full_name",
        "parent",
        "households_column",
        "villages_column",
        "coverage_column",
        "groups_column",
        "duty_phone",
    )
    fields = (
        "parent",
        "code",
        ("kind", "name"),
        ("households", "population"),
        ("duty_phone", "address"),
        "is_practice",
        ("valid_from", "valid_to"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        villages = Unit.objects.villages().current()
        covered = villages.filter(groups__state=GroupState.ACTIVE)
        active = Group.objects.active()
        return (
            super()
            .get_queryset(request)
            .annotate(
                village_count=_counted(villages, "parent"),
                covered_count=_counted(covered, "parent"),
                own_groups=_counted(active, "unit"),
                village_groups=_counted(active, "unit__parent"),
            )
        )

    @admin.display(description=_("Thôn, TDP"), ordering="village_count")
    def villages_column(self, commune: Commune) -> int:
        return commune.village_count

    @admin.display(description=_("Có nhóm"), ordering="covered_count")
    def coverage_column(self, commune: Commune) -> str:
        if not commune.village_count:
            return "–"
        percent = round(100 * commune.covered_count / commune.village_count)
        return f"{commune.covered_count}/{commune.village_count} ({percent} %)"

    @admin.display(description=_("Nhóm"), ordering="village_groups")
    def groups_column(self, commune: Commune) -> int:
        return commune.own_groups + commune.village_groups


@admin.register(Village)
class VillageAdmin(UnitAdminBase):
    """Villages and residential groups; those without a group are the work still to do."""

    level = Level.VILLAGE
    parent_level = Level.COMMUNE
    form = VillageForm
    search_fields = ("search_key", "parent__search_key")
    list_display = ("full_name", "parent", "households_column", "population", "groups_column")
    fields = ("parent", "code", ("kind", "name"), ("households", "population"), ("valid_from", "valid_to"))

    def get_list_filter(self, request: HttpRequest):
        return (AreaFilter, CoveredFilter, "kind")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        groups = _counted(Group.objects.active(), "unit")
        return super().get_queryset(request).annotate(group_count=groups)

    @admin.display(description=_("Nhóm"), ordering="group_count")
    def groups_column(self, village: Village) -> int:
        return village.group_count


class CoveredFilter(admin.SimpleListFilter):
    """Villages with and without a group."""

    title = _("độ phủ")
    parameter_name = "covered"

    def lookups(self, request, model_admin):
        return [("no", _("Chưa có nhóm nào")), ("yes", _("Đã có nhóm"))]

    def queryset(self, request, queryset):
        if self.value() == "no":
            return queryset.filter(group_count=0)
        if self.value() == "yes":
            return queryset.filter(group_count__gt=0)
        return queryset


@admin.register(UnitChange)
class UnitChangeAdmin(ScopedAdmin):
    """Mergers, splits and renamings, with the document that ordered them."""

    audit_action = "groups.unit_change.recorded"
    list_display = ("effective_on", "kind", "document", "before_column", "after_column")
    list_filter = ("kind",)
    date_hierarchy = "effective_on"
    autocomplete_fields = ("before", "after")
    search_fields = ("before__search_key", "after__search_key")

    def scope_queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        tops = self.paths_for(request, "view", "change")
        touched = Q(before__in=Unit.objects.under_paths(tops)) | Q(after__in=Unit.objects.under_paths(tops))
        return queryset.filter(pk__in=UnitChange.objects.filter(touched).values("pk")).prefetch_related(
            "before", "after"
        )

    def _reaches(self, request: HttpRequest, obj: UnitChange | None, action: str) -> bool:
        return obj is None or self._all_inside(request, obj, action)

    def _all_inside(self, request: HttpRequest, obj: UnitChange, action: str) -> bool:
        """A change may be corrected by whoever keeps every unit of it."""
        tops = tuple(self.paths_for(request, action))
        return all(unit.path.startswith(tops) for unit in (*obj.before.all(), *obj.after.all()))

    def path_of(self, obj: UnitChange) -> str:
        unit = obj.after.first() if obj.pk else None
        return unit.path if unit else ""

    @admin.display(description=_("Đơn vị trước"))
    def before_column(self, change: UnitChange) -> str:
        return ", ".join(unit.full_name for unit in change.before.all())

    @admin.display(description=_("Đơn vị sau"))
    def after_column(self, change: UnitChange) -> str:
        return ", ".join(unit.full_name for unit in change.after.all())
