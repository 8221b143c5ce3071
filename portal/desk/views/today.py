"""The first page of the day, and the choice of the unit one works for."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from groups import permissions
from portal.desk import access, frame
from portal.desk import today as duties
from portal.desk.access import desk_page
from portal.desk.views import posting


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """What waits for this person; people who only work in the admin are sent there."""
    roles = {posting.role for posting in permissions.open_postings(request.user)}
    if roles and roles <= {permissions.Role.ADMINISTRATOR, permissions.Role.AUDITOR}:
        return redirect("admin:index")
    return _today(request)


@desk_page(*access.ROLE_ORDER)
def _today(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.desk.is_relay:
        return posting.listing(request)
    return frame.render(request, "desk/today.html", {"board": duties.board(request), "now": now})


@require_POST
@desk_page(*access.ROLE_ORDER)
def switch(request: HttpRequest) -> HttpResponse:
    """Work under another of one's own open postings from now on."""
    chosen = request.POST.get("posting", "")
    if chosen not in {str(posting.pk) for posting in request.desk.postings}:
        raise PermissionDenied
    request.session[access.POSTING_KEY] = int(chosen)
    back = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if allowed else "desk:today")
