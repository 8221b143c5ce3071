"""Duty: who is on it, what rings, and which devices of a person ring."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from groups.permissions import has_restricted_circle
from portal.desk import duty as reads
from portal.desk import frame
from portal.desk.access import tips_page
from tips.services import alarms, devices, duty


@require_safe
@tips_page
def index(request: HttpRequest) -> HttpResponse:
    """Trực ban."""
    now = timezone.now()
    context = {
        "ringing_tips": reads.ringing_for(request.user),
        "roster": reads.roster(request.desk.unit, now),
        "can_set": duty.can_set(request.user, request.desk.unit),
        "has_circle": has_restricted_circle(request.desk.unit.path),
        "devices": list(request.user.push_devices.all()),
        "push_key": settings.VAPID_PUBLIC_KEY,
    }
    return frame.render(request, "desk/duty/index.html", context)


@require_safe
@tips_page
def ringing(request: HttpRequest) -> HttpResponse:
    """How many urgent tips call this person: asked for every 20 s by open pages."""
    return JsonResponse({"waiting": alarms.ringing(request.user)})


@require_POST
@tips_page
def put(request: HttpRequest) -> HttpResponse:
    """Put somebody on the roster of the desk's unit, or take them off."""
    request.object_url = request.path.rsplit("/", 2)[0] + "/"
    unit = request.desk.unit
    user = _person(request)
    change = duty.take_off if request.POST.get("off") else duty.put_on
    try:
        change(unit, user, actor=request.user, **_when(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done = _("Đã bỏ %(name)s khỏi lịch trực.") if request.POST.get("off") else _("Đã xếp %(name)s trực.")
        messages.success(request, done % {"name": user.display_name if user else ""})
    return redirect("desk:duty")


def _person(request: HttpRequest) -> Any:
    """The chosen person among those who serve at the desk's unit, or None."""
    chosen = request.POST.get("user", "")
    return next((p.user for p in duty.staff(request.desk.unit) if str(p.user_id) == chosen), None)


def _when(request: HttpRequest) -> dict[str, Any]:
    """The day of the form if it names one that exists, else its weekday."""
    weekday = request.POST.get("weekday", "")
    try:
        day = parse_date(request.POST.get("day", ""))
    except ValueError:
        day = None
    return {"day": day, "weekday": int(weekday) if weekday in set("0123456") else -1}


@require_POST
@tips_page
def add_device(request: HttpRequest) -> HttpResponse:
    """Let this browser ring for this person."""
    given = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth", "name")}
    try:
        devices.add(request.user, **given)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Máy này nhận báo khẩn, kể cả khi không mở trang."))
    return redirect("desk:duty")


@require_POST
@tips_page
def remove_device(request: HttpRequest, pk: int) -> HttpResponse:
    """This browser rings no more."""
    devices.remove(request.user, pk)
    messages.success(request, _("Máy đó không nhận báo khẩn nữa."))
    return redirect("desk:duty")
