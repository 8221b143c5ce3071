"""Reads of the pages about posts: the list, one post with its groups, who may do what with it now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from broadcasts import permissions
from broadcasts.engine.store import MAX_READS
from broadcasts.enums import (
    CLAIMABLE,
    EDITABLE,
    FINAL,
    MAX_CRASHES,
    PAUSABLE,
    WITHDRAWABLE,
    BroadcastState,
    DeliveryState,
    NoticeState,
    PostKind,
)
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import counts
from broadcasts.services.dead_letters import WANTED
from broadcasts.services.duplicates import Duplicate
from broadcasts.services.retrying import retryable
from broadcasts.services.settle import is_past_use
from groups.permissions import DECIDING_ROLES, WRITING_ROLES, paths
from portal.audit.models import AuditEntry
from portal.desk import scope
from portal.text import search_key

# Titles carry no search key; as many of the latest are compared as a unit writes in years.
TITLES_SEARCHED = 2_000
ROWS_PER_PAGE = 50

TABS = (
    ("", _("Tất cả"), ()),
    ("nhap", _("Đang soạn"), (BroadcastState.DRAFT, BroadcastState.RETURNED)),
    ("cho-duyet", _("Chờ duyệt"), (BroadcastState.SUBMITTED,)),
    ("cho-gui", _("Chờ giờ gửi"), (BroadcastState.APPROVED,)),
    (
        "dang-gui",
        _("Đang gửi"),
        (BroadcastState.EXPANDING, BroadcastState.SENDING, BroadcastState.PAUSED),
    ),
    ("xong", _("Đã gửi"), (BroadcastState.DONE, BroadcastState.WITHDRAWN)),
    (
        "dung",
        _("Không gửi"),
        (BroadcastState.REJECTED, BroadcastState.CANCELLED, BroadcastState.MISSED),
    ),
)
MOVING = (DeliveryState.QUEUED, DeliveryState.SENDING)
SETTLING = (DeliveryState.WAITING, DeliveryState.UNKNOWN)
# A notice is offered for renewal this long before it would run out.
RENEWED_BEFORE = timedelta(days=14)
ASKING_ENDS = timedelta(hours=1)
RUNNING = (BroadcastState.EXPANDING, BroadcastState.SENDING)
# For so long the system reads a group by itself; nobody is asked to look before.
SYSTEM_LOOKS_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Counts:
    """Delivery rows of one broadcast by state."""

    by_state: dict[str, int]

    @property
    def total(self) -> int:
        """All groups it goes to."""
        return sum(self.by_state.values())

    @property
    def finished(self) -> int:
        """Rows that will not change any more."""
        return sum(self.by_state.get(state, 0) for state in FINAL)

    @property
    def reached(self) -> int:
        """Groups whose members have it for certain."""
        return self.by_state.get(DeliveryState.SENT, 0) + self.by_state.get(DeliveryState.POSTED, 0)

    @property
    def is_waiting(self) -> bool:
        """Whether rows wait for their turn with an account."""
        return any(self.by_state.get(state) for state in CLAIMABLE)

    @property
    def chips(self) -> list[tuple[str, str, int]]:
        """(state, words, number) of the states that occur, in the order of a row's life."""
        return [
            (state, DeliveryState(state).label, self.by_state[state])
            for state in DeliveryState.values
            if self.by_state.get(state)
        ]


def counts_of(user: Any, broadcasts: Sequence[Broadcast]) -> dict[int, Counts]:
    """Rows this person may see, by state, for each broadcast of a page: one query."""
    limit = counts.limited_to(user, broadcasts)
    found = counts.counts_of((broadcast.pk for broadcast in broadcasts), user=limit)
    return {key: Counts(states) for key, states in found.items()}


def refresh_seconds(broadcast: Broadcast, counts: Counts) -> int:
    """How often an open page asks for news: often while rows move by themselves, never for what people do.

    Asking keeps a session alive, so it ends an hour after the start: a forgotten page must run out.
    """
    started = broadcast.started_at
    if broadcast.state not in RUNNING or started is None or timezone.now() - started > ASKING_ENDS:
        return 0
    moving, settling = (
        sum(counts.by_state.get(state, 0) for state in states) for states in (MOVING, SETTLING)
    )
    if moving or not counts.total:
        return 3
    return 15 if settling else 0


def listed(request: HttpRequest, query: QueryDict) -> QuerySet[Broadcast]:
    """Broadcasts of the list page for the filters of its address; firings hide behind their parent."""
    rows = scope.broadcasts(request).select_related("unit", "author", "notice")
    states = next((states for name, _label, states in TABS if name == query.get("loc", "")), ())
    if states:
        rows = rows.filter(state__in=states)
    if query.get("loai") in PostKind.values:
        rows = rows.filter(kind=query["loai"])
    words = search_key(query.get("q", "")).split()
    if words:
        titles = rows.order_by("-pk").values_list("pk", "title", "code")[:TITLES_SEARCHED]
        keys = {pk: search_key(f"{title} {code}") for pk, title, code in titles}
        rows = rows.filter(pk__in=[pk for pk, key in keys.items() if all(word in key for word in words)])
    return rows


