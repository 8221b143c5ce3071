"""The frame around every desk page: unit, role, menu counts."""

from collections import Counter
from functools import partial
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render
from django.utils import timezone

from broadcasts.enums import STANDSTILL, BroadcastState
from broadcasts.models import Alarm, Delivery
from broadcasts.services import alarms
from groups.enums import Role
from groups.models import Posting, Unit
from portal.desk import posting, scope
from portal.desk.access import Desk
from tips.services.alarms import shown

# A badge says "99+": nobody counts further, and no page reads more rows than that for it.
MOST_COUNTED = 100
ALARMS_SHOWN = 2
HELPERS_SHOWN = 2


def render(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a full desk page; fragments for htmx use Django's own ``render`` and skip the counts."""
    desk: Desk = request.desk
    alarms.watch_for_the_clock(timezone.now())
    frame = {
        "desk": desk,
        "desk_unit": desk.office,
        "desk_role": desk.role_name,
        "nav_counts": nav_counts(request),
        "standstill": standstill(desk),
        "ringing": None if desk.is_relay or desk.is_administrator else shown(request.user),
        # Asked only where the strip is shown.
        "helpers": partial(administrators, desk.unit),
    }
    return django_render(request, template, frame | (context or {}), status=status)


def standstill(desk: Desk) -> list[Alarm]:
    """Why posts do not go out here, for the strip on top of every page; empty on all normal days."""
    felt = Alarm.objects.open().felt_at(desk.unit).filter(kind__in=STANDSTILL)
    return list(felt.select_related("unit").order_by("unit_id", "pk")[: ALARMS_SHOWN + 1])


def administrators(unit: Unit) -> list[Any]:
    """Whom to call when sending stands still: those who keep the system running here, the nearest first."""
    rows = Posting.objects.serving(unit, Role.ADMINISTRATOR).select_related("user")
    return [posting.user for posting in rows.order_by("-unit__path", "pk")[:HELPERS_SHOWN]]


def nav_counts(request: HttpRequest) -> dict[str, str]:
    """What waits for this person, by menu entry: posts to put into groups, tips, drafts, posts of others."""
    user, desk = request.user, request.desk
    if desk.is_administrator:
        return {}
    to_post = {"today": posting.some_of_queue(user, MOST_COUNTED)}
    if desk.is_deciding:
        to_post["unposted"] = posting.unposted(user, desk.unit)
    counts = capped_each(to_post)
    if desk.is_relay:
        return counts
    counts["tips"] = capped(scope.tips(request).filter(scope.needs_attention(timezone.now())))
    if desk.is_deciding:
        waiting = scope.own_broadcasts(request).filter(state=BroadcastState.SUBMITTED)
        counts["posts"] = capped(waiting.exclude(author=user))
    return counts


def capped(rows: QuerySet[Any]) -> str:
    """A count that stops: "12", "99+", or nothing at all for none."""
    return _badge(len(rows.order_by().values_list("pk")[:MOST_COUNTED]))


def capped_each(lists: dict[str, QuerySet[Delivery]]) -> dict[str, str]:
    """``capped`` for several lists of deliveries, in one query."""
    first, *others = (
        Delivery.objects.filter(pk__in=rows.order_by().values("pk")[:MOST_COUNTED])
        .order_by()
        .values_list(Value(name, CharField()))
        for name, rows in lists.items()
    )
    found = Counter(name for (name,) in first.union(*others, all=True))
    return {name: _badge(found[name]) for name in lists}


def _badge(found: int) -> str:
    if not found:
        return ""
    return str(found) if found < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
