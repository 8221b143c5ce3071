"""«Nhóm trên Zalo»: one group as Zalo has it, and answers to those who ask to join."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from groups import permissions
from groups.enums import Channel
from groups.models import Group
from groups.services import zalo_groups
from groups.services.sync import slot_warning
from portal.errors import PortalError

PAGES = (("group", "change"), ("zalo", "zalo"), ("invite", "invite"))


class GroupZaloPages:
    """For the admin of groups."""

    def get_urls(self):
        view = require_http_methods(["GET", "POST"])(self.zalo_view)
        own = [path("<int:pk>/zalo/", self.admin_site.admin_view(view), name="groups_group_zalo")]
        return own + super().get_urls()

    def zalo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The group at Zalo (GET); accept or reject those chosen (POST), then the page again."""
        group = self._gmf_group(request, pk)
        ways = self._ways(request, group)
        if request.method == "POST":
            self._answer(request, group)
            return HttpResponseRedirect(ways["zalo_url"])
        context = {
            **self.admin_site.each_context(request),
            **ways,
            "title": _("Nhóm trên Zalo"),
            "opts": self.opts,
            "group": group,
            "warning": slot_warning(group)[1],
        }
        try:
            context["seen"] = zalo_groups.look(group, by=request.user)
        except PortalError as error:
            context["problem"] = error.message
        return render(request, "admin/groups/group/zalo.html", context)

    def _ways(self, request: HttpRequest, group: Group) -> dict[str, str]:
        """Where the pages of a group lead; each address knows the filters of the list they came from."""
        pages = {
            f"{name}_url": reverse(f"admin:groups_group_{page}", args=[group.pk]) for name, page in PAGES
        }
        pages["list_url"] = reverse("admin:groups_group_changelist")
        return {name: self.with_filters(request, url) for name, url in pages.items()}

    def _gmf_group(self, request: HttpRequest, pk: int) -> Group:
        group = self.get_object(request, str(pk))
        if not self.has_view_or_change_permission(request, group) or group.channel != Channel.GMF:
            raise Http404
        # The page names residents: it is for those who keep the directory, not for every reader of it.
        if not permissions.can_manage_directory(request.user, group.unit):
            raise PermissionDenied
        return group

    def _answer(self, request: HttpRequest, group: Group) -> None:
        is_welcome, chosen = request.POST.get("answer") == "accept", request.POST.getlist("member")
        try:
            count = zalo_groups.answer_pending(group, chosen, is_welcome=is_welcome, by=request.user)
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        accepted = ngettext("Đã nhận %d người vào nhóm.", "Đã nhận %d người vào nhóm.", count)
        refused = ngettext("Đã từ chối %d người.", "Đã từ chối %d người.", count)
        self.message_user(request, (accepted if is_welcome else refused) % count, messages.SUCCESS)
