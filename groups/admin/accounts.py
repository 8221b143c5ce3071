"""Admin of official accounts: connection at a glance; secrets go in and never come out."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.admin.accounts_connect import ConnectPages, connect_page
from groups.admin.accounts_sync import SyncPages
from groups.admin.scoping import AreaFilter, ScopedAdmin
from groups.admin.zalo_founding import FoundPages
from groups.enums import AccountState, GroupState
from groups.models import OfficialAccount
from groups.services import accounts as services
from groups.services.bots import check_token, connect_bot
from portal.errors import PortalError


class AccountForm(forms.ModelForm):
    """Secrets are inputs only; an empty one keeps what is stored."""

    new_app_secret = forms.CharField(label=_("Khóa ứng dụng"), required=False, widget=forms.PasswordInput)
    new_oa_secret = forms.CharField(
        label=_("Khóa webhook của OA"), required=False, widget=forms.PasswordInput
    )
    new_access_token = forms.CharField(label=_("Mã truy cập"), required=False, widget=forms.PasswordInput)
    new_refresh_token = forms.CharField(label=_("Mã làm mới"), required=False, widget=forms.PasswordInput)

    class Meta:
        model = OfficialAccount
        fields = ("unit", "name", "oa_id", "app_id", "rate_per_minute")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.is_bot and "new_access_token" in self.fields:
            self.fields["new_access_token"].label = _("Mã của bot")
        for name in services.SECRETS:
            field = self.fields.get(f"new_{name}")
            if field:
                field.widget.attrs["autocomplete"] = "new-password"
                field.help_text = _("Đang có, để trống thì giữ nguyên.") if self._has(name) else _("Chưa có.")

    def _has(self, name: str) -> bool:
        return bool(self.instance.pk and getattr(self.instance, name))

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets that were typed in."""
        typed = {name: self.cleaned_data.get(f"new_{name}", "").strip() for name in services.SECRETS}
        return {name: value for name, value in typed.items() if value}

    def clean(self):
        values = super().clean()
        if self.instance.is_bot:
            return self._clean_bot(values)
        secrets = self.secrets
        if ("access_token" in secrets) != ("refresh_token" in secrets):
            self.add_error("new_refresh_token", _("Hai mã truy cập và làm mới phải nhập cùng nhau."))
        names = {"oa_id": values.get("oa_id") or self.instance.oa_id, "app_id": values.get("app_id", "")}
        try:
            services.check_values({**names, **secrets}, values.get("rate_per_minute"))
        except ValidationError as error:
            for name, found in error.error_dict.items():
                field = f"new_{name}" if name in services.SECRETS else name
                self.add_error({"rate": "rate_per_minute"}.get(field, field), found)
        return values

    def _clean_bot(self, values: dict) -> dict:
        """A bot has one token, which names it."""
        if token := self.secrets.get("access_token"):
            try:
                if check_token(token) != self.instance.oa_id:
                    self.add_error("new_access_token", _("Đây là mã của một bot khác."))
            except ValidationError as error:
                self.add_error("new_access_token", error.message_dict["token"])
        return values


@admin.register(OfficialAccount)
class OfficialAccountAdmin(FoundPages, SyncPages, ConnectPages, ScopedAdmin):
    """Which account sends for whom, whether it works, and since when not."""

    form = AccountForm
    list_display = (
        "__str__",
        "unit",
        "oa_id",
        "state",
        "token_column",
        "last_good_at",
        "error_column",
        "groups_column",
        "synced_column",
        "rate_per_minute",
    )
    list_filter = (AreaFilter, "state", "kind")
    list_select_related = ("unit",)
    search_fields = ("unit__search_key", "oa_id")
    autocomplete_fields = ("unit",)
    ordering = ("unit__path", "id")
    actions = ("sync_now", "reactivate")
    readonly_fields = ("state", "token_column", "last_good_at", "error_column")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        active = Count("groups", filter=Q(groups__state=GroupState.ACTIVE))
        return super().get_queryset(request).annotate(group_count=active)

    def get_fieldsets(self, request, obj=None):
        is_bot = obj is not None and obj.is_bot
        ids = ("kind", "oa_id") if is_bot else (("oa_id", "app_id"),)
        about = ("unit", "name", *ids, "rate_per_minute")
        sections = [(None, {"fields": about})]
        if self.has_add_permission(request) or (obj and self.has_change_permission(request, obj)):
            text = _("Chỉ nhập vào, không bao giờ hiện lại.")
            names = ("access_token",) if is_bot else services.SECRETS
            secrets = tuple(f"new_{name}" for name in names)
            sections.append((_("Khóa bí mật"), {"fields": secrets, "description": text}))
        if obj:
            now = ("state", "token_column", "last_good_at", "error_column")
            sections.append((_("Tình trạng"), {"fields": now}))
        return sections

    def get_readonly_fields(self, request, obj=None):
        return (*self.readonly_fields, "unit", "oa_id", "kind") if obj else self.readonly_fields

    def has_delete_permission(self, request, obj=None):
        return False

    def response_add(self, request, obj, post_url_continue=None):
        """A new account without tokens has one next step: its connection."""
        if "_addanother" in request.POST or obj.access_token:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, _("Đã lưu %s. Còn một bước: kết nối với Zalo.") % obj, messages.SUCCESS)
        return HttpResponseRedirect(connect_page(obj))

    def save_model(self, request, obj, form, change) -> None:
        names = ("name", "app_id", "rate_per_minute")
        values = {name: form.cleaned_data.get(name, "") for name in names}
        if change and obj.is_bot and form.secrets:
            token = form.secrets["access_token"]
            connect_bot(
                obj.unit, token=token, name=obj.name, rate_per_minute=obj.rate_per_minute, by=request.user
            )
            return
        if change:
            services.update_account(obj, by=request.user, **values, **form.secrets)
            return
        made = services.create_account(obj.unit, oa_id=obj.oa_id, by=request.user, **values, **form.secrets)
        obj.pk, obj._state.adding, obj.access_token = made.pk, False, made.access_token

    @admin.action(description=_("Đã xử lý xong, cho gửi lại"), permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet) -> None:
        for account in self.reachable(request, queryset).select_related("unit"):
            try:
                services.reactivate_account(account, by=request.user)
                self.message_user(request, _("%s gửi lại được.") % account, messages.SUCCESS)
            except PortalError as error:
                self.message_user(request, f"{account}: {error.message}", messages.ERROR)

    @admin.display(description=_("Mã truy cập còn đến"), ordering="access_expires_at")
    def token_column(self, account: OfficialAccount) -> str:
        if account.is_bot:
            return _("Bot, không hết hạn")
        if account.state == AccountState.NEEDS_GRANT or not account.access_expires_at:
            return _("Chưa có")
        return f"{timezone.localtime(account.access_expires_at):%H:%M %d/%m/%Y}"

    @admin.display(description=_("Lỗi gần nhất"))
    def error_column(self, account: OfficialAccount) -> str:
        if not account.last_error:
            return "–"
        moment = f"{timezone.localtime(account.last_error_at):%H:%M %d/%m} " if account.last_error_at else ""
        return moment + account.last_error

    @admin.display(description=_("Nhóm"), ordering="group_count")
    def groups_column(self, account: OfficialAccount) -> int:
        return account.group_count
