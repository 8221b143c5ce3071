"""Assisted posting: a person puts the text into the group, confirms, and gets the next one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from broadcasts import rendering
from broadcasts.enums import POSTABLE
from broadcasts.models import Delivery
from broadcasts.pictures import store_picture
from broadcasts.services import posting as services
from broadcasts.services import settle
from portal.desk import frame, posting
from portal.desk.access import posting_page, writers_page
from portal.desk.forms.fields import add_errors
from portal.desk.forms.posting import PostedForm, SkipForm
from portal.desk.paging import numbered
from portal.site.pictures import picture_response

PAGE_SIZE = 30


@require_safe
@posting_page
def index(request: HttpRequest) -> HttpResponse:
    """Everything this person is to post."""
    context = {"page": numbered(posting.queue(request.user), request, size=PAGE_SIZE)}
    return frame.render(request, "desk/posting/list.html", context)


def find(request: HttpRequest, pk: int) -> Delivery:
    """The row, if it is this person's to post; 404 otherwise."""
    rows = posting.reachable(request.user).select_related(
        "group__unit", "broadcast__unit", "broadcast__picture", "settled_by"
    )
    request.object_url = reverse("desk:posting_one", args=[pk])
    return get_object_or_404(rows, pk=pk)


@require_safe
@posting_page
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One post for one group: copy, open, confirm."""
    return _one(request, find(request, pk))


def _one(
    request: HttpRequest, row: Delivery, *, bound: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    broadcast = row.broadcast
    context = {
        "row": row,
        "broadcast": broadcast,
        "text": broadcast.text or rendering.compose(broadcast.title, broadcast.body, broadcast.code),
        "is_open": row.state in POSTABLE,
        "next": posting.following(request.user, row),
        "posted_form": PostedForm(auto_id="posted_%s"),
        "skip_form": SkipForm(auto_id="skip_%s"),
        "opened": next(iter(bound or {}), ""),
    }
    return frame.render(request, "desk/posting/one.html", context | (bound or {}), status=status)


@require_POST
@posting_page
def posted(request: HttpRequest, pk: int) -> HttpResponse:
    """It is in the group now; a screenshot is optional."""
    row = find(request, pk)
    form = PostedForm(request.POST, request.FILES, auto_id="posted_%s")
    if form.is_valid():
        upload = form.cleaned_data["proof"]
        try:
            proof = store_picture(upload, unit=row.group.unit, user=request.user) if upload else None
            services.confirm_posted(row, actor=request.user, proof=proof)
        except ValidationError as error:
            add_errors(form, error, media="proof")
        else:
            return _on(request, row, _("Đã ghi nhận: bài đã đăng vào %(group)s.") % {"group": row.group.name})
    return _one(request, row, bound={"posted_form": form}, status=400)


@require_POST
@posting_page
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody will post it in this group."""
    row = find(request, pk)
    form = SkipForm(request.POST, auto_id="skip_%s")
    if form.is_valid():
        try:
            services.skip(row, actor=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            return _on(request, row, _("Đã bỏ qua %(group)s.") % {"group": row.group.name})
    return _one(request, row, bound={"skip_form": form}, status=400)


def _on(request: HttpRequest, row: Delivery, done: str) -> HttpResponse:
    """Say what was done and go on to the next post, or to the empty list."""
    messages.success(request, done)
    following = posting.following(request.user, row)
    return redirect("desk:posting_one", following.pk) if following else redirect("desk:posting")


@require_safe
@posting_page
def picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture to post."""
    return picture_response(request, find(request, pk).broadcast.picture)


@require_POST
@writers_page
def settle_row(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """What an officer saw in the group: the post is there, or it is not and goes out again."""
    rows = Delivery.objects.visible_to(request.user).select_related("group__unit", "broadcast__unit")
    row = get_object_or_404(rows, pk=pk)
    request.object_url = reverse("desk:broadcast", args=[row.broadcast.code])
    acts = {
        "seen": (settle.confirm_seen, _("Đã ghi nhận: bài có trong nhóm.")),
        "resend": (settle.resend, _("Sẽ gửi lại vào nhóm.")),
    }
    if name not in acts:
        raise Http404
    service, done = acts[name]
    service(row, actor=request.user)
    messages.success(request, done)
    return redirect(f"{request.object_url}#luot-gui")
