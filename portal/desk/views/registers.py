"""The registers of personal data: what people asked for, and breaches with their 72 hours."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groups.enums import Level
from groups.models import Unit
from groups.permissions import TIP_ROLES, has_role
from portal.desk import frame
from portal.desk.access import View, desk_page, forbidden
from portal.desk.forms import registers as forms
from portal.desk.forms.fields import accepted, add_errors
from portal.site.paging import page
from tips.models import Breach, DataRequest, Tip
from tips.models.registers import REGISTER_ROLES
from tips.services import breaches, requests
from tips.services.reading import by_id

PAGE_SIZE = 30
register_page = desk_page(*REGISTER_ROLES)


def request_page(view: View) -> View:
    """Pages of requests: also for who keeps no register, but leads a restricted tip that one is about."""

    @desk_page(*REGISTER_ROLES, *TIP_ROLES)
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.keeps_register = has_role(request.user, *REGISTER_ROLES)
        if request.keeps_register or DataRequest.objects.visible_to(request.user).exists():
            return view(request, *args, **kwargs)
        return forbidden(request, REGISTER_ROLES)

    return guarded


REQUEST_ACTS: dict[str, tuple[type, Callable[..., Any]]] = {
    "confirm": (forms.ConfirmForm, requests.confirm),
    "extend": (forms.ReasonForm, requests.extend),
    "grant": (forms.GrantForm, requests.grant),
    "refuse": (forms.ReasonForm, requests.refuse),
}
BREACH_ACTS: dict[str, tuple[type, Callable[..., Any]]] = {
    "notify": (forms.NotifyForm, breaches.notify),
    "close": (forms.CloseForm, breaches.close),
}


@require_safe
@request_page
def request_list(request: HttpRequest) -> HttpResponse:
    """Open requests by what is due next, then the others, newest first."""
    rows = DataRequest.objects.visible_to(request.user).select_related("unit").without_words()
    waiting = sorted(rows.waiting().order_by("due_at")[:100], key=lambda row: row.next_due)
    found = page(rows.exclude(state__in=DataRequest.WAITING), request, by="pk", size=PAGE_SIZE)
    return frame.render(request, "desk/registers/requests.html", {"waiting": waiting, "page": found})


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@register_page
def request_enter(request: HttpRequest) -> HttpResponse:
    """Write down what somebody asks."""

    def save(*, tip: str, **values: Any) -> HttpResponse:
        row = requests.enter(actor=request.user, tip=_tip(request, tip), **values)
        messages.success(request, _("Đã ghi yêu cầu. Xin xác nhận với người yêu cầu trong hạn."))
        return redirect("desk:data_request", row.code)

    title = _("Ghi yêu cầu về dữ liệu cá nhân")
    return _enter(request, forms.RequestForm, save, title=title, back="desk:data_requests")


@require_safe
@request_page
def request_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One request, its terms and what can be done."""
    return _request_page(request, _request(request, code))


