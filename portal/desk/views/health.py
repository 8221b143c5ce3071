"""How sending is: the system, the accounts, the alarms; for chiefs, supervisors and administrators."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from broadcasts.models import Alarm, Mailbox
from broadcasts.services import alarms
from broadcasts.services import mailboxes as mailbox_services
from broadcasts.services.mailbox_status import statuses
from groups.permissions import DIRECTORY_ROLES, paths, paths_q
from portal.desk import frame, health
from portal.desk.access import steering_page
from portal.desk.paging import numbered
from portal.site.paging import page

PAGE_SIZE = 30
HISTORY = timedelta(days=30)


@require_safe
@steering_page
def status(request: HttpRequest) -> HttpResponse:
    """Tình trạng hệ thống."""
    now = timezone.now()
    found = numbered(health.mailboxes(request), request, size=PAGE_SIZE)
    context = {
        "now": now,
        "parts": health.system_parts(),
        "stats": health.stats(request, now),
        "alarms": list(_visible(request).open().order_by("-pk")[:5]),
        "accounts": health.account_counts(request),
        "page": found,
        "statuses": statuses(found.rows, now),
        "lost_groups": health.lost_groups(request),
    }
    return frame.render(request, "desk/health/status.html", context)


@require_POST
@steering_page
def mailbox_act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Stop all sending of one account, or let it go on."""
    theirs = paths_q(paths(request.user, *DIRECTORY_ROLES), "account__unit__path")
    mailbox = get_object_or_404(Mailbox.objects.select_related("account__unit"), theirs, pk=pk)
    request.object_url = reverse("desk:health")
    if name == "pause":
        try:
            mailbox_services.pause_mailbox(mailbox, actor=request.user, reason=request.POST.get("reason", ""))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Đã tạm dừng gửi của %(account)s.") % {"account": mailbox})
    elif name == "resume":
        mailbox_services.resume_mailbox(mailbox, actor=request.user)
        messages.success(request, _("%(account)s gửi tiếp.") % {"account": mailbox})
    else:
        raise Http404
    return redirect("desk:health")


@require_safe
@steering_page
def alarm_list(request: HttpRequest) -> HttpResponse:
    """Open alarms, then those of the last month that closed."""
    closed = _visible(request).filter(closed_at__gte=timezone.now() - HISTORY)
    shown = list(_visible(request).open().order_by("acknowledged_at", "-pk")[:100])
    # One answer for all of the whole system: the rest follows from the postings that are read already.
    of_system = next((alarm for alarm in shown if alarm.unit is None), None)
    takes_system = of_system is not None and alarms.can_acknowledge(request.user, of_system)
    context = {
        "open": shown,
        "has_trouble": not shown and health.has_trouble(request, timezone.now()),
        "takeable": {
            alarm.pk
            for alarm in shown
            if (takes_system if alarm.unit is None else alarms.can_acknowledge(request.user, alarm))
        },
        "page": page(closed, request, by="pk", size=PAGE_SIZE),
    }
    return frame.render(request, "desk/health/alarms.html", context)


@require_POST
@steering_page
def alarm_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody deals with it."""
    request.object_url = reverse("desk:alarms")
    alarms.acknowledge(get_object_or_404(_visible(request), pk=pk), actor=request.user)
    messages.success(request, _("Đã ghi: anh/chị nhận xử lý cảnh báo này."))
    return redirect("desk:alarms")


def _visible(request: HttpRequest):
    return Alarm.objects.visible_to(request.user).select_related("unit", "acknowledged_by")
