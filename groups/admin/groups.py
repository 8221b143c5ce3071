"""Admin of groups: one list that answers which group works, who answers for it and how large it is."""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from groups import permissions
from groups.admin.groups_zalo import GroupZaloPages
from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.admin.zalo_founding import InvitePages
from groups.enums import AccountState, Channel, Level
from groups.models import Group, GroupSize, JoinLink, Placement, Posting, Programme, Stewardship
from groups.services import groups as services
from groups.services.sync import expiring_groups, slot_warning
from portal.errors import PortalError
from portal.numbers import NumberField

STALE_SIZE_DAYS = 90
# The services name fields as the import files do; the form has one for the account itself.
FORM_NAMES = {"oa_id": "official_account"}


class GroupForm(forms.ModelForm):
    """A group, with today's steward and size beside it."""

    steward = forms.ModelChoiceField(
        label=_("Người phụ trách"), queryset=Posting.objects.none(), required=False, blank=True
    )
    members = NumberField(label=_("Số thành viên hôm nay"), most=services.MOST_MEMBERS)
    households = NumberField(label=_("Số hộ đại diện hôm nay"), most=services.MOST_MEMBERS)

    class Meta:
        model = Group
        fields = (
            *("unit", "kind", "name", "channel", "official_account", "zalo_group_id", "join_url"),
            *("programme", "state"),
        )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "steward" in self.fields and self.instance.pk:
            self.fields["steward"].queryset = stewards_for(self.instance)
            self.fields["steward"].initial = getattr(self.instance.steward, "pk", None)

    def clean(self):
        values = super().clean()
        if values.get("households") and values["households"] > (values.get("members") or 0):
            self.add_error("households", _("Số hộ đại diện không thể nhiều hơn số thành viên."))
        names = [name for name in ("unit", *services.EDITABLE) if name in values]
        proposed = Group(pk=self.instance.pk, **{name: values[name] for name in names})
        if not proposed.unit_id:
            proposed.unit_id = self.instance.unit_id
        if proposed.unit_id and not self.errors:
            try:
                services.validate(proposed)
            except ValidationError as error:
                self.add_error(
                    None, ValidationError({FORM_NAMES.get(k, k): v for k, v in error.error_dict.items()})
                )
        return values


def stewards_for(group: Group) -> QuerySet:
    """People who may answer for the group: police of its unit and of the units above."""
    posted = Posting.objects.serving(group.unit, *services.STEWARD_ROLES)
    users = Stewardship._meta.get_field("user").remote_field.model.objects
    return users.filter(pk__in=posted.values("user")).order_by("username")


class StewardshipInline(admin.TabularInline):
    """Who answered for the group, from when to when; the field above hands it over."""

    model = Stewardship
    fields = readonly_fields = ("user", "starts_on", "ends_on")
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")


class GroupSizeInline(admin.TabularInline):
    """Counts so far; today's goes into the fields above."""

    model = GroupSize
    fields = readonly_fields = ("day", "members", "households")
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False


