"""Who asked for and who opened contacts of senders and originals of files: what superiors see and decide."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from groups.permissions import DECIDING_ROLES
from portal.desk import frame
from portal.desk.access import desk_page
from portal.site.paging import page
from tips.models import Tip
from tips.services import asking

PAGE_SIZE = 30
MOST_WAITING = 50
MOST_ORIGINALS = 50
leaders_page = desk_page(*DECIDING_ROLES)


@require_safe
@leaders_page
def index(request: HttpRequest) -> HttpResponse:
    """Questions to answer, every opening of a contact, the latest of originals.

    A restricted tip has no code for who may not open it.
    """
    found = page(asking.openings(request.user), request, by="pk", size=PAGE_SIZE)
    originals = list(asking.original_openings(request.user)[:MOST_ORIGINALS])
    tips = [row.tip_id for row in found.rows] + [row.evidence.tip_id for row in originals]
    context = {
        "waiting": list(asking.waiting_for(request.user)[:MOST_WAITING]),
        "page": found,
        "originals": originals,
        "visible": set(Tip.objects.visible_to(request.user).filter(pk__in=tips).values_list("pk", flat=True)),
    }
    return frame.render(request, "desk/openings.html", context)


@require_POST
@leaders_page
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes or no to one question."""
    request.object_url = reverse("desk:openings")
    asked = get_object_or_404(asking.waiting_for(request.user), pk=pk)
    is_granted = request.POST.get("answer") == "yes"
    try:
        asking.decide(asked, actor=request.user, is_granted=is_granted, reason=request.POST.get("reason", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done = _("Đã cho %(name)s xem trong 15 phút.") if is_granted else _("Đã từ chối %(name)s.")
        messages.success(request, done % {"name": asked.user.display_name})
    return redirect("desk:openings")
