"""Posts: the list, one post with its groups live, and every act on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from broadcasts import rendering
from broadcasts.enums import BroadcastState, DeliveryState, PostKind
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import approval
from broadcasts.services.audience import reach_of
from broadcasts.services.duplicates import Duplicate, DuplicateError, duplicate_of
from broadcasts.services.notices import end_notice, renew_notice, warnings_for
from broadcasts.services.retrying import retry_failed
from portal.desk import frame, health, posts
from portal.desk.access import writers_page
from portal.desk.forms import fields
from portal.desk.forms.broadcasts import (
    ApproveForm,
    DuplicateForm,
    EndNoticeForm,
    RenewForm,
    ResumeForm,
    WithdrawForm,
)
from portal.desk.paging import numbered
from portal.errors import NotAllowedError
from portal.site.paging import page
from portal.site.pictures import picture_response
from tips.models import Tip

PAGE_SIZE = 30


@dataclass(frozen=True)
class Act:
    """One act on a post: its service, the form that asks what the service needs, what to say afterwards."""

    service: Callable[..., Any]
    done: str
    form: type = fields.Nothing
    passes: tuple[str, ...] = field(default=())


def _end_notice(broadcast: Broadcast, *, actor: Any, ended_as: str) -> None:
    if broadcast.notice is None:
        raise NotAllowedError
    end_notice(broadcast.notice, actor=actor, ended_as=ended_as)


def _renew_notice(broadcast: Broadcast, *, actor: Any, review_by: date) -> None:
    if broadcast.notice is None:
        raise NotAllowedError
    renew_notice(broadcast.notice, actor=actor, review_by=review_by)


ACTS = {
    "submit": Act(
        approval.submit_broadcast, gettext_lazy("Đã trình duyệt."), DuplicateForm, ("confirm_duplicate",)
    ),
    "approve": Act(
        approval.approve_broadcast,
        gettext_lazy("Đã duyệt."),
        ApproveForm,
        ("version", "confirm_duplicate"),
    ),
    "return": Act(approval.return_broadcast, gettext_lazy("Đã trả lại để sửa."), fields.Reason, ("reason",)),
    "reject": Act(approval.reject_broadcast, gettext_lazy("Đã từ chối bài."), fields.Reason, ("reason",)),
    "cancel": Act(approval.cancel_broadcast, gettext_lazy("Đã hủy, bài sẽ không gửi.")),
    "discard": Act(approval.discard_broadcast, gettext_lazy("Đã bỏ bản nháp.")),
    "pause": Act(approval.pause_broadcast, gettext_lazy("Đã tạm dừng.")),
    "resume": Act(approval.resume_broadcast, gettext_lazy("Đã cho gửi tiếp."), ResumeForm, ("skip_missed",)),
    "retry-failed": Act(retry_failed, gettext_lazy("Đang gửi lại vào các nhóm lỗi.")),
    "withdraw": Act(
        approval.withdraw_broadcast,
        gettext_lazy("Đã thu hồi. Bản đính chính đang gửi tới các nhóm đã nhận bài."),
        WithdrawForm,
        ("reason",),
    ),
    "renew-notice": Act(_renew_notice, gettext_lazy("Đã gia hạn thông báo."), RenewForm, ("review_by",)),
    "end-notice": Act(
        _end_notice,
        gettext_lazy("Đã kết thúc thông báo. Các nhóm đã nhận bài sẽ nhận bản đính chính."),
        EndNoticeForm,
        ("ended_as",),
    ),
}


@require_safe
@writers_page
def index(request: HttpRequest) -> HttpResponse:
    """Posts, newest first."""
    found = page(posts.listed(request, request.GET), request, by="pk", size=PAGE_SIZE)
    counts = posts.counts_of(request.user, found.rows)
    for broadcast in found.rows:
        broadcast.counts = counts[broadcast.pk]
    context = {
        "page": found,
        "tabs": posts.TABS,
        "kinds": PostKind.choices,
        "chosen": request.GET.get("loc", ""),
        "is_filtered": any(request.GET.get(name) for name in ("loc", "loai", "q")),
    }
    return frame.render(request, "desk/broadcasts/list.html", context)


def find(request: HttpRequest, code: str) -> Broadcast:
    """The broadcast with this code, if the person may see it; 404 otherwise."""
    rows = Broadcast.objects.visible_to(request.user).select_related(
        "unit", "author", "approver", "picture", "notice__photo", "notice__unit", "corrects", "parent"
    )
    return get_object_or_404(rows, code=code)


@require_safe
@writers_page
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One post: text as members see it, who decided what, and where it has got."""
    return _detail(request, find(request, code))


