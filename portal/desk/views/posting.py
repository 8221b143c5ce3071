"""Assisted posting: a person puts the text into the group, confirms, and gets the next one.

A script confirms at the same addresses and gets JSON; without one the same forms lead on by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from broadcasts.enums import POSTABLE
from broadcasts.models import Broadcast, Delivery
from broadcasts.pictures import store_picture
from broadcasts.services import posting as services
from broadcasts.services import settle
from groups import permissions
from groups.models import Group
from groups.services import groups
from portal.desk import frame, posting
from portal.desk.access import posting_page, writers_page
from portal.desk.forms.fields import add_errors
from portal.desk.forms.posting import CountForm, PostedForm, SkipForm
from portal.desk.paging import numbered
from portal.errors import WrongStateError
from portal.site.pictures import picture_response

PAGE_SIZE = 30
# A phone may keep a copy of such a page, to go on without network; the service worker asks for this header.
KEEP = "X-Offline-Copy"
# Accounts that stand still concern nobody here: a person posts. A kept copy would tell of it for hours.
QUIET = {"standstill": []}

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Step:
    """One group of a run with its forms."""

    row: Delivery
    text: str
    posted_form: PostedForm
    skip_form: SkipForm

    @property
    def field_id(self) -> str:
        """Of the text, where each group has one of its own."""
        return f"post-text-{self.row.pk}"


def step(row: Delivery) -> Step:
    """The row with empty forms; several stand on one page."""
    forms = PostedForm(auto_id=f"posted-{row.pk}_%s"), SkipForm(auto_id=f"skip-{row.pk}_%s")
    return Step(row, posting.text_of(row.broadcast), *forms)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks."""
    return "application/json" in request.headers.get("Accept", "")


def for_script(view: View) -> View:
    """What a script asks is answered in JSON, a refusal too: it takes no page for the portal's answer.

    When its session ended, or is somebody else's by now, it learns so and keeps what it has (401).
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not wants_json(request):
            return view(request, *args, **kwargs)
        sender = request.POST.get("user") or str(request.user.pk)
        if not request.user.is_authenticated or sender != str(request.user.pk):
            return JsonResponse({"message": _("Xin đăng nhập lại để gửi xác nhận.")}, status=401)
        try:
            return view(request, *args, **kwargs)
        except Http404:
            message = _("Bài này không còn thuộc phần việc của anh/chị.")
            return JsonResponse({"message": message}, status=404)
        except PermissionDenied:
            return JsonResponse({"message": _("Anh/chị không còn đăng bài cho nhóm này.")}, status=403)

    return guarded


def rendered(
    request: HttpRequest, template: str, context: dict[str, Any], *, keep: bool, status: int = 200
) -> HttpResponse:
    """A page of the desk; with ``keep`` a phone may keep a copy."""
    response = frame.render(request, template, QUIET | context, status=status)
    if keep:
        response[KEEP] = "1"
    return response


@require_safe
@posting_page
def index(request: HttpRequest) -> HttpResponse:
    """Everything this person is to post, by post or by group."""
    return listing(request)


def listing(request: HttpRequest) -> HttpResponse:
    """The list; a village head has it as first page too."""
    rows, by_group = posting.queue(request.user), request.GET.get("xem") == "nhom"
    if by_group:
        rows = rows.order_by("group__sort_key", "group", *posting.ORDER)
    context = {
        "page": numbered(rows, request, size=PAGE_SIZE),
        "by_group": by_group,
        "recent": list(posting.recent(request.user)[:PAGE_SIZE]),
    }
    return rendered(request, "desk/posting/list.html", context, keep=True)


@require_safe
@posting_page
def run_post(request: HttpRequest, code: str) -> HttpResponse:
    """One post to all one's groups: step n of m, and what came of it."""
    broadcast = get_object_or_404(Broadcast.objects.select_related("picture"), code=code)
    return _run(request, posting.run_of_post(request.user, broadcast), broadcast.title, broadcast)


@require_safe
@posting_page
def run_group(request: HttpRequest, pk: int) -> HttpResponse:
    """All posts for one group, one after the other."""
    group = get_object_or_404(Group, pk=pk)
    return _run(request, posting.run_of_group(request.user, group), group.name, None)


def _run(request: HttpRequest, run: posting.Run, title: str, broadcast: Broadcast | None) -> HttpResponse:
    if not run.total:
        raise Http404
    undoable = {row.pk for row in run.done if services.can_undo(request.user, row)}
    context = {
        "run": run,
        "last": next((row for row in run.done[:1] if row.pk in undoable), None),
        "title": title,
        "broadcast": broadcast,
        "text": posting.text_of(broadcast) if broadcast else "",
        "steps": [step(row) for row in run.steps],
        "undoable": undoable,
    }
    return rendered(request, "desk/posting/run.html", context, keep=bool(run.steps))


