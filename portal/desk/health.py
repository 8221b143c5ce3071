"""Figures of the page "Tình trạng hệ thống": a fixed number of cheap queries, no count without an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from broadcasts.enums import CLAIMABLE
from broadcasts.models import Broadcast, Delivery, Mailbox
from broadcasts.services import conditions
from broadcasts.services.dead_letters import dead_letters
from groups.enums import AccountState, GroupState
from groups.models import Group, OfficialAccount
from portal import heartbeat, parts
from portal.desk.badges import capped
from portal.spans import span

LEAST_FREE_DISK = 0.1
GROUPS_SHOWN = 10
ACCOUNTS_SHOWN = 3
LONG_QUEUE = 100


@dataclass(frozen=True)
class Part:
    """One thing the portal stands on: what it is, how it is, whether that is well (None: not known)."""

    name: str
    text: str
    is_well: bool | None


def system_parts() -> list[Part]:
    """Clock, workers, database, broker, disk."""
    ages, late = heartbeat.ages(), heartbeat.late_parts()
    beat_is_late = heartbeat.BEAT in late
    away = parts.is_broker_away()
    free, total = parts.free_disk()
    return [
        Part(_("Đồng hồ hẹn giờ gửi"), _seen(ages[heartbeat.BEAT]), _is_well(heartbeat.BEAT, ages, late)),
        Part(
            _("Tiến trình gửi"),
            # Without beat no worker has anything to answer to.
            _("Chưa rõ khi đồng hồ hẹn giờ dừng") if beat_is_late else _seen(ages[heartbeat.WORKER]),
            None if beat_is_late else _is_well(heartbeat.WORKER, ages, late),
        ),
        Part(_("Cơ sở dữ liệu"), _("Trả lời"), True),
        Part(_("Nơi giữ việc chờ gửi"), _("Không trả lời") if away else _("Trả lời"), not away),
        Part(
            _("Ổ đĩa"),
            _("Còn %(free)s") % {"free": filesizeformat(free)},
            not total or free / total >= LEAST_FREE_DISK,
        ),
    ]


def stats(request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Figures of what waits, for ``components/stat.html``."""
    urgent, routine = conditions.oldest_due(now)
    oldest, event_age, queue = max(urgent, routine), conditions.oldest_event_age(now), parts.queue_length()
    lying = capped(visible_dead_letters(request, now))
    return [
        {
            "label": _("Bài đến giờ chờ lâu nhất"),
            "value": _ago(oldest),
            "alert": urgent > conditions.URGENT_DUE_FOR.total_seconds()
            or routine > conditions.DUE_FOR.total_seconds(),
        },
        {"label": _("Lượt gửi cần xử lý"), "value": lying or "0", "alert": bool(lying)},
        {
            "label": _("Việc máy đang chờ xử lý"),
            "value": "–" if queue is None else queue,
            "alert": queue is not None and queue > LONG_QUEUE,
        },
        {
            "label": _("Tin từ Zalo chờ xử lý"),
            "value": _ago(event_age),
            "alert": event_age > conditions.BACKLOG_FOR.total_seconds(),
        },
    ]


def visible_dead_letters(request: HttpRequest, now: datetime) -> QuerySet:
    """Dead letters of the desk's unit, by its groups."""
    return dead_letters(now).filter(group__unit__path__startswith=request.desk.unit.path)


def account_counts(request: HttpRequest) -> list[tuple[str, str, int]]:
    """(state, words, number) of the accounts at or below the desk's unit."""
    rows = OfficialAccount.objects.filter(unit__path__startswith=request.desk.unit.path).order_by()
    found = dict(rows.values_list("state").annotate(rows=Count("pk")))
    return [(state, AccountState(state).label, found[state]) for state in AccountState if state in found]


def mailboxes(request: HttpRequest) -> QuerySet[Mailbox]:
    """Mailboxes at or below the desk's unit, those in trouble first."""
    trouble = Case(
        When(~Q(account__state=AccountState.ACTIVE), then=0),
        When(paused_at__isnull=False, then=1),
        When(failures_in_row__gt=0, then=2),
        default=3,
        output_field=IntegerField(),
    )
    rows = Mailbox.objects.filter(account__unit__path__startswith=request.desk.unit.path)
    rows = rows.select_related("account__unit", "paused_by")
    return rows.order_by(trouble, F("account__unit__path"), "pk")


def paused_for(request: HttpRequest, broadcast: Broadcast | None = None) -> list[Mailbox]:
    """Accounts somebody stopped by hand: those this broadcast waits for, or those the desk's unit uses."""
    paused = Mailbox.objects.filter(paused_at__isnull=False).select_related("account", "paused_by")
    if broadcast is not None:
        waiting = Delivery.objects.filter(broadcast=broadcast, state__in=CLAIMABLE)
        return list(paused.filter(account__in=waiting.values("account")).order_by("pk"))
    unit = request.desk.unit
    used = Q(account__unit__path__startswith=unit.path) | Q(account__unit__code__in=unit.ancestor_codes())
    return list(paused.filter(used).order_by("-paused_at")[:ACCOUNTS_SHOWN])


def has_trouble(request: HttpRequest, now: datetime) -> bool:
    """Whether anything that stops posts is wrong now, before an alarm was raised about it or without one."""
    troubled = ~Q(account__state=AccountState.ACTIVE) | Q(paused_at__isnull=False) | Q(open_until__gt=now)
    boxes = Mailbox.objects.filter(account__unit__path__startswith=request.desk.unit.path)
    return bool(conditions.of_the_system()) or boxes.filter(troubled).exists()


def lost_groups(request: HttpRequest) -> list[Group]:
    """Groups that Zalo disabled or no longer shows: nothing reaches them."""
    rows = Group.objects.filter(
        unit__path__startswith=request.desk.unit.path, state__in=(GroupState.DISABLED, GroupState.VANISHED)
    )
    return list(rows.select_related("unit").order_by("sort_key", "pk")[: GROUPS_SHOWN + 1])


def _is_well(part: str, ages: dict[str, float | None], late: set[str]) -> bool | None:
    if part in late:
        return False
    return None if ages[part] is None else True


def _seen(age: float | None) -> str:
    if age is None:
        return _("Chưa thấy lần nào")
    if age < 60:
        return _("%(n)d giây trước") % {"n": age}
    return _("%(span)s trước") % {"span": span(timedelta(seconds=age))}


def _ago(seconds: float) -> str:
    if seconds < 1:
        return _("0 phút")
    return span(timedelta(seconds=seconds)) if seconds >= 60 else _("%(n)d giây") % {"n": seconds}
