"""The frame around every desk page: unit, role, menu counts."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render
from django.utils import timezone

from broadcasts.enums import STANDSTILL
from broadcasts.models import Alarm
from broadcasts.services import alarms
from groups.enums import Role
from groups.models import Posting, Unit
from portal.desk import badges
from portal.desk.access import Desk
from tips.services.alarms import shown

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
        "nav_counts": badges.shown(request),
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
