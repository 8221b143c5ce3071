"""Pages that found a group at Zalo and invite people into one: choose, read it once more, then do it.

What Zalo said on the first page travels with the form, signed: asking again would cost calls of the minute.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from groups import permissions
from groups.enums import GroupKind
from groups.models import Group, OfficialAccount, Unit
from groups.services import zalo_founding
from groups.zalo.group_calls import ASSET_KINDS, LONGEST_GROUP_NAME
from portal.errors import PortalError

SALT = "groups.zalo-founding"
SIGNED_SECONDS = 3600
SIZES = [(kind, kind.upper()) for kind in ASSET_KINDS]


class PeopleForm(forms.Form):
    """Whom to put into the group: ticked from those Zalo named, or by id."""

    people = forms.MultipleChoiceField(
        label=_("Người theo dõi OA"), widget=forms.CheckboxSelectMultiple, required=False
    )
    others = forms.CharField(
        label=_("Mã người dùng khác"),
        help_text=_("Mỗi dòng một mã, ví dụ mã Zalo của quản trị viên OA."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args, people: list, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = [(key, name or _now("Chưa có tên")) for key, name in people]
        if not people:
            del self.fields["people"]

    def clean(self):
        values = super().clean()
        chosen = [*values.get("people", []), *values.get("others", "").split()]
        if not self.errors and not chosen:
            raise ValidationError(_now("Xin chọn ít nhất một người."))
        values["users"] = chosen
        return values


class FoundForm(PeopleForm):
    """The group that is to be founded."""

    field_order = ("unit", "kind", "name", "slot", "people", "others")
    unit = forms.ModelChoiceField(
        label=_("Đơn vị"),
        queryset=Unit.objects.none(),
        widget=AutocompleteSelect(Group._meta.get_field("unit"), admin.site),
    )
    kind = forms.ChoiceField(label=_("Loại nhóm"), choices=GroupKind)
    name = forms.CharField(label=_("Tên nhóm"), max_length=LONGEST_GROUP_NAME)
    slot = forms.ChoiceField(label=_("Suất nhóm"), widget=forms.RadioSelect)

    def __init__(self, *args, account: OfficialAccount, slots: list, **kwargs):
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["slot"].choices = slots
        self.fields["unit"].queryset = Unit.objects.under(account.unit)
        self.fields["unit"].initial = account.unit

    def clean(self):
        values = super().clean()
        if self.errors:
            return values
        about = {name: values[name] for name in ("unit", "kind", "name")}
        try:
            zalo_founding.check(self.account, **about)
        except ValidationError as error:
            for name, complaints in error.error_dict.items():
                self.add_error(name if name in self.fields else None, complaints)
        return values


class FoundPages:
    """For the admin of accounts: «Lập nhóm trên Zalo»."""

    def get_urls(self):
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.found_view))
        return [path("<int:pk>/lap-nhom/", view, name="groups_officialaccount_found"), *super().get_urls()]

    def found_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask what there is (GET); show it once more (POST); found it (POST of what was shown)."""
        account = self._account(request, pk)
        if not permissions.can_manage_directory(request.user, account.unit):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "opts": self.opts, "account": account}
        context |= {"title": _now("Lập nhóm trên Zalo"), "sizes": SIZES}
        if request.method == "POST" and "draft" in request.POST:
            return self._found(request, account)
        size = request.GET.get("co", "gmf100")
        context["size"] = size if size in ASSET_KINDS else "gmf100"
        seen = _signed(request.POST.get("seen", ""))
        if request.method == "GET" or seen is None:
            try:
                found = zalo_founding.means(account, size=context["size"], by=request.user)
            except PortalError as error:
                context["problem"] = error.message
                return render(request, "admin/groups/officialaccount/found.html", context)
            seen = {"slots": [(slot.asset_id, _slot(slot)) for slot in found.slots], **_people(found.people)}
        form = FoundForm(request.POST or None, account=account, slots=seen["slots"], people=seen["people"])
        context |= {"form": form, "seen": signing.dumps(seen, salt=SALT, compress=True)}
        if form.is_valid():
            context |= self._draft(form, seen)
        return render(request, "admin/groups/officialaccount/found.html", context)

    def _draft(self, form: FoundForm, seen: dict[str, Any]) -> dict[str, Any]:
        values = form.cleaned_data
        draft = {name: values[name] for name in ("kind", "name", "slot", "users")}
        draft |= {"unit": values["unit"].pk, "account": form.account.pk}
        return {
            "draft": signing.dumps(draft, salt=SALT, compress=True),
            "values": values,
            "kind": GroupKind(values["kind"]).label,
            "slot": dict(seen["slots"])[values["slot"]],
            "chosen": _named(values["users"], seen),
        }

    def _found(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        draft = _signed(request.POST["draft"])
        here = reverse("admin:groups_officialaccount_found", args=[account.pk])
        is_ours = draft is not None and draft.get("account") == account.pk
        unit = Unit.objects.filter(pk=draft["unit"]).first() if is_ours else None
        if unit is None:
            self.message_user(request, _now("Trang đã cũ. Xin làm lại từ đầu."), messages.WARNING)
            return HttpResponseRedirect(here)
        try:
            group = zalo_founding.found(
                account,
                unit=unit,
                kind=draft["kind"],
                name=draft["name"],
                asset_id=draft["slot"],
                member_ids=draft["users"],
                by=request.user,
            )
        except (PortalError, ValidationError) as error:
            words = error.message if isinstance(error, PortalError) else " ".join(error.messages)
            self.message_user(request, words, messages.ERROR)
            return HttpResponseRedirect(here)
        words = _now("Đã lập nhóm trên Zalo và đưa vào danh bạ. Hãy chọn người phụ trách.")
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:groups_group_change", args=[group.pk]))


class InvitePages:
    """For the admin of groups: «Mời vào nhóm»."""

    def get_urls(self):
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.invite_view))
        return [path("<int:pk>/zalo/moi/", view, name="groups_group_invite"), *super().get_urls()]

    def invite_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who follows the account (GET); those chosen once more (POST); invite them (POST of those shown)."""
        group = self._gmf_group(request, pk)
        if request.method == "POST" and "draft" in request.POST:
            return self._invite(request, group)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "group": group}
        context |= {"title": _now("Mời vào nhóm"), **self._ways(request, group)}
        seen = _signed(request.POST.get("seen", ""))
        if request.method == "GET" or seen is None:
            try:
                seen = _people(zalo_founding.followers(group, by=request.user))
            except PortalError as error:
                context["problem"] = error.message
                return render(request, "admin/groups/group/invite.html", context)
        form = PeopleForm(request.POST or None, people=seen["people"])
        context |= {"form": form, "seen": signing.dumps(seen, salt=SALT, compress=True)}
        if form.is_valid():
            users = form.cleaned_data["users"]
            draft = {"group": group.pk, "users": users}
            context |= {
                "draft": signing.dumps(draft, salt=SALT, compress=True),
                "chosen": _named(users, seen),
            }
        return render(request, "admin/groups/group/invite.html", context)

    def _invite(self, request: HttpRequest, group: Group) -> HttpResponse:
        draft, ways = _signed(request.POST["draft"]), self._ways(request, group)
        if draft is None or draft.get("group") != group.pk:
            self.message_user(request, _now("Trang đã cũ. Xin làm lại từ đầu."), messages.WARNING)
            return HttpResponseRedirect(ways["invite_url"])
        try:
            count = zalo_founding.invite(group, draft["users"], by=request.user)
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            words = ngettext("Đã mời %d người vào nhóm.", "Đã mời %d người vào nhóm.", count)
            self.message_user(request, words % count, messages.SUCCESS)
        return HttpResponseRedirect(ways["zalo_url"])


def _signed(value: str) -> dict[str, Any] | None:
    try:
        return signing.loads(value, salt=SALT, max_age=SIGNED_SECONDS)
    except signing.BadSignature:
        return None


def _people(people: list[zalo_founding.Person]) -> dict[str, Any]:
    return {"people": [(person.user_id, person.name) for person in people]}


def _named(users: list[str], seen: dict[str, Any]) -> list[str]:
    names = {key: name for key, name in seen["people"]}
    return [names.get(user) or user for user in users]


def _slot(slot: Any) -> str:
    end = f", {_now('dùng đến')} {slot.valid_through:%d/%m/%Y}" if slot.valid_through else ""
    return f"{slot.kind.upper()} · {slot.asset_id}{end}"
