"""Groups: the list, one group, counting it, handing it over."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from groups import permissions
from groups.enums import Channel, GroupKind
from groups.models import Group
from groups.services import groups as services
from groups.views import join_address
from portal.desk import directory, frame
from portal.desk.access import writers_page
from portal.desk.forms.fields import add_errors
from portal.desk.forms.groups import SizeForm, StewardForm
from portal.desk.paging import numbered

PAGE_SIZE = 40


@require_safe
@writers_page
def index(request: HttpRequest) -> HttpResponse:
    """Groups of the unit by name."""
    context = {
        "page": numbered(directory.listed(request, request.GET), request, size=PAGE_SIZE),
        "kinds": GroupKind.choices,
        "channels": Channel.choices,
        "is_silent": bool(request.GET.get("im-lang")),
        "is_filtered": any(request.GET.get(name) for name in ("q", "loai", "cach", "im-lang")),
    }
    return frame.render(request, "desk/groups/list.html", context)


def find(request: HttpRequest, pk: int) -> Group:
    """The group, if the person may see it; 404 otherwise."""
    rows = directory.with_steward(Group.objects.visible_to(request.user))
    return get_object_or_404(rows.select_related("unit", "official_account", "programme"), pk=pk)


@require_safe
@writers_page
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One group: people, size over time, how to join, what was posted last."""
    return _detail(request, find(request, pk))


def _detail(
    request: HttpRequest, group: Group, *, bound: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    manages = permissions.can_manage_directory(request.user, group.unit)
    link = group.join_links.filter(is_open=True).order_by("-pk").first()
    context = {
        "group": group,
        "manages": manages,
        "bars": directory.size_bars(group),
        "sizes": directory.size_rows(group),
        "link": link,
        "join_address": join_address(link) if link else "",
        "posts": directory.last_posts(group),
        "opened": next(iter(bound or {}), ""),
    }
    if manages:
        context["size_form"] = SizeForm(
            auto_id="size_%s",
            initial={"members": group.members_count, "households": group.households_count},
        )
        context["steward_form"] = _steward_form(group)
    return frame.render(request, "desk/groups/detail.html", context | (bound or {}), status=status)


def _steward_form(group: Group, data: Any = None) -> StewardForm:
    return StewardForm(data, auto_id="steward_%s", candidates=directory.steward_candidates(group))


@require_POST
@writers_page
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """Record how many members and households the group has."""
    group = find(request, pk)
    form = SizeForm(request.POST, auto_id="size_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.record_size(
                group,
                members=data["members"],
                households=data["households"],
                day=data["date"],
                by=request.user,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Đã ghi số thành viên."))
            return redirect("desk:group", pk)
    return _detail(request, group, bound={"size_form": form}, status=400)


@require_POST
@writers_page
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the group to another officer from today on."""
    group = find(request, pk)
    form = _steward_form(group, request.POST)
    if form.is_valid():
        try:
            services.change_steward(group, user=form.chosen, by=request.user)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Đã bàn giao cho %(name)s.") % {"name": form.chosen.display_name})
            return redirect("desk:group", pk)
    return _detail(request, group, bound={"steward_form": form}, status=400)


@require_POST
@writers_page
def open_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the group's short join link when it has none."""
    services.open_join_link(find(request, pk), by=request.user)
    messages.success(request, _("Đã tạo liên kết tham gia."))
    return redirect("desk:group", pk)
