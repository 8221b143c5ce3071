"""Rows that did not reach their group: look, choose some, confirm what is to happen with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from broadcasts.codes import CODE
from broadcasts.enums import DeliveryState
from broadcasts.models import Delivery
from broadcasts.services import retrying, settle
from broadcasts.services.dead_letters import WANTED, Reason, dead_letters, narrowed, reason_of
from groups.enums import Level
from groups.models import OfficialAccount, Unit
from portal.desk import frame, posts, scope
from portal.desk.access import writers_page
from portal.desk.forms.fields import Reason as ReasonForm
from portal.site.paging import page
from portal.text import whole_number

PAGE_SIZE = 30
MOST_CHOSEN = 200
PROBLEMS_SHOWN = 5


class LookedForm(forms.Form):
    """Said by somebody who looked into the groups of unknown rows."""

    looked = forms.BooleanField(label=gettext_lazy("Tôi đã mở từng nhóm để xem"))


class DiscardForm(ReasonForm):
    """Why these groups will not get it."""


class DiscardLookedForm(LookedForm, ReasonForm):
    """The same for rows of which nobody knows."""


@dataclass(frozen=True)
class Act:
    """One thing to do with the chosen rows."""

    service: Callable[..., Any]
    question: Promise
    button: Promise
    done: Callable[[int], str]
    icon: str
    is_harmful: bool = False


ACTS = {
    "retry": Act(
        retrying.retry,
        gettext_lazy("Gửi lại vào các nhóm này?"),
        gettext_lazy("Gửi lại"),
        lambda n: ngettext("Đã cho gửi lại %d lượt.", "Đã cho gửi lại %d lượt.", n) % n,
        "icons/refresh.svg",
    ),
    "seen": Act(
        settle.confirm_seen,
        gettext_lazy("Bài đã có trong các nhóm này?"),
        gettext_lazy("Đã thấy trong nhóm"),
        lambda n: ngettext("Đã ghi nhận %d nhóm có bài.", "Đã ghi nhận %d nhóm có bài.", n) % n,
        "icons/check.svg",
    ),
    "discard": Act(
        retrying.discard,
        gettext_lazy("Bỏ qua, không gửi vào các nhóm này nữa?"),
        gettext_lazy("Bỏ qua"),
        lambda n: ngettext("Đã bỏ qua %d lượt.", "Đã bỏ qua %d lượt.", n) % n,
        "icons/ban.svg",
        is_harmful=True,
    ),
}


@require_safe
@writers_page
def index(request: HttpRequest) -> HttpResponse:
    """What lies there for this person's units, newest first."""
    query, now = request.GET, timezone.now()
    rows = _visible(request, reason=query.get("ly-do", ""))
    unit = scope.units(request).filter(code=query.get("don-vi", "")).first()
    rows = narrowed(
        rows, unit_path=unit.path if unit else "", account=query.get("oa", ""), code=query.get("bai", "")
    )
    found = page(rows, request, by="pk", size=PAGE_SIZE)
    _describe(found.rows, now)
    context = {
        "page": found,
        # Nothing to press for rows that go out when their account works again.
        "sends_itself": all(row.state == DeliveryState.BLOCKED for row in found.rows),
        "reasons": Reason.choices,
        "reason": query.get("ly-do", ""),
        "units": _units(request),
        "chosen_unit": unit.code if unit else "",
        "accounts": OfficialAccount.objects.filter(unit__path__startswith=request.desk.unit.path).only(
            "name", "oa_id"
        ),
        "is_filtered": any(query.get(name) for name in ("ly-do", "don-vi", "oa", "bai")),
        "is_deciding": bool(posts.RowRights.of(request.user).deciding),
    }
    return frame.render(request, "desk/dead_letters/list.html", context)


@require_POST
@writers_page
def confirm(request: HttpRequest) -> HttpResponse:
    """The chosen rows once more, with what will happen to them."""
    name, rows = _chosen(request)
    if not rows:
        messages.warning(request, _("Xin chọn ít nhất một lượt còn cần xử lý."))
        return _back(request)
    return _confirm(request, name, rows, _form(name, rows))