class JoinLinkInline(admin.TabularInline):
    """Short links that were printed; an old one keeps leading to the group's page."""

    model = JoinLink
    fields = readonly_fields = ("page_column", "letter_column", "is_open", "created_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request, obj=None):
        return False

    @admin.display(description=_("Trang tham gia"))
    def page_column(self, link: JoinLink) -> str:
        url = reverse("groups:join", args=[link.code])
        return format_html('<a href="{}">{}</a>', url, url)

    @admin.display(description=_("Thư mời"))
    def letter_column(self, link: JoinLink) -> str:
        return format_html('<a href="{}">{}</a>', reverse("groups:letter", args=[link.code]), _("In thư mời"))


class NeedsWorkFilter(admin.SimpleListFilter):
    """The questions that come in by telephone."""

    title = _("việc cần làm")
    parameter_name = "needs"

    def lookups(self, request, model_admin):
        return [
            ("steward", _("Chưa có người phụ trách")),
            ("size", _("Quá 90 ngày chưa đếm thành viên")),
            ("account", _("Tài khoản OA không gửi được")),
            ("link", _("Chưa có liên kết tham gia")),
            ("slot", _("Suất nhóm hết hạn trong 30 ngày")),
            ("renamed", _("Trên Zalo mang tên khác")),
        ]

    def queryset(self, request, queryset):
        since = timezone.localdate() - timedelta(days=STALE_SIZE_DAYS)
        if self.value() == "steward":
            return queryset.exclude(stewardships__ends_on=None, stewardships__isnull=False)
        if self.value() == "size":
            return queryset.exclude(Exists(GroupSize.objects.filter(group=OuterRef("pk"), day__gte=since)))
        if self.value() == "account":
            return queryset.exclude(official_account=None).exclude(
                official_account__state=AccountState.ACTIVE
            )
        if self.value() == "link":
            return queryset.filter(join_url="")
        if self.value() == "slot":
            return queryset.filter(pk__in=expiring_groups(timezone.now()).values("pk"))
        if self.value() == "renamed":
            return queryset.exclude(zalo_name="").exclude(zalo_name=F("name"))
        return queryset


@admin.register(Group)
class GroupAdmin(GroupZaloPages, InvitePages, ScopedAdmin):
    """Groups; every change goes through the services, as in the API."""

    form = GroupForm
    list_display = (
        "name",
        "unit_column",
        "kind",
        "channel_column",
        "members_count",
        "households_count",
        "counted_column",
        "steward_column",
        "state_column",
    )
    list_filter = (AreaFilter, NeedsWorkFilter, "kind", "channel", "state")
    list_select_related = ("unit__parent", "official_account")
    search_fields = ("search_key", "unit__search_key", "unit__parent__search_key")
    autocomplete_fields = ("unit", "official_account")
    radio_fields = {"channel": admin.VERTICAL}
    ordering = ("unit__path", "sort_key", "id")
    actions = ("renew_links",)
    inlines = (JoinLinkInline, StewardshipInline, GroupSizeInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        last = GroupSize.objects.filter(group=OuterRef("pk")).order_by("-day").values("day")[:1]
        return (
            super()
            .get_queryset(request)
            .prefetch_related("stewardships__user")
            .annotate(counted_on=Subquery(last))
        )

    def get_fieldsets(self, request, obj=None):
        zalo = ("channel", ("official_account", "zalo_group_id"), "join_url")
        about = ("unit", ("kind", "name"), "programme")
        if obj is None:
            return [(None, {"fields": about}), (_("Trên Zalo"), {"fields": zalo})]
        if obj.channel == Channel.GMF:
            zalo = (*zalo, ("zalo_name_column", "slot_column"))
        sections = [(None, {"fields": (*about, "state")}), (_("Trên Zalo"), {"fields": zalo})]
        if self.has_change_permission(request, obj):
            sections.append((_("Hôm nay"), {"fields": ("steward", ("members", "households"))}))
        return sections

    def get_inlines(self, request, obj):
        return self.inlines if obj else ()

    def get_readonly_fields(self, request, obj=None):
        return ("unit", "zalo_name_column", "slot_column") if obj else ()

    def has_delete_permission(self, request, obj=None):
        return False

    def related_choices(self, db_field, request: HttpRequest) -> QuerySet:
        if db_field.name == "programme":
            return programmes_for(request.user)
        return super().related_choices(db_field, request)

    def save_model(self, request, obj, form, change) -> None:
        values, by = form.cleaned_data, request.user
        fields = {name: values[name] for name in services.EDITABLE if name in values}
        if not change:
            made = services.create_group(obj.unit, by=by, **fields)
            obj.pk, obj._state.adding = made.pk, False
            return
        group = Group.objects.select_related("unit").get(pk=obj.pk)
        services.update_group(group, by=by, **fields)
        if "steward" in form.changed_data:
            services.change_steward(group, user=values["steward"], by=by)
        if values.get("members") is not None:
            households = values.get("households") or 0
            services.record_size(group, members=values["members"], households=households, by=by)

    @admin.action(
        description=_("Đổi liên kết tham gia (thư cũ vẫn dẫn tới trang nhóm)"), permissions=["change"]
    )
    def renew_links(self, request: HttpRequest, queryset: QuerySet) -> None:
        done = 0
        for group in self.reachable(request, queryset).select_related("unit"):
            try:
                services.open_join_link(group, by=request.user, renew=True)
                done += 1
            except PortalError as error:
                self.message_user(request, f"{group}: {error.message}", messages.ERROR)
        text = ngettext("Đã mở liên kết mới cho %d nhóm.", "Đã mở liên kết mới cho %d nhóm.", done)
        self.message_user(request, text % done, messages.SUCCESS)

    @admin.display(description=_("Đơn vị"), ordering="unit__path")
    def unit_column(self, group: Group) -> str:
        unit = group.unit
        return f"{unit}, {unit.parent}" if unit.level == Level.VILLAGE else str(unit)

    @admin.display(description=_("Cách gửi"), ordering="channel")
    def channel_column(self, group: Group) -> str:
        return {Channel.GMF: _("Tự động (OA)"), Channel.BOT: _("Tự động (bot)")}.get(
            group.channel, _("Người đăng")
        )

    @admin.display(description=_("Đếm ngày"), ordering="counted_on")
    def counted_column(self, group: Group):
        return group.counted_on

    @admin.display(description=_("Phụ trách"))
    def steward_column(self, group: Group) -> str:
        return group.steward or _("Chưa có")

    @admin.display(description=_("Tên trên Zalo"))
    def zalo_name_column(self, group: Group) -> str:
        return group.zalo_name or _("Chưa đọc")

    @admin.display(description=_("Suất nhóm"))
    def slot_column(self, group: Group) -> str:
        _level, words = slot_warning(group)
        if words or not group.asset_valid_through:
            return words or _("Chưa đọc")
        return _("Dùng đến %s") % f"{group.asset_valid_through:%d/%m/%Y}"

    @admin.display(description=_("Tình trạng"), ordering="state")
    def state_column(self, group: Group) -> str:
        account = group.official_account
        if group.state == "active" and account and account.state != AccountState.ACTIVE:
            return f"OA: {account.get_state_display()}"
        return group.get_state_display()


def programmes_for(user) -> QuerySet:
    """Programmes of the user's units, of those below, and of those above, which they take part in."""
    tops = permissions.paths(user)
    above = {code for path in tops for code in path.rstrip("/").split("/")}
    return Programme.objects.filter(permissions.paths_q(tops, "unit__path") | Q(unit__code__in=above))


@admin.register(Programme)
class ProgrammeAdmin(ScopedAdmin):
    """Models ("mô hình") with their size today."""

    audit_action = "groups.programme.changed"
    list_display = ("name", "unit", "starts_on", "ends_on", "is_pilot", "groups_column", "members_column")
    list_filter = (AreaFilter, "is_pilot")
    list_select_related = ("unit",)
    search_fields = ("unit__search_key",)
    autocomplete_fields = ("unit",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        counts = {"group_count": Count("groups"), "member_count": Sum("groups__members_count")}
        return super().get_queryset(request).annotate(**counts)

    @admin.display(description=_("Nhóm"), ordering="group_count")
    def groups_column(self, programme: Programme) -> int:
        return programme.group_count

    @admin.display(description=_("Thành viên"), ordering="member_count")
    def members_column(self, programme: Programme) -> int:
        return programme.member_count or 0


class PlacementInline(admin.TabularInline):
    """Where the letter with this link hangs."""

    model = Placement
    extra = 1


@admin.register(JoinLink)
class JoinLinkAdmin(ScopedAdmin):
    """Short links and where they were put up."""

    scope_field = "group__unit__path"
    audit_action = "groups.placement.changed"
    list_display = ("code", "group", "unit_column", "is_open", "created_at", "places_column")
    list_filter = (AreaFilter, "is_open")
    list_select_related = ("group__unit",)
    search_fields = ("group__search_key", "code")
    readonly_fields = ("code", "group", "created_at")
    fields = (("code", "group"), "is_open", "created_at")
    inlines = (PlacementInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(place_count=Count("placements"))

    def save_related(self, request, form, formsets, change) -> None:
        super().save_related(request, form, formsets, change)
        if any(formset.has_changed() for formset in formsets):
            self.trace(request, form.instance, changed=["placements"])

    @admin.display(description=_("Đơn vị"))
    def unit_column(self, link: JoinLink) -> str:
        return link.group.unit

    @admin.display(description=_("Nơi đã dán"), ordering="place_count")
    def places_column(self, link: JoinLink) -> int:
        return link.place_count