def _detail(
    request: HttpRequest, broadcast: Broadcast, *, bound: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    able = posts.abilities(request.user, broadcast)
    forms = {name: _form(name, broadcast) for name in able & set(ACTS)} | (bound or {})
    waiting = broadcast.state in (*posts.EDITABLE, BroadcastState.SUBMITTED, BroadcastState.APPROVED)
    doubled = None if bound else _ask_about_duplicate(broadcast, forms)
    context = {
        "broadcast": broadcast,
        "doubled": posts.told_of(doubled, request.user) if doubled else "",
        "failed": next(iter((bound or {}).values()), None),
        "text": broadcast.text or rendering.compose(broadcast.title, broadcast.body, broadcast.code),
        "able": able,
        "forms": forms,
        "end_notice": forms.get("end-notice"),
        "renew_notice": forms.get("renew-notice"),
        "opened": next(iter(bound or {}), ""),
        "trail": posts.trail(broadcast),
        "warnings": warnings_for(broadcast.notice) if waiting and broadcast.notice else [],
        "reach": reach_of(broadcast.audience, under=broadcast.unit, user=request.user) if waiting else None,
        "occurrences": broadcast.occurrences.order_by("-due_at", "-pk")[:10] if broadcast.recurrence else [],
        "withdrawal": Broadcast.objects.filter(corrects=broadcast).first(),
        "tips": Tip.objects.visible_to(request.user)
        .filter(broadcast=broadcast)
        .select_related("unit", "village", "assignee")
        .order_by("-pk")[:10],
        **_deliveries(request, broadcast),
    }
    return frame.render(request, "desk/broadcasts/detail.html", context, status=status)


def _ask_about_duplicate(broadcast: Broadcast, forms: dict[str, Any]) -> Duplicate | None:
    """What the next press would be asked about; the box for it is in the form at once."""
    asking = [form for name, form in forms.items() if name in ("submit", "approve")]
    found = duplicate_of(broadcast, timezone.now()) if asking else None
    if found:
        for form in asking:
            form.show_box()
    return found


@require_safe
@writers_page
def progress(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the page that changes while groups receive it; htmx asks for it every few seconds."""
    broadcast = find(request, code)
    if not request.htmx:
        return redirect("desk:broadcast", code)
    context = {"broadcast": broadcast, **_deliveries(request, broadcast)}
    return render_fragment(request, "desk/broadcasts/_progress.html", context)


def _deliveries(request: HttpRequest, broadcast: Broadcast) -> dict[str, Any]:
    state = request.GET.get("gui", "")
    rows = posts.deliveries_of(request.user, broadcast, state=state)
    found = numbered(rows, request, size=posts.ROWS_PER_PAGE)
    rights = posts.RowRights.of(request.user)
    for row in found.rows:
        row.able = rights.abilities(row, broadcast)
    counts = posts.counts_of(request.user, [broadcast])[broadcast.pk]
    doubtful = Delivery.objects.visible_to(request.user).filter(broadcast=broadcast)
    return {
        "asks_to_look": bool(counts.by_state.get(DeliveryState.UNKNOWN))
        and doubtful.filter(posts.to_look_for(timezone.now())).exists(),
        "paused": health.paused_for(request, broadcast) if counts.is_waiting else [],
        "rows": found,
        "counts": counts,
        "state": state,
        "refresh_seconds": posts.refresh_seconds(broadcast, counts),
    }


def _form(name: str, broadcast: Broadcast, data: Any = None) -> Any:
    form_class = ACTS[name].form
    options = {"broadcast": broadcast} if form_class in (ApproveForm, ResumeForm) else {}
    return form_class(data, prefix=None, auto_id=f"{name}_%s", **options)


@require_POST
@writers_page
def act(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Do one act of ``ACTS``; a form with mistakes comes back open on the page."""
    if name not in ACTS:
        raise Http404
    broadcast, wanted = find(request, code), ACTS[name]
    form = _form(name, broadcast, request.POST)
    if not form.is_valid():
        return _detail(request, broadcast, bound={name: form}, status=400)
    values = {key: form.cleaned_data[key] for key in wanted.passes}
    try:
        wanted.service(broadcast, actor=request.user, **values)
    except DuplicateError as error:
        form.ask_about(posts.told_of(error.duplicate, request.user))
        return _detail(request, broadcast, bound={name: form}, status=409)
    except ValidationError as error:
        fields.add_errors(form, error)
        return _detail(request, broadcast, bound={name: form}, status=400)
    messages.success(request, str(wanted.done))
    return redirect("desk:broadcast", code)


@require_safe
@writers_page
def picture(request: HttpRequest, code: str) -> HttpResponseBase:
    """The picture of a post."""
    return picture_response(request, find(request, code).picture)


def delivery_of(request: HttpRequest, pk: int) -> Delivery:
    """A row the person may see; 404 otherwise."""
    rows = Delivery.objects.visible_to(request.user).select_related("group__unit", "broadcast__unit")
    return get_object_or_404(rows, pk=pk)