@require_POST
@writers_page
def act(request: HttpRequest) -> HttpResponse:
    """Do it, row by row; say how many worked and why each other one did not."""
    name, rows = _chosen(request)
    form = _form(name, rows, request.POST)
    if rows and not form.is_valid():
        return _confirm(request, name, rows, form, status=400)
    options = {"reason": form.cleaned_data["reason"]} if name == "discard" and rows else {}
    result = retrying.for_each(rows, ACTS[name].service, actor=request.user, **options)
    if result.done:
        messages.success(request, ACTS[name].done(result.done))
    for problem in result.problems[:PROBLEMS_SHOWN]:
        messages.warning(request, problem)
    if len(result.problems) > PROBLEMS_SHOWN:
        more = len(result.problems) - PROBLEMS_SHOWN
        messages.warning(request, _("Và %(count)d lượt khác chưa làm được.") % {"count": more})
    if not rows:
        messages.info(request, _("Các lượt này đã được xử lý trước đó."))
    return _back(request)


def _confirm(
    request: HttpRequest, name: str, rows: list[Delivery], form: forms.Form, *, status: int = 200
) -> HttpResponse:
    _describe(rows, timezone.now())
    context = {"name": name, "act": ACTS[name], "rows": rows, "form": form}
    context |= {"back": _address(request), "code": _code(request)}
    return frame.render(request, "desk/dead_letters/confirm.html", context, status=status)


def _visible(request: HttpRequest, *, reason: str = "") -> QuerySet[Delivery]:
    return _seen_by(request, dead_letters(timezone.now(), reason=reason))


def _seen_by(request: HttpRequest, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    rows = rows.filter(pk__in=Delivery.objects.visible_to(request.user).values("pk"))
    return rows.select_related("group__unit", "group__official_account", "broadcast__unit", "account")


def _chosen(request: HttpRequest) -> tuple[str, list[Delivery]]:
    """The act and the rows that still need a person; raises 404 for an act that there is not.

    On a post's own page a person may settle an unknown row before the machine gave it up.
    """
    name = request.POST.get("viec", "")
    if name not in ACTS:
        raise Http404
    keys = {whole_number(key) for key in request.POST.getlist("luot")} - {None}
    chosen = Delivery.objects.filter(pk__in=sorted(keys)[:MOST_CHOSEN])
    dead = dead_letters(timezone.now()).values("pk")
    unknown = Q(state=DeliveryState.UNKNOWN, broadcast__state__in=WANTED)
    return name, list(_seen_by(request, chosen.filter(Q(pk__in=dead) | unknown)).order_by("-pk"))


def _describe(rows: list[Delivery], now: Any) -> None:
    for row in rows:
        row.why = reason_of(row)
        row.is_past_use = settle.is_past_use(row.broadcast, now)


def _form(name: str, rows: list[Delivery], data: QueryDict | None = None) -> forms.Form:
    """What the act asks: a reason to discard, and a look into the groups of which nobody knows."""
    is_doubtful = any(row.state == DeliveryState.UNKNOWN for row in rows)
    if name == "discard":
        return (DiscardLookedForm if is_doubtful else DiscardForm)(data)
    return (LookedForm if is_doubtful else forms.Form)(data if data is not None else None)


def _units(request: HttpRequest) -> QuerySet[Unit]:
    """Units to narrow the list to; a commune is narrowed to its villages, anything above to communes."""
    units = scope.units(request).exclude(pk=request.desk.unit.pk).order_by("sort_key", "pk")
    if request.desk.unit.level == Level.COMMUNE:
        return units[:100]
    return units.exclude(level=Level.VILLAGE)[:300]


def _code(request: HttpRequest) -> str:
    """Of the post on whose page the act was chosen; empty on the list."""
    code = request.POST.get("tu-bai", "")
    return code if CODE.fullmatch(code) else ""


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(_address(request))


def _address(request: HttpRequest) -> str:
    """The post it was asked on, else the list with the filters it had."""
    if code := _code(request):
        return reverse("desk:broadcast", args=[code]) + "#luot-gui"
    query = QueryDict(request.POST.get("loc", "")[:500]).urlencode()
    return reverse("desk:dead_letters") + (f"?{query}" if query else "")
