"""What will be erased soon, for the chiefs who may still need it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from groups.permissions import DECIDING_ROLES
from portal.desk import frame, scope
from portal.desk.access import desk_page
from portal.desk.forms.fields import accepted
from portal.desk.forms.registers import HoldForm
from portal.desk.paging import numbered
from tips.models import Tip
from tips.services import reading, retention

PAGE_SIZE = 30
deciding_page = desk_page(*DECIDING_ROLES)


@require_safe
@deciding_page
def index(request: HttpRequest) -> HttpResponse:
    """Tips whose contents go within a month, soonest first."""
    return _page(request)


@require_POST
@sensitive_post_parameters()
@deciding_page
def hold(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep one of them longer, with a reason."""
    tip = get_object_or_404(reading.visible_tips(request.user), public_id=public_id)
    form = HoldForm(request.POST, auto_id=f"{tip.public_id}_%s")
    if not accepted(form, partial(retention.hold, tip, actor=request.user)):
        return _page(request, bound=(tip, form), status=400)
    day = f"{form.cleaned_data['until']:%d/%m/%Y}"
    done = _("Tin %(id)s được giữ tới hết ngày %(day)s.") % {"id": tip.public_id, "day": day}
    messages.success(request, done)
    return redirect("desk:erasures")


def _page(
    request: HttpRequest, *, bound: tuple[Tip, HoldForm] | None = None, status: int = 200
) -> HttpResponse:
    rows = scope.tips(request).filter(erasure_notice__isnull=False, erased_at=None)
    rows = rows.without_words().select_related("unit", "erasure_notice").order_by("closed_at", "pk")
    found = numbered(rows, request, size=PAGE_SIZE)
    context: dict[str, Any] = {"page": found}
    failed, form = bound or (None, None)
    context["entries"] = [
        (tip, form if tip == failed else HoldForm(auto_id=f"{tip.public_id}_%s"), tip == failed)
        for tip in found.rows
    ]
    return frame.render(request, "desk/registers/erasures.html", context, status=status)
