"""The report page: the programme's figures for a unit and a period, drawn and in words."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from groups.enums import Level
from groups.models import Unit
from portal.desk import frame, reports, scope
from portal.desk.access import tips_page
from portal.desk.forms.reports import PeriodForm
from tips.enums import Category, Outcome, Priority, SourceChannel


@dataclass(frozen=True)
class Bar:
    """One row of ``components/bar_chart.html``."""

    label: str
    text: str
    percent: float
    tone: str = ""


@dataclass(frozen=True)
class Figure:
    """A number with what it was in the period before."""

    label: str
    value: Any
    change: str
    note: str = ""


@require_safe
@tips_page
def programme(request: HttpRequest) -> HttpResponse:
    """The figures of a unit; a unit out of reach does not exist."""
    units = _units(request)
    asked = request.GET.get("don_vi", "")
    if asked and asked not in {unit.code for unit in units}:
        raise Http404
    form = PeriodForm(request.GET, units=units)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _figures(request.user, form.unit, form.cleaned_data["period"])
    else:
        context["unit"] = units[0]
    return frame.render(
        request, "desk/reports/programme.html", context, status=200 if form.is_valid() else 400
    )


def _units(request: HttpRequest) -> list[Unit]:
    """The desk's unit first, then what a report can be asked for below it; no villages below a province."""
    below = scope.units(request).exclude(pk=request.desk.unit.pk)
    if request.desk.unit.level == Level.PROVINCE:
        below = below.exclude(level=Level.VILLAGE)
    return [request.desk.unit, *below.order_by("level", "sort_key", "pk")]


def _figures(user: Any, unit: Unit, period: reports.Period) -> dict[str, Any]:
    found = reports.programme(user, unit=unit, period=period)
    before, tips = found["previous"], found["tips"]
    return {
        "unit": unit,
        "period": period,
        "previous": period.previous,
        "found": found,
        "figures": _headline(found, before),
        "due_total": tips["on_time"] + tips["extended"] + tips["late"],
        "by_kind": bars(reports.posts_by_kind(unit, period)),
        "by_category": bars(_labelled(tips["by_category"], Category)),
        "by_channel": bars(_labelled(tips["by_channel"], SourceChannel)),
        "by_priority": bars([(f"{key} {Priority[key].label}", n) for key, n in tips["by_priority"].items()]),
        "outcomes": bars(_labelled(found["outcomes"], Outcome)),
        "is_partial": period.last >= timezone.localdate(),
    }


def _headline(found: dict[str, Any], before: dict[str, Any]) -> list[Figure]:
    sent = found["deliveries"]["sent"] + found["deliveries"]["posted"]
    sent_before = before["deliveries"]["sent"] + before["deliveries"]["posted"]
    rows = (
        (_("nhóm"), found["groups"], before["groups"]),
        (_("thành viên"), found["members"], before["members"]),
        (_("bài đăng"), found["posts"], before["posts"]),
        (_("lượt phát thành công"), sent, sent_before),
        (_("tin nhận"), found["tips"]["received"], before["tips"]["received"]),
        (_("tin có giá trị"), found["tips"]["valuable"], before["tips"]["valuable"]),
    )
    return [Figure(label, value, change(value, earlier)) for label, value, earlier in rows]


def change(now: int, before: int) -> str:
    """Against the period before, in words: number and percentage; no percentage of nothing."""
    difference = now - before
    if difference == 0:
        return _("bằng kỳ trước")
    word = _("tăng") if difference > 0 else _("giảm")
    amount = f"{abs(difference):,}".replace(",", ".")
    if not before:
        return _("%(word)s %(amount)s, kỳ trước không có") % {"word": word, "amount": amount}
    percent = f"{abs(difference) / before * 100:.1f}".replace(".", ",")
    return _("%(word)s %(amount)s (%(percent)s %%)") % {"word": word, "amount": amount, "percent": percent}


def bars(rows: list[tuple[str, int]]) -> list[Bar]:
    """Rows of a bar chart, longest first."""
    most = max((number for _label, number in rows), default=0)
    ordered = sorted(rows, key=lambda row: -row[1])
    return [Bar(str(label), str(number), round(number / most * 100, 1)) for label, number in ordered if most]


def _labelled(counts: dict[str, int], choices: Any) -> list[tuple[str, int]]:
    return [(choices(value).label, number) for value, number in counts.items()]
