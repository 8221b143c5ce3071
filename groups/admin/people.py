"""Admin of people: accounts, and postings that give them their rights."""

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from groups import permissions
from groups.admin.scoping import AreaFilter, CappedPaginator, MissingIs404Mixin, ScopedAdmin
from groups.admin.trail import OwnTrailMixin
from groups.models import Posting
from groups.services import postings as services
from portal.audit.services import record
from portal.errors import PortalError
from portal.text import search_key

User = get_user_model()


class PostingInline(admin.TabularInline):
    """Where a person serves and served; changed in the postings section, where rights are checked."""

    model = Posting
    fk_name = "user"
    fields = ("role", "unit", "valid_from", "valid_to", "awaits_confirmation")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        tops = permissions.paths_with(request.user, "groups.view_posting")
        return (
            super()
            .get_queryset(request)
            .filter(permissions.paths_q(tops, "unit__path"))
            .select_related("unit")
        )


@admin.register(User)
class UserAdmin(MissingIs404Mixin, OwnTrailMixin, DjangoUserAdmin):
    """Accounts of the people in the administrator's area, and of those nobody has posted yet.

    Rights are not given here: they follow from postings. Somebody who also serves outside the area can be
    seen but not changed, or a district could take over an account of the province.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_display = ("username", "full_name", "rank", "title", "duties_column", "is_active", "last_login")
    list_filter = ("is_active", "postings__role")
    search_fields = ("username", "full_name")
    ordering = ("username",)
    inlines = (PostingInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Cán bộ"), {"fields": ("full_name", "rank", "title", "phone", "email")}),
        (_("Đăng nhập"), {"fields": ("is_active", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "username",
                    "full_name",
                    "rank",
                    "title",
                    "usable_password",
                    "password1",
                    "password2",
                )
            },
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        tops = permissions.paths_with(request.user, "accounts.view_user")
        here = Posting.objects.filter(permissions.paths_q(tops, "unit__path")).values("user")
        visible = Q(pk__in=here) | ~Exists(Posting.objects.filter(user=OuterRef("pk")))
        users = super().get_queryset(request).filter(visible, is_superuser=False)
        return users.prefetch_related("postings__unit")

    def get_search_results(self, request, queryset, search_term):
        """Names have no stored key; an area has few enough people to compare them here."""
        terms = search_key(search_term).split()
        if not terms:
            return queryset, False
        rows = queryset.order_by().values_list("pk", "username", "full_name")
        found = [pk for pk, *names in rows if all(term in search_key(" ".join(names)) for term in terms)]
        return queryset.filter(pk__in=found), False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        if not super().has_change_permission(request, obj) or obj is None:
            return super().has_change_permission(request, obj)
        tops = tuple(permissions.paths_with(request.user, "accounts.change_user"))
        today = timezone.localdate()
        held = [posting for posting in obj.postings.all() if not posting.valid_to or posting.valid_to > today]
        return not obj.is_superuser and all(posting.unit.path.startswith(tops) for posting in held)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def get_inlines(self, request, obj):
        return self.inlines if obj else ()

    def save_model(self, request, obj, form, change) -> None:
        super().save_model(request, obj, form, change)
        fields = sorted(name for name in form.changed_data if not name.startswith("password"))
        if not change or "password" in " ".join(form.changed_data):
            fields.append("password")
        record(request.user, "groups.user.changed", obj, data={"fields": fields})

    @admin.display(description=_("Đang phân công"))
    def duties_column(self, user) -> str:
        today = timezone.localdate()
        open_now = [p for p in user.postings.all() if not p.valid_to or p.valid_to > today]
        return "; ".join(f"{p.get_role_display()}, {p.unit}" for p in open_now) or "–"


class InForceFilter(admin.SimpleListFilter):
    """Postings by what they mean today."""

    title = _("hiệu lực")
    parameter_name = "in_force"

    def lookups(self, request, model_admin):
        return [
            ("now", _("Đang hiệu lực")),
            ("waiting", _("Chờ người thứ hai xác nhận")),
            ("ended", _("Đã hết")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "now":
            return queryset.open()
        if self.value() == "waiting":
            return queryset.filter(awaits_confirmation=True)
        if self.value() == "ended":
            return queryset.filter(valid_to__lte=timezone.localdate())
        return queryset


@admin.register(Posting)
class PostingAdmin(ScopedAdmin):
    """Who serves where. Only its end can change; the rest is a new posting."""

    audit_action = "groups.posting.changed"
    list_display = ("user", "role", "unit", "valid_from", "valid_to", "state_column", "restricted_circle")
    list_filter = (AreaFilter, InForceFilter, "role")
    list_select_related = ("user", "unit")
    search_fields = ("unit__search_key",)
    autocomplete_fields = ("unit",)
    ordering = ("unit__sort_key", "user__username")
    fields = ("user", "unit", "role", "restricted_circle", ("valid_from", "valid_to"))
    actions = ("confirm", "close")

    def get_readonly_fields(self, request, obj=None):
        # The circle takes two people: it is named on the desk (``services.circle``).
        return ("restricted_circle", *(("user", "unit", "role", "valid_from") if obj else ()))

    def related_choices(self, db_field, request):
        """Anybody in the area, and those nobody has posted yet; never oneself."""
        if db_field.name == "user":
            users = self.admin_site.get_model_admin(User).get_queryset(request)
            return users.filter(is_active=True).exclude(pk=request.user.pk).distinct()
        return super().related_choices(db_field, request)

    def save_model(self, request, obj, form, change) -> None:
        if change:
            super().save_model(request, obj, form, change)
            services.sync_admin_access(obj.user)
            return
        made = services.open_posting(obj.user, by=request.user, **self._values(form))
        obj.pk, obj.awaits_confirmation = made.pk, made.awaits_confirmation
        obj._state.adding = False
        if made.awaits_confirmation:
            text = _("Quyền quản trị có hiệu lực khi một quản trị viên khác xác nhận.")
            self.message_user(request, text, messages.WARNING)

    def _values(self, form) -> dict:
        names = ("unit", "role", "valid_from", "valid_to")
        return {name: form.cleaned_data[name] for name in names}

    @admin.action(description=_("Xác nhận quyền quản trị"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._each(request, queryset, services.confirm_posting)

    @admin.action(description=_("Kết thúc phân công từ hôm nay"), permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._each(request, queryset, services.close_posting)

    def _each(self, request: HttpRequest, queryset: QuerySet, act) -> None:
        done = 0
        for posting in self.reachable(request, queryset).select_related("user", "unit"):
            try:
                act(posting, by=request.user)
                done += 1
            except PortalError as error:
                self.message_user(request, f"{posting}: {error.message}", messages.ERROR)
        if done:
            text = ngettext("Đã cập nhật %d phân công.", "Đã cập nhật %d phân công.", done)
            self.message_user(request, text % done, messages.SUCCESS)

    @admin.display(description=_("Tình trạng"))
    def state_column(self, posting: Posting) -> str:
        today = timezone.localdate()
        if posting.awaits_confirmation:
            return _("Chờ xác nhận")
        if posting.valid_to and posting.valid_to <= today:
            return _("Đã hết")
        return _("Chưa tới ngày") if posting.valid_from > today else _("Đang hiệu lực")
