"""Reading an account's groups from Zalo on demand, and taking the groups found there into the directory."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from groups.admin.accounts_connect import connect_page
from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.enums import Channel, GroupKind
from groups.models import FoundGroup, Group, OfficialAccount, Unit
from groups.services import sync
from groups.services.groups import validate
from portal.errors import PortalError


class SyncPages:
    """For the admin of accounts: «Đồng bộ với Zalo ngay», for chosen rows and on the connection page."""

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(self.sync_view))
        own = [path("<int:pk>/dong-bo/", view, name="groups_officialaccount_sync")]
        return own + super().get_urls()

    def sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for one account, then back to its page, which shows how it goes."""
        account = self._account(request, pk)
        self._request_sync(request, [account])
        return HttpResponseRedirect(connect_page(account))

    @admin.action(description=_("Đồng bộ với Zalo ngay"), permissions=["change"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._request_sync(request, self.reachable(request, queryset).select_related("unit"))

    def _request_sync(self, request: HttpRequest, accounts: Any) -> None:
        asked = 0
        for account in accounts:
            try:
                sync.request_sync(account, by=request.user)
                asked += 1
            except PortalError as error:
                self.message_user(request, f"{account}: {error.message}", messages.ERROR)
        if asked:
            words = ngettext(
                "Đang đọc nhóm của %d tài khoản từ Zalo. Kết quả hiện ở trang kết nối sau ít phút.",
                "Đang đọc nhóm của %d tài khoản từ Zalo. Kết quả hiện ở trang kết nối sau ít phút.",
                asked,
            )
            self.message_user(request, words % asked, messages.SUCCESS)

    @admin.display(description=_("Đồng bộ nhóm"), ordering="synced_at")
    def synced_column(self, account: OfficialAccount) -> Any:
        return account.sync_error or account.synced_at


class TakeForm(forms.ModelForm):
    """Where a found group belongs, what it is, and what we call it."""

    unit = forms.ModelChoiceField(
        label=_("Đơn vị"),
        queryset=Unit.objects.none(),
        widget=AutocompleteSelect(Group._meta.get_field("unit"), admin.site),
    )
    kind = forms.ChoiceField(label=_("Loại nhóm"), choices=GroupKind)

    class Meta:
        model = FoundGroup
        fields = ("name",)
        labels = {"name": _("Tên trong danh bạ")}
        help_texts = {"name": _("In trên thư mời. Trên Zalo nhóm giữ tên của nó.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "unit" in self.fields:
            home = self.instance.account.unit
            self.fields["unit"].queryset, self.fields["unit"].initial = Unit.objects.under(home), home

    def clean(self):
        values = super().clean()
        if self.errors or "unit" not in values:
            return values
        found = self.instance
        proposed = Group(
            unit=values["unit"],
            kind=values["kind"],
            channel=Channel.GMF,
            name=values["name"],
            official_account=found.account,
            zalo_group_id=found.zalo_group_id,
            join_url=found.join_url,
        )
        try:
            validate(proposed)
        except ValidationError as error:
            places = {"oa_id": "unit"}
            for name, complaints in error.error_dict.items():
                self.add_error(name if name in self.fields else places.get(name), complaints)
        return values


@admin.register(FoundGroup)
class FoundGroupAdmin(ScopedAdmin):
    """Groups at Zalo that the directory does not know: choose a unit, and they receive posts."""

    scope_field = "account__unit__path"
    form = TakeForm
    list_display = ("name", "account", "unit_column", "members", "found_at")
    list_filter = (AreaFilter,)
    list_select_related = ("account__unit",)
    search_fields = ("account__unit__search_key", "zalo_group_id")
    ordering = ("account__unit__path", "name", "id")
    readonly_fields = ("account", "zalo_group_id", "members", "join_url", "found_at")
    fields = ("account", ("zalo_group_id", "members"), "unit", ("kind", "name"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        title = {"title": _("Đưa nhóm vào danh bạ")}
        return super().change_view(request, object_id, form_url, {**title, **(extra_context or {})})

    def get_fields(self, request, obj=None):
        """Readers see what was found; the choices are for those who take it."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ("account", "zalo_group_id", "name", "members", "join_url", "found_at")

    def save_model(self, request, obj, form, change) -> None:
        found = FoundGroup.objects.select_related("account__unit").get(pk=obj.pk)
        values = {name: form.cleaned_data[name] for name in ("unit", "kind", "name")}
        obj.taken = sync.take_group(found, by=request.user, **values)

    def response_change(self, request, obj):
        """The new group's page: a steward comes next."""
        words = _("Đã đưa nhóm vào danh bạ. Hãy chọn người phụ trách.")
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:groups_group_change", args=[obj.taken.pk]))

    @admin.display(description=_("Đơn vị"), ordering="account__unit__path")
    def unit_column(self, found: FoundGroup) -> Unit:
        return found.account.unit
