"""One act on several tips of the queue, each told apart afterwards."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.desk import frame
from portal.desk.access import tips_page
from tips.models import Tip
from tips.services import bulk, handling, offers, reading
from tips.services.changes import version_read
from tips.validators import plain_code


@require_POST
@tips_page
def act(request: HttpRequest) -> HttpResponse:
    """Accept the ticked tips, or give them to one person; ``tip`` is "ID:version" as the list showed it."""
    rows = _chosen(request)
    if not rows:
        messages.error(request, _("Xin chọn ít nhất một tin."))
        return redirect("desk:tips")
    if request.POST.get("act") != "assign":
        return _report(request, bulk.accept_each(rows, actor=request.user))
    people = {str(posting.user_id): posting.user for posting in offers.people_at(request.desk.unit)}
    person = people.get(request.POST.get("assignee", ""))
    if person is None:
        messages.error(request, _("Xin chọn cán bộ được giao."))
        return redirect("desk:tips")
    return _report(
        request, bulk.act_on_each(handling.assign, rows, actor=request.user, assignee=person), person=person
    )


def _chosen(request: HttpRequest) -> list[tuple[Tip, int]]:
    """The ticked tips that this person may see, with the version they saw, in the order of the list."""
    ticked: dict[str, int] = {}
    for value in request.POST.getlist("tip")[: bulk.AT_ONCE]:
        public_id, _colon, version = value.partition(":")
        ticked[plain_code(public_id)] = version_read(version)
    found = reading.visible_tips(request.user).filter(public_id__in=ticked)
    by_id = {tip.public_id: tip for tip in found}
    return [(by_id[public_id], version) for public_id, version in ticked.items() if public_id in by_id]


def _report(request: HttpRequest, results: list[bulk.Result], *, person: object = None) -> HttpResponse:
    context = {
        "done": [result.tip for result in results if not result.complaint],
        "left": [result for result in results if result.complaint and not result.is_skipped],
        "skipped": [result for result in results if result.is_skipped],
        "person": person,
    }
    return frame.render(request, "desk/tips/bulk.html", context)