def is_being_read(row: Delivery, now: datetime) -> bool:
    """Whether the system still looks for an unknown row in its group: no person needs to."""
    since = row.unknown_at
    given_up = row.reads >= MAX_READS or row.crashes >= MAX_CRASHES
    return since is not None and since > now - SYSTEM_LOOKS_FOR and not given_up


def to_look_for(now: datetime) -> Q:
    """Unknown rows that a person must look for: those that ``is_being_read`` says no to."""
    given_up = Q(reads__gte=MAX_READS) | Q(crashes__gte=MAX_CRASHES)
    late = Q(unknown_at=None) | Q(unknown_at__lte=now - SYSTEM_LOOKS_FOR)
    return Q(state=DeliveryState.UNKNOWN) & (given_up | late)


def deliveries_of(user: Any, broadcast: Broadcast, *, state: str = "") -> QuerySet[Delivery]:
    """Rows of a broadcast this person may see, with group and unit; by the group's name."""
    rows = Delivery.objects.visible_to(user).filter(broadcast=broadcast)
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    return rows.select_related("group__unit", "settled_by").order_by("group__sort_key", "pk")


def abilities(user: Any, broadcast: Broadcast) -> set[str]:
    """Names of the acts this person can do with the broadcast in its present state."""
    state, is_correction = broadcast.state, broadcast.corrects_id is not None
    can_edit, can_stop = permissions.can_edit(user, broadcast), permissions.can_stop(user, broadcast)
    can_decide = permissions.can_decide(user, broadcast)
    submitted = state == BroadcastState.SUBMITTED
    notice = broadcast.notice
    allowed = {
        "end-notice": notice is not None
        and notice.state == NoticeState.ACTIVE
        and permissions.can_end_notice(user, notice),
        "renew-notice": notice is not None
        and notice.state == NoticeState.ACTIVE
        and notice.review_by <= timezone.localdate() + RENEWED_BEFORE
        and permissions.can_end_notice(user, notice),
        "discard": state in EDITABLE and can_edit,
        "edit": state in EDITABLE and can_edit and not is_correction,
        "submit": state in EDITABLE and can_edit,
        "approve": submitted and permissions.can_approve(user, broadcast),
        "return": submitted and can_decide,
        "reject": submitted and can_decide and broadcast.author_id != user.pk,
        "cancel": broadcast.is_unsent and can_stop,
        "pause": state in PAUSABLE and can_stop,
        "resume": state == BroadcastState.PAUSED and can_decide,
        "retry-failed": state in WANTED
        and not is_past_use(broadcast, timezone.now())
        and retryable(broadcast, user).exists(),
        "withdraw": state in WITHDRAWABLE
        and can_decide
        and not (is_correction or broadcast.is_unsent or broadcast.is_repeating),
    }
    return {name for name, is_allowed in allowed.items() if is_allowed}


@dataclass(frozen=True)
class RowRights:
    """Where this person may settle rows; compares paths only, so a page of rows costs no query."""

    writing: tuple[str, ...]
    deciding: tuple[str, ...]

    @classmethod
    def of(cls, user: Any) -> "RowRights":
        """The rights of one person, read once for a page."""
        return cls(tuple(paths(user, *WRITING_ROLES)), tuple(paths(user, *DECIDING_ROLES)))

    def abilities(self, row: Delivery, broadcast: Broadcast) -> set[str]:
        """Acts offered on one row; the services decide again."""
        path, sender = row.group.unit.path, broadcast.unit.path
        writes = path.startswith(self.writing) or sender.startswith(self.writing)
        decides_here = path.startswith(self.deciding)
        found: set[str] = set()
        if row.state == DeliveryState.UNKNOWN and not is_being_read(row, timezone.now()):
            found |= {"seen"} if writes else set()
            found |= {"resend"} if decides_here or sender.startswith(self.deciding) else set()
        if row.state in (DeliveryState.TO_POST, DeliveryState.OVERDUE) and decides_here:
            found |= {"posted", "skip"}
        return found


def trail(broadcast: Broadcast) -> list[AuditEntry]:
    """Who did what with it, oldest first."""
    entries = AuditEntry.objects.filter(target_type="broadcasts.broadcast", target_id=str(broadcast.pk))
    return list(entries.order_by("pk")[:50])


def told_of(duplicate: Duplicate, user: Any) -> SafeString:
    """Which earlier post has the same words; its code leads there if the person may see it."""
    code = format_html("<b>{}</b>", duplicate.code)
    if Broadcast.objects.visible_to(user).filter(code=duplicate.code).exists():
        url = reverse("desk:broadcast", args=[duplicate.code])
        code = format_html('<a href="{}">{}</a>', url, duplicate.code)
    words = ngettext(
        "Bài {code} cùng nội dung đã hoặc sắp gửi tới {groups} nhóm này trong vòng 24 giờ.",
        "Bài {code} cùng nội dung đã hoặc sắp gửi tới {groups} nhóm này trong vòng 24 giờ.",
        duplicate.groups,
    )
    return format_html(words, code=code, groups=duplicate.groups)
