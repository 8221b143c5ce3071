"""The named circle of a unit: proposed by one who leads it, confirmed by another, ended by either."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from groups.models import CircleEnding, CircleMember, Posting
from groups.permissions import DECIDING_ROLES, TIP_ROLES, has_restricted_circle, restricted_circle
from groups.services import circle
from portal.desk import frame
from portal.desk.access import desk_page
from portal.text import whole_number

DONE = {
    "propose": gettext_lazy("Đã đề nghị giao cho %(name)s, chờ người thứ hai xác nhận."),
    "confirm": gettext_lazy("%(name)s được mở tin hạn chế từ bây giờ."),
    "end": gettext_lazy("%(name)s không còn mở được tin hạn chế."),
    "end_asked": gettext_lazy("%(name)s là người cuối cùng được giao: chờ người thứ hai xác nhận thôi giao."),
}
ACTS = ("propose", "confirm", "end")
leaders_page = desk_page(*DECIDING_ROLES)


@require_safe
@leaders_page
def index(request: HttpRequest) -> HttpResponse:
    """Who is named at the desk's unit and above it, who is proposed, who could be."""
    unit = request.desk.unit
    chain = [unit.code, *unit.ancestor_codes()]
    waiting = CircleMember.objects.filter(posting__unit=unit, confirmed_by=None, valid_to=None)
    context = {
        "members": _members(chain),
        "waiting": list(waiting.select_related("posting__user", "proposed_by").order_by("pk")),
        "possible": list(_possible(request).select_related("user")),
        "is_empty": not has_restricted_circle(unit.path),
    }
    return frame.render(request, "desk/circle.html", context)


def _members(chain: list[str]) -> list[Posting]:
    """Who is named at these units, nearest first; ``endings`` has the wish to take the last one out."""
    asked = CircleEnding.objects.filter(ended_at=None).select_related("asked_by")
    rows = restricted_circle().filter(unit__code__in=chain).select_related("user", "unit")
    rows = rows.prefetch_related(Prefetch("circle_endings", queryset=asked, to_attr="endings"))
    return list(rows.order_by("-unit__path", "pk"))


def _possible(request: HttpRequest) -> Any:
    """Postings at the desk's unit that are neither named nor proposed."""
    rows = Posting.objects.open().filter(
        unit=request.desk.unit, role__in=TIP_ROLES, user__is_active=True, restricted_circle=False
    )
    proposed = Q(circle__valid_to=None, circle__isnull=False)
    return rows.exclude(pk__in=Posting.objects.filter(proposed).values("pk")).order_by("user__full_name")


@require_POST
@leaders_page
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Propose, confirm or end, for a posting at the desk's unit."""
    request.object_url = reverse("desk:circle")
    rows = Posting.objects.filter(unit=request.desk.unit).select_related("user", "unit")
    if name not in ACTS:
        raise Http404
    posting = get_object_or_404(rows, pk=whole_number(request.POST.get("posting", "")))
    try:
        done = _perform(name, posting, request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, str(DONE[done]) % {"name": posting.user.display_name})
    return redirect("desk:circle")


def _perform(name: str, posting: Posting, user: Any) -> str:
    """Do it; returns which sentence of ``DONE`` is true now."""
    if name == "confirm":
        member = get_object_or_404(CircleMember, posting=posting, confirmed_by=None, valid_to=None)
        circle.confirm(member, by=user)
    elif name == "propose":
        circle.propose(posting, by=user)
    elif not circle.end(posting, by=user):
        return "end_asked"
    return name
