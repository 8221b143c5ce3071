"""Tags of the desk: deadlines in words, priorities, the first words of a tip, pictures of figures."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.contrib.auth.context_processors import PermWrapper
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from groups.services import holidays
from portal import pieces, spans
from portal.desk.paging import AFTER, BEFORE, NUMBER
from portal.site.paging import NEWER, OLDER
from tips.deadlines import Milestone
from tips.enums import RESTRICTED, Priority
from tips.models import Breach, Tip
from tips.services import attention, breaches

register = template.Library()
register.simple_tag(pieces.badge)
register.simple_tag(pieces.icon)
register.filter(spans.clock)
register.filter(spans.span)
register.filter(spans.until)
register.filter(spans.weekday)

SOON = timedelta(hours=2)
LATE = "late"
SUMMARY_LENGTH = 80
PAGING = (NUMBER, AFTER, BEFORE, OLDER, NEWER)


@register.simple_tag
def open_breaches(user: Any) -> list[Breach]:
    """Breaches nobody reported yet, for the first page of somebody who works in the admin only."""
    return list(breaches.running_for(user))


@register.simple_tag
def missing_holidays(perms: PermWrapper) -> str:
    """Which years have no holidays, for those who can enter them; costs others no query."""
    return holidays.missing(timezone.localdate()) if "groups.add_holiday" in perms else ""


@register.filter
def urgency(moment: datetime | None) -> str:
    """``late``, ``soon`` or nothing: how a deadline is drawn."""
    if moment is None:
        return ""
    left = moment - timezone.now()
    return LATE if left < timedelta() else "soon" if left < SOON else ""


@register.simple_tag
def deadline(tip: Tip) -> SafeString:
    """The deadline of an open tip."""
    return _deadline(tip.due, urgency(tip.due))


def _deadline(due: datetime | None, near: str) -> SafeString:
    if due is None:
        return SafeString()
    return format_html(
        '<span class="deadline{}" title="{}">{}{}</span>',
        f" deadline--{near}" if near else "",
        f"{timezone.localtime(due):%H:%M %d/%m/%Y}",
        pieces.icon("alert-triangle") if near == LATE else "",
        spans.until(due),
    )


@register.inclusion_tag("desk/tips/_duty.html", takes_context=True)
def duty(context: template.Context, tip: Tip) -> dict[str, Any]:
    """A tip as a row of a list: what it is about, how urgent, whose. Wants its places and assignee selected.

    A page has thirty of them: what each shows is put together here, its template only lays it out.
    """
    place = tip.village.full_name if tip.village else tip.unit.full_name
    if tip.village and tip.unit_id != context["desk"].unit.pk:
        place = f"{place}, {tip.unit.full_name}"
    due = tip.due
    near = urgency(due)
    news = attention.WORDS.get(getattr(tip, "news", ""))
    return {
        "url": reverse("desk:tip", args=[tip.public_id]),
        "near": near,
        "icon": pieces.icon(f"cat/{tip.category}"),
        "is_restricted": tip.is_restricted,
        "title": summary(tip),
        "badges": format_html(
            "{}{}{}{}",
            format_html('<span class="unread">{}</span>', news) if news else "",
            priority(tip),
            _deadline(due, near),
            pieces.badge(tip.status, tip.get_status_display()),
        ),
        "category": tip.get_category_display(),
        "place": place,
        "assignee": tip.assignee.display_name if tip.assignee else "",
    }


@register.inclusion_tag("components/milestone.html")
def milestone_badge(milestone: Milestone) -> dict:
    """Whether and when a point was reached, and by when it had to be."""
    return {"milestone": milestone, "state": milestone.state(timezone.now())}


@register.simple_tag
def priority(tip: Tip, *, words: bool = False) -> SafeString:
    """The priority badge; with ``words`` also what it means."""
    return pieces.priority_badge(tip.priority, Priority(tip.priority).label if words else "")


@register.filter
def summary(tip: Tip) -> str:
    """The first words of a tip for a list; restricted categories show none."""
    if tip.category in RESTRICTED:
        return _("Nội dung chỉ hiện khi mở tin")
    words = " ".join(tip.text.split())
    if len(words) <= SUMMARY_LENGTH:
        return words
    return f"{words[:SUMMARY_LENGTH].rsplit(' ', 1)[0].rstrip('.,;:')}…"


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The present address's query with some values changed: ``{% query loc="moi" %}``; empty ones go away.

    What is listed then begins with its first page.
    """
    values = context["request"].GET.copy()
    for name in PAGING:
        values.pop(name, None)
    for name, value in changes.items():
        if value in ("", None):
            values.pop(name, None)
        else:
            values[name] = str(value)
    return f"?{values.urlencode()}"


@register.filter
def plain(number: int) -> str:
    """A number for a machine: no thousand separators."""
    return str(number)


@register.filter
def texts(values: list | None) -> list[str]:
    """A form's values as strings, whether they were typed or come from a rule of numbers."""
    return [str(value) for value in values or []]