def find(request: HttpRequest, pk: int) -> Delivery:
    """The row, if it is this person's to post; 404 otherwise."""
    rows = posting.reachable(request.user).select_related(
        "group__unit", "broadcast__unit", "broadcast__picture", "settled_by", "task__assignee"
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
    is_open, fresh = row.state in POSTABLE, step(row)
    context = {
        "row": row,
        "broadcast": row.broadcast,
        "text": fresh.text,
        "is_open": is_open,
        "can_undo": services.can_undo(request.user, row),
        "next": posting.following(request.user, row),
        "recent": list(posting.recent(request.user)[:1]) if is_open else [],
        "posted_form": fresh.posted_form,
        "skip_form": fresh.skip_form,
        "size_form": _size_form(request, row.group),
        "opened": next(iter(bound or {}), ""),
    }
    keep = is_open and status == 200
    return rendered(request, "desk/posting/one.html", context | (bound or {}), keep=keep, status=status)


def _size_form(request: HttpRequest, group: Group) -> CountForm | None:
    """For who may write down the size of this group."""
    if not permissions.can_count(request.user, group):
        return None
    numbers = {"members": group.members_count, "households": group.households_count}
    return CountForm(auto_id="size_%s", initial=numbers)


@require_POST
@for_script
@posting_page
def posted(request: HttpRequest, pk: int) -> HttpResponse:
    """It is in the group now; a screenshot is optional."""
    row = find(request, pk)
    form = PostedForm(request.POST, request.FILES, auto_id=f"posted-{pk}_%s")

    def confirm() -> None:
        upload = form.cleaned_data["proof"]
        proof = (
            store_picture(upload, unit=row.group.unit, user=request.user, field="proof") if upload else None
        )
        services.confirm_posted(row, actor=request.user, proof=proof, **form.told)

    done = _("Xong: bài đã đăng vào %(group)s.") % {"group": row.group.name}
    return _settle(request, row, form, confirm, done, "posted_form")


@require_POST
@for_script
@posting_page
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody will post it in this group."""
    row = find(request, pk)
    form = SkipForm(request.POST, auto_id=f"skip-{pk}_%s")

    def leave_out() -> None:
        services.skip(row, actor=request.user, reason=form.cleaned_data["reason"], **form.told)

    done = _("Xong: không đăng vào %(group)s.") % {"group": row.group.name}
    return _settle(request, row, form, leave_out, done, "skip_form")


def _settle(
    request: HttpRequest,
    row: Delivery,
    form: PostedForm | SkipForm,
    act: Callable[[], None],
    done: str,
    name: str,
) -> HttpResponse:
    """Do it and lead on; what is wrong stands at its field, or in the answer to a script."""
    if form.is_valid():
        try:
            act()
        except ValidationError as error:
            add_errors(form, error)
        except WrongStateError as error:
            if wants_json(request):
                return JsonResponse({"message": str(error.message)}, status=409)
            raise
        else:
            return _on(request, row, done)
    if wants_json(request):
        words = " ".join(error for errors in form.errors.values() for error in errors)
        return JsonResponse({"message": words}, status=400)
    return _one(request, row, bound={name: form}, status=400)


@require_POST
@posting_page
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own confirmation was a mistake."""
    row = services.undo(find(request, pk), actor=request.user)
    messages.success(request, _("Đã hoàn tác: %(group)s chờ đăng lại.") % {"group": row.group.name})
    return redirect(_back(request) or reverse("desk:posting_one", args=[pk]))


def _back(request: HttpRequest) -> str:
    """Where the form wants to go on, if that is a page of posting."""
    back = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if allowed and back.startswith(reverse("desk:posting")) else ""


def _on(request: HttpRequest, row: Delivery, done: str) -> HttpResponse:
    """Say what was done and go on: within the run, to the next post, or to the empty list."""
    following = posting.following(request.user, row)
    url = reverse("desk:posting_one", args=[following.pk]) if following else reverse("desk:posting")
    if following and not _back(request):
        done = _("%(done)s Bài tiếp theo: %(title)s.") % {"done": done, "title": following.broadcast.title}
    if wants_json(request):
        # Who works through a run sees it there; what was kept for hours is old news.
        if request.POST.get("show"):
            messages.success(request, done)
        return JsonResponse({"state": row.state, "message": done, "next": url})
    messages.success(request, done)
    return redirect(_back(request) or url)


@require_safe
@posting_page
def picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture to post."""
    return picture_response(request, find(request, pk).broadcast.picture)


@require_POST
@posting_page
def size(request: HttpRequest, pk: int) -> HttpResponse:
    """The steward is in the group anyway: how many are there today."""
    row = find(request, pk)
    form = CountForm(request.POST, auto_id="size_%s")
    if form.is_valid():
        try:
            groups.record_size(row.group, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Đã ghi số thành viên."))
            return redirect("desk:posting_one", pk)
    return _one(request, row, bound={"size_form": form}, status=400)


# --- Without network -------------------------------------------------------------------------------------


@require_safe
@for_script
@posting_page
def card(request: HttpRequest) -> HttpResponse:
    """Who is logged in, and the proof that forms need: asked for right before kept confirmations are sent."""
    return JsonResponse({"user": str(request.user.pk), "token": get_token(request)})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What a phone shows without network where it has no copy. The same for everybody: it is kept."""
    return render(request, "desk/posting/offline.html")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: program text, the same for everybody."""
    response = render(request, "desk/posting/worker.js", content_type="text/javascript")
    response["Service-Worker-Allowed"] = reverse("desk:today")
    # It fetches pages, styles and pictures of ours, and runs one script of ours.
    response["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; connect-src 'self'"
    return response


# --- What an officer saw in the group --------------------------------------------------------------------


@require_POST
@writers_page
def settle_row(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """An officer saw the post in the group. Sending it again is asked about first (``dead_letters``)."""
    rows: QuerySet[Delivery] = Delivery.objects.visible_to(request.user)
    row = get_object_or_404(rows.select_related("group__unit", "broadcast__unit"), pk=pk)
    request.object_url = reverse("desk:broadcast", args=[row.broadcast.code])
    if name != "seen":
        raise Http404
    settle.confirm_seen(row, actor=request.user)
    messages.success(request, _("Đã ghi nhận: bài có trong nhóm."))
    return redirect(f"{request.object_url}#luot-gui")