@require_POST
@sensitive_post_parameters()
@request_page
def request_act(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Confirm, extend, carry out or refuse."""
    row = _request(request, code)
    form = _act(request, row, REQUEST_ACTS, name)
    return (
        redirect("desk:data_request", code)
        if form is None
        else _request_page(request, row, bound={name: form})
    )


@require_safe
@register_page
def breach_list(request: HttpRequest) -> HttpResponse:
    """Breaches, newest first, with their clocks."""
    rows = Breach.objects.visible_to(request.user).select_related("unit").without_words()
    context = {"page": page(rows, request, by="pk", size=PAGE_SIZE)}
    return frame.render(request, "desk/registers/breaches.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@register_page
def breach_enter(request: HttpRequest) -> HttpResponse:
    """Write a breach down: the clock starts when it was known."""

    def save(**values: Any) -> HttpResponse:
        row = breaches.enter(actor=request.user, **values)
        messages.success(request, _("Đã ghi sự cố. Xin báo cơ quan chuyên trách trong hạn."))
        return redirect("desk:breach", row.code)

    return _enter(request, forms.BreachForm, save, title=_("Ghi sự cố dữ liệu cá nhân"), back="desk:breaches")


@require_safe
@register_page
def breach_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One breach and its clock."""
    return _breach_page(request, _breach(request, code))


@require_safe
@register_page
def breach_print(request: HttpRequest, code: str) -> HttpResponse:
    """The notification for the authority, to print and sign."""
    context = {"breach": _breach(request, code), "now": timezone.now()}
    return render(request, "desk/registers/breach_print.html", context)


@require_POST
@sensitive_post_parameters()
@register_page
def breach_act(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Note that the authority was told, or close the matter."""
    row = _breach(request, code)
    form = _act(request, row, BREACH_ACTS, name)
    return redirect("desk:breach", code) if form is None else _breach_page(request, row, bound={name: form})


def _enter(
    request: HttpRequest, shape: type, save: Callable[..., HttpResponse], **context: str
) -> HttpResponse:
    """The form of an entry; ``save`` writes what a valid one says and leads to its page."""
    form = shape(request.POST or None, units=_units(request))
    if form.is_valid():
        try:
            return save(**form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
    context = {"form": form, **context}
    return frame.render(request, "desk/registers/enter.html", context, status=400 if form.errors else 200)


def _act(request: HttpRequest, row: Any, acts: dict, name: str) -> Any:
    """Do one act; returns its form when something has to be corrected, else None."""
    if name not in acts:
        raise Http404
    shape, service = acts[name]
    form = shape(request.POST, auto_id=f"{name}_%s")
    if not accepted(form, partial(service, row, actor=request.user)):
        return form
    messages.success(request, _("Đã ghi vào sổ."))
    return None


def _request_page(request: HttpRequest, row: DataRequest, *, bound: dict | None = None) -> HttpResponse:
    able = {
        DataRequest.State.NEW: ("confirm", "extend", "refuse"),
        DataRequest.State.CONFIRMED: ("grant", "extend", "refuse"),
    }.get(row.state, ())
    is_readable = requests.may_read(request.user, row)
    hidden = {"extend"} if row.extension_reason else set()
    hidden |= set() if is_readable else {"grant", "refuse"}
    names = [name for name in able if name not in hidden]
    context = {
        "row": row,
        "is_readable": is_readable,
        "forms": _forms(REQUEST_ACTS, names, bound),
        "opened": next(iter(bound or {}), ""),
    }
    return frame.render(request, "desk/registers/request.html", context, status=400 if bound else 200)


def _breach_page(request: HttpRequest, row: Breach, *, bound: dict | None = None) -> HttpResponse:
    is_second = request.user.pk != row.entered_by_id
    able = {Breach.State.OPEN: ("notify",) if is_second else (), Breach.State.NOTIFIED: ("close",)}
    context = {
        "breach": row,
        "is_second": is_second,
        "forms": _forms(BREACH_ACTS, able.get(row.state, ()), bound),
        "opened": next(iter(bound or {}), ""),
    }
    return frame.render(request, "desk/registers/breach.html", context, status=400 if bound else 200)


def _forms(acts: dict, names: Any, bound: dict | None) -> dict[str, Any]:
    return {name: acts[name][0](auto_id=f"{name}_%s") for name in names} | (bound or {})


def _units(request: HttpRequest) -> list[Unit]:
    """Units an entry can be for: the desk's own first, communes below it."""
    below = Unit.objects.under(request.desk.unit).current().exclude(level=Level.VILLAGE)
    return [request.desk.unit, *below.exclude(pk=request.desk.unit.pk).order_by("level", "sort_key")[:500]]


def _tip(request: HttpRequest, code: str) -> Tip | None:
    """The tip of a code; one this person may not see does not exist."""
    if not code:
        return None
    tip = by_id(Tip.objects.visible_to(request.user), code.upper()).first()
    if tip is None:
        raise ValidationError({"tip": _("Không có tin với mã này.")})
    return tip


def _request(request: HttpRequest, code: str) -> DataRequest:
    rows = DataRequest.objects.visible_to(request.user).select_related("unit", "tip__handler", "decided_by")
    return get_object_or_404(rows, code=code)


def _breach(request: HttpRequest, code: str) -> Breach:
    people = ("entered_by", "notified_by", "closed_by")
    return get_object_or_404(
        Breach.objects.visible_to(request.user).select_related("unit", *people), code=code
    )
