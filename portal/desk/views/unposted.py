"""Who has not posted yet: a chief reminds, or hands the post to somebody else."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import posting as services
from groups.permissions import DECIDING_ROLES
from portal.desk import frame, posting
from portal.desk.access import desk_page
from portal.desk.paging import numbered
from portal.errors import WrongStateError
from portal.text import whole_number

PAGE_SIZE = 30
MOST_PEOPLE = 200
leaders_page = desk_page(*DECIDING_ROLES)


@require_safe
@leaders_page
def index(request: HttpRequest) -> HttpResponse:
    """Groups without their post, of one broadcast or of all, with the people to call."""
    code, chosen = request.GET.get("bai", ""), request.GET.get("loc", "")
    rows = posting.unposted(request.user, request.desk.unit)
    if code:
        rows = rows.filter(broadcast__code=code)
    if chosen == "qua-han":
        rows = rows.filter(state=DeliveryState.OVERDUE)
    elif chosen == "lau":
        rows = rows.filter(posting.long_overdue(timezone.now()), state=DeliveryState.OVERDUE)
    people = list(posting.possible_posters(request.user, request.desk.unit)[: MOST_PEOPLE + 1])
    context = {
        "page": numbered(rows, request, size=PAGE_SIZE),
        "code": code,
        "chosen": chosen,
        "broadcast": Broadcast.objects.visible_to(request.user).filter(code=code).first() if code else None,
        "people": people[:MOST_PEOPLE],
        "is_people_cut": len(people) > MOST_PEOPLE,
        "filters": (("", _("Tất cả")), ("qua-han", _("Quá hạn")), ("lau", _("Quá hạn lâu"))),
    }
    return frame.render(request, "desk/posting/unposted.html", context)


def _ticked(request: HttpRequest) -> list[tuple[Delivery, int | None]]:
    """The rows that were ticked and still wait, each with whom it was handed to when the page was made."""
    seen: dict[int, int | None] = {}
    for value in request.POST.getlist("row"):
        pk, _dash, person = value.partition("-")
        if (key := whole_number(pk)) is not None:
            seen[key] = whole_number(person)
    rows = posting.unposted(request.user, request.desk.unit).filter(pk__in=list(seen)[:PAGE_SIZE])
    return [(row, seen[row.pk]) for row in rows]


@require_POST
@leaders_page
def remind(request: HttpRequest) -> HttpResponse:
    """Mark the ticked rows as reminded of, and send mails to who has an address."""
    rows = [row for row, _seen in _ticked(request)]
    reminded = len(services.remind(rows, actor=request.user))
    if reminded:
        done = ngettext("Đã nhắc %(n)d nhóm.", "Đã nhắc %(n)d nhóm.", reminded) % {"n": reminded}
        messages.success(request, done)
    else:
        messages.warning(request, _("Chưa nhắc nhóm nào: chưa chọn nhóm, hoặc vừa được nhắc trong giờ này."))
    return _back(request)


@require_POST
@leaders_page
def hand_over(request: HttpRequest) -> HttpResponse:
    """Somebody else posts the ticked rows."""
    chosen, ticked = request.POST.get("assignee", ""), _ticked(request)
    people = posting.possible_posters(request.user, request.desk.unit)
    to = people.filter(pk=whole_number(chosen)).first()
    if to is None or not ticked:
        messages.warning(request, _("Xin chọn ít nhất một nhóm và người nhận."))
        return _back(request)
    handed, kept = 0, []
    for row, seen in ticked:
        try:
            services.hand_over(row, to=to, actor=request.user, seen=seen)
            handed += 1
        except ValidationError as error:
            kept.append(f"{row.group.name}: {' '.join(error.messages)}")
        except WrongStateError as error:
            kept.append(f"{row.group.name}: {error.message}")
    _say(request, to, handed, kept)
    return _back(request)


def _say(request: HttpRequest, to: Any, handed: int, kept: list[str]) -> None:
    if handed:
        words = {"n": handed, "who": to.display_name}
        messages.success(request, _("Đã giao %(n)d nhóm cho %(who)s.") % words)
    if kept:
        messages.warning(request, _("Chưa giao được: %(rows)s") % {"rows": " ".join(kept)})


def _back(request: HttpRequest) -> HttpResponse:
    """To the same list, with its filters."""
    query = request.META.get("QUERY_STRING", "")
    return redirect(reverse("desk:posting_unposted") + (f"?{query}" if query else ""))
