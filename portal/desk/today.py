"""What the day asks of one person: a fixed number of queries, however much there is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Alarm, Broadcast, Delivery, Mailbox
from groups.models import Group
from portal.desk import posting, posts, scope
from portal.desk.badges import capped
from portal.desk.health import paused_for, visible_dead_letters
from tips.models import Breach, DataRequest, Extension, IdentityRequest, Mention, Tip
from tips.querysets import BY_DEADLINE, TipQuerySet
from tips.services import asking, attention, breaches
from tips.services.escalation import escalated_to

ROWS_SHOWN = 6
SILENT_AFTER = timedelta(days=14)
POSTED_STATES = (DeliveryState.SENT, DeliveryState.POSTED)


@dataclass(frozen=True)
class Progress:
    """How far one broadcast of today has got."""

    broadcast: Broadcast
    finished: int
    total: int


@dataclass(frozen=True)
class Board:
    """Rows of the page "Việc hôm nay"; each list may hold one row more than is shown: "and others"."""

    to_post: list[Delivery]
    tips: list[Tip]
    mentions: list[Mention]
    escalated: list[Tip]
    time_requests: list[Tip]
    identity_requests: list[IdentityRequest]
    to_approve: list[Broadcast]
    returned: list[Broadcast]
    unknown: list[Delivery]
    breaches: list[Breach]
    silent: list[Group]
    progress: list[Progress]
    paused: list[Mailbox]
    # Capped counts of what a chief looks after; empty for none.
    dead_letters: str = ""
    alarms: str = ""
    erasures: str = ""
    requests: str = ""

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """(anchor, words, number) of what waits, for the line at the top of a phone."""
        lists = (
            ("su-co", _("Sự cố dữ liệu"), self.breaches),
            ("can-dang", _("Cần đăng"), self.to_post),
            ("qua-han", _("Quá hạn"), self.escalated),
            ("gia-han", _("Xin gia hạn"), self.time_requests),
            ("xem-nguoi-bao", _("Xin xem người báo"), self.identity_requests),
            ("tin-bao", _("Tin báo"), self.tips),
            ("nhac-toi", _("Được nhắc"), self.mentions),
            ("cho-duyet", _("Chờ duyệt"), self.to_approve),
            ("tra-lai", _("Cần sửa"), self.returned),
            ("chua-ro", _("Chưa rõ"), self.unknown),
        )
        return [
            (anchor, words, f"{ROWS_SHOWN}+" if len(rows) > ROWS_SHOWN else str(len(rows)))
            for anchor, words, rows in lists
            if rows
        ]

    @property
    def is_empty(self) -> bool:
        lists = (self.to_post, self.tips, self.mentions, self.to_approve, self.returned, self.unknown)
        return not any((*lists, self.escalated, self.time_requests, self.identity_requests, self.breaches))


def board(request: HttpRequest) -> Board:
    """Everything a member of staff has to do today, most pressing first."""
    user, desk = request.user, request.desk
    deliveries = Delivery.objects.visible_to(user).filter(group__unit__path__startswith=desk.unit.path)
    own = scope.own_broadcasts(request)
    submitted = own.filter(state=BroadcastState.SUBMITTED).exclude(author=user)
    mine = own.filter(state=BroadcastState.RETURNED, author=user)
    now = timezone.now()
    late = escalated(request, now) if desk.is_deciding else []
    return Board(
        to_post=list(posting.queue(user)[: ROWS_SHOWN + 1]),
        tips=_tips(request, besides=late[:ROWS_SHOWN]),
        mentions=list(attention.mentions_of(user)[: ROWS_SHOWN + 1]),
        escalated=late,
        time_requests=time_requests(request) if desk.is_deciding else [],
        identity_requests=identity_requests(user) if desk.is_deciding else [],
        to_approve=_latest(submitted) if desk.is_deciding else [],
        returned=_latest(mine),
        unknown=list(
            deliveries.filter(posts.to_look_for(now), state__among=[DeliveryState.UNKNOWN])
            .select_related("group", "broadcast")
            .order_by("unknown_at", "pk")[: ROWS_SHOWN + 1]
        ),
        breaches=list(breaches.running_for(user)[: ROWS_SHOWN + 1]),
        silent=list(silent(scope.groups(request), now)[: ROWS_SHOWN + 1]),
        dead_letters=capped(visible_dead_letters(request, now)) if desk.is_deciding else "",
        alarms=capped(Alarm.objects.open().visible_to(user)) if desk.is_deciding else "",
        erasures=capped(scope.tips(request).filter(erasure_notice__isnull=False, erased_at=None))
        if desk.is_deciding
        else "",
        requests=open_requests(request),
        progress=progress(request.user, scope.broadcasts(request), now),
        paused=paused_for(request),
    )


def escalated(request: HttpRequest, now: datetime) -> list[Tip]:
    """Overdue tips this unit was told of, longest overdue first."""
    rows = escalated_to(request.desk.unit, scope.tips(request), now)
    return _as_rows(rows.order_by("deadline"))


def open_requests(request: HttpRequest) -> str:
    """How many people wait for an answer about their own data, for those who may give one."""
    if not request.desk.is_deciding:
        return ""
    return capped(DataRequest.objects.visible_to(request.user).waiting())


def time_requests(request: HttpRequest) -> list[Tip]:
    """Tips for which somebody else asks for more time."""
    asked = Extension.objects.filter(state=Extension.State.ASKED, tip=OuterRef("pk"))
    rows = scope.tips(request).open().filter(Exists(asked.exclude(asked_by=request.user)))
    return _as_rows(rows.order_by("deadline"))


def identity_requests(user: Any) -> list[IdentityRequest]:
    """Who waits for leave to open a contact; why is read where it is decided."""
    return list(asking.waiting_for(user).defer("reason")[: ROWS_SHOWN + 1])


def _tips(request: HttpRequest, *, besides: list[Tip]) -> list[Tip]:
    """Open tips but for those the page shows already."""
    others = scope.tips(request).exclude(pk__in=[tip.pk for tip in besides])
    rows = _as_rows(BY_DEADLINE.sorted(others.open()))
    attention.mark(request.user, rows)
    return rows


def _as_rows(tips: TipQuerySet) -> list[Tip]:
    """The first of ``tips`` with what a row shows, and no other sealed column."""
    return list(tips.with_text_alone().select_related("unit", "village", "assignee")[: ROWS_SHOWN + 1])


def silent(groups: QuerySet[Group], now: datetime) -> QuerySet[Group]:
    """Active groups older than the limit in which no post of ours has appeared since."""
    since = now - SILENT_AFTER
    recent = Delivery.objects.filter(group=OuterRef("pk"), state__in=POSTED_STATES, updated_at__gte=since)
    return groups.active().filter(~Exists(recent), created_at__lt=since).select_related("unit")


def progress(user: Any, broadcasts: QuerySet[Broadcast], now: datetime) -> list[Progress]:
    """Broadcasts that started today or still run, with their finished and all rows."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    running = Q(state__in=(BroadcastState.EXPANDING, BroadcastState.SENDING, BroadcastState.PAUSED))
    shown = broadcasts.filter(running | Q(started_at__gte=midnight)).select_related("unit")
    rows = list(shown.order_by("-started_at")[:ROWS_SHOWN])
    counted = posts.counts_of(user, rows)
    return [Progress(row, counted[row.pk].finished, counted[row.pk].total) for row in rows]


def _latest(broadcasts: QuerySet[Broadcast]) -> list[Broadcast]:
    return list(broadcasts.select_related("author", "unit", "notice").order_by("-pk")[: ROWS_SHOWN + 1])
