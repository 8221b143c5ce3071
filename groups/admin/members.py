"""Admin of members: what little the portal keeps about them, and no way to take it out in bulk."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.models import Member
from portal.text import PhoneError, clean, mask_phone, parse_phone


class MemberForm(forms.ModelForm):
    """A telephone number needs the member's consent (Law 91/2025/QH15 on personal data)."""

    phone = forms.CharField(label=_("Điện thoại"), max_length=20, required=False)

    class Meta:
        model = Member
        fields = (
            *("group", "display_name", "role", "household", "phone"),
            *("joined_on", "left_on", "consent_on"),
        )

    def clean_display_name(self) -> str:
        return clean(self.cleaned_data["display_name"])

    def clean_phone(self) -> str:
        raw = self.cleaned_data["phone"]
        if not raw:
            return ""
        try:
            phone = parse_phone(raw)
        except PhoneError as error:
            raise forms.ValidationError(str(error)) from None
        if not phone.is_personal:
            raise forms.ValidationError(_("Đây không phải số điện thoại của một người."))
        return phone.e164

    def clean(self):
        values = super().clean()
        if values.get("phone") and not values.get("consent_on"):
            self.add_error("consent_on", _("Ghi số điện thoại cần ngày người đó đồng ý."))
        joined, left = values.get("joined_on"), values.get("left_on")
        if joined and left and left < joined:
            self.add_error("left_on", _("Ngày rời nhóm trước ngày vào nhóm."))
        return values


class LeftFilter(admin.SimpleListFilter):
    """Members now, and those who left."""

    title = _("tình trạng")
    parameter_name = "left"

    def lookups(self, request, model_admin):
        return [("no", _("Đang trong nhóm")), ("yes", _("Đã rời nhóm"))]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        if self.value() == "no":
            return queryset.exclude(left_on__lte=today)
        if self.value() == "yes":
            return queryset.filter(left_on__lte=today)
        return queryset


@admin.register(Member)
class MemberAdmin(ScopedAdmin):
    """Members by group. Numbers show masked; only who may change a member reads one."""

    scope_field = "group__unit__path"
    audit_action = "groups.member.changed"
    form = MemberForm
    list_display = ("__str__", "group", "unit_column", "role", "household", "phone_column", "joined_on")
    list_filter = (AreaFilter, "role", LeftFilter)
    list_select_related = ("group__unit",)
    search_fields = ("search_key", "group__search_key")
    autocomplete_fields = ("group",)
    ordering = ("sort_key", "id")

    def related_choices(self, db_field, request: HttpRequest) -> QuerySet:
        choices = super().related_choices(db_field, request)
        if db_field.name == "group":
            admin_of_groups = self.admin_site.get_model_admin(choices.model)
            choices = admin_of_groups.reachable(request, choices)
        return choices

    def get_fields(self, request: HttpRequest, obj: Member | None = None):
        fields = list(MemberForm._meta.fields)
        if obj is not None and not self.has_change_permission(request, obj):
            fields[fields.index("phone")] = "phone_column"
        return fields

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None):
        return ("phone_column",)

    @admin.display(description=_("Đơn vị"))
    def unit_column(self, member: Member) -> str:
        return member.group.unit

    @admin.display(description=_("Điện thoại"))
    def phone_column(self, member: Member) -> str:
        return mask_phone(member.phone) if member.phone else "–"
