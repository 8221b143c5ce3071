"""One file of a tip: shown with the name of who opened it, and its sealed original for who may have it."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from portal.desk import frame
from portal.desk.access import tips_page
from portal.desk.forms.fields import accepted
from portal.desk.forms.tips import GrantForm, OriginalForm
from portal.errors import NotAllowedError
from tips import permissions
from tips.downloads import locked_down, opened_by
from tips.models import Evidence
from tips.services import offers, originals, reading
from tips.validators import plain_code


@require_safe
@tips_page
def show(request: HttpRequest, public_id: str, evidence_id: str) -> HttpResponse:
    """A file on a page of its own; loading its content is what gets audited."""
    return _page(request, _file(request, public_id, evidence_id))


@require_POST
@sensitive_post_parameters()
@tips_page
def open_original(request: HttpRequest, public_id: str, evidence_id: str) -> HttpResponse:
    """Ask, with a reason, for a quarter of an hour in which the original can be downloaded."""
    file = _file(request, public_id, evidence_id)
    form = OriginalForm(request.POST)
    if accepted(form, partial(originals.open_original, file, actor=request.user)):
        return redirect("desk:tip_file", public_id, evidence_id)
    return _page(request, file, open_form=form, status=400)


@require_POST
@sensitive_post_parameters()
@tips_page
def grant_original(request: HttpRequest, public_id: str, evidence_id: str) -> HttpResponse:
    """Let a colleague open the original."""
    file = _file(request, public_id, evidence_id)
    if not permissions.can_decide(request.user, file.tip):
        raise NotAllowedError
    form = GrantForm(request.POST, colleagues=_colleagues(request, file))

    def grant(*, assignee: Any, reason: str) -> None:
        originals.grant_original(file, actor=request.user, user=assignee, reason=reason)

    if accepted(form, grant):
        return redirect("desk:tip_file", public_id, evidence_id)
    return _page(request, file, grant_form=form, status=400)


@require_safe
@tips_page
def original(request: HttpRequest, public_id: str, evidence_id: str) -> HttpResponseBase:
    """The original as it was received, after its hash was compared."""
    file = _file(request, public_id, evidence_id)
    try:
        stream = originals.download_original(file, actor=request.user)
    except originals.DamagedOriginalError as error:
        return _page(request, file, damage=error.message, status=409)
    response = StreamingHttpResponse(stream, content_type="application/octet-stream")
    return locked_down(response, f"tin-{public_id}-{evidence_id}-goc.bin")


def _file(request: HttpRequest, public_id: str, evidence_id: str) -> Evidence:
    tip = get_object_or_404(reading.visible_tips(request.user), public_id=public_id)
    file = get_object_or_404(Evidence, tip=tip, public_id=plain_code(evidence_id))
    file.tip = tip
    return file


def _page(request: HttpRequest, file: Evidence, *, status: int = 200, **context: Any) -> HttpResponse:
    sealed = originals.original_of(file)
    can_grant = sealed is not None and permissions.can_decide(request.user, file.tip)
    context = {
        "tip": file.tip,
        "file": file,
        "mark": opened_by(request.user, file.tip),
        "original": sealed,
        "grant": originals.live_grant(file, request.user),
        "can_open": sealed is not None and permissions.can_open_original(request.user, file),
        "open_form": OriginalForm(),
        "grant_form": GrantForm(colleagues=_colleagues(request, file)) if can_grant else None,
        **context,
    }
    return frame.render(request, "desk/tips/file.html", context, status=status)


def _colleagues(request: HttpRequest, file: Evidence) -> list[Any]:
    return [posting for posting in offers.colleagues(file.tip) if posting.user_id != request.user.pk]
