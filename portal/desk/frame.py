"""The frame around every desk page: unit, role, menu counts."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render
from django.utils import timezone

from broadcasts.enums import BroadcastState
from portal.desk import posting, scope
from portal.desk.access import Desk

# A badge says "99+": nobody counts further, and no page reads more rows than that for it.
MOST_COUNTED = 100


def render(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a full desk page; fragments for htmx use Django's own ``render`` and skip the counts."""
    desk: Desk = request.desk
    frame = {
        "desk": desk,
        "desk_unit": desk.office,
        "desk_role": desk.role_name,
        "nav_counts": nav_counts(request),
    }
    return django_render(request, template, frame | (context or {}), status=status)


def nav_counts(request: HttpRequest) -> dict[str, str]:
    """What waits for this person, by menu entry: posts to put into groups, tips, drafts to approve."""
    user, desk = request.user, request.desk
    counts = {"today": capped(posting.queue(user))}
    if desk.is_relay:
        return counts
    counts["tips"] = capped(scope.tips(request).filter(scope.needs_attention(timezone.now())))
    if desk.is_deciding:
        waiting = scope.own_broadcasts(request).filter(state=BroadcastState.SUBMITTED)
        counts["posts"] = capped(waiting.exclude(author=user))
    return counts


def capped(rows: QuerySet[Any]) -> str:
    """A count that stops: "12", "99+", or nothing at all for none."""
    found = len(rows.order_by().values_list("pk")[:MOST_COUNTED])
    if not found:
        return ""
    return str(found) if found < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
