"""The same words twice into one group within a day: most often a mistake, so somebody must say it is none."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services.sending import groups_of
from groups.models import Group, Unit
from portal.errors import WrongStateError

WITHIN = timedelta(hours=24)
COMPARED = 20
# Waiting for its hour, or for its rows to be written.
AHEAD = (BroadcastState.APPROVED, BroadcastState.EXPANDING, BroadcastState.PAUSED)
NOT_OUT = (
    BroadcastState.CANCELLED,
    BroadcastState.MISSED,
    BroadcastState.REJECTED,
    BroadcastState.WITHDRAWN,
)


@dataclass(frozen=True)
class Duplicate:
    """An earlier post with the same words, and how many groups would get them twice."""

    code: str
    groups: int


class DuplicateError(WrongStateError):
    """The same text is in some of the groups already, or about to be; ask again with a confirmation (409)."""

    def __init__(self, message: str, duplicate: Duplicate):
        super().__init__(message)
        self.duplicate = duplicate


def take_turn(unit: Unit) -> None:
    """Until the transaction ends nobody else approves in this province, so the second of two sees the first.

    Two posts share groups only when one unit lies at or under the other, so the topmost unit is the lock.
    """
    top = unit.path.split("/", 1)[0] + "/"
    list(Unit.objects.select_for_update(no_key=True).filter(path=top).values_list("pk"))


def require_no_duplicate(broadcast: Broadcast, *, is_confirmed: bool) -> None:
    """Raise ``DuplicateError`` unless nothing is doubled or the person knows it."""
    found = None if is_confirmed else duplicate_of(broadcast, timezone.now())
    if found is None:
        return
    message = ngettext(
        "Bài %(code)s cùng nội dung đã hoặc sắp gửi tới %(groups)d nhóm này trong vòng 24 giờ. "
        "Nếu vẫn muốn gửi, xin xác nhận.",
        "Bài %(code)s cùng nội dung đã hoặc sắp gửi tới %(groups)d nhóm này trong vòng 24 giờ. "
        "Nếu vẫn muốn gửi, xin xác nhận.",
        found.groups,
    )
    raise DuplicateError(message % {"code": found.code, "groups": found.groups}, found)


def duplicate_of(broadcast: Broadcast, now: datetime) -> Duplicate | None:
    """The latest post with the same title and body that shares a group with it within a day, or None.

    The code on the last line differs by nature and is no part of the comparison.
    """
    if broadcast.corrects_id is not None:
        return None
    groups = groups_of(broadcast)
    for other in _same_words(broadcast, now):
        number = _shared(other, groups).count()
        if number:
            return Duplicate(other.code, number)
    return None


def _same_words(broadcast: Broadcast, now: datetime) -> QuerySet[Broadcast]:
    """Posts of the same line of units: no others can share a group."""
    path = broadcast.unit.path
    codes = path.rstrip("/").split("/")
    above = ["/".join(codes[:end]) + "/" for end in range(1, len(codes))]
    at = max(broadcast.send_at or now, now)
    out = Q(started_at__gte=at - WITHIN)
    ahead = Q(state__in=AHEAD, due_at__gt=at - WITHIN, due_at__lt=at + WITHIN)
    rows = Broadcast.objects.filter(
        out | ahead, Q(unit__path__startswith=path) | Q(unit__path__in=above), title=broadcast.title
    )
    rows = rows.filter(body=broadcast.body).exclude(state__in=NOT_OUT)
    # Firings of a recurring post are meant to repeat it.
    own = Q(pk=broadcast.pk) | Q(parent=broadcast.pk)
    return rows.exclude(own).select_related("unit", "corrects").order_by("-pk")[:COMPARED]


def _shared(other: Broadcast, groups: QuerySet[Group]) -> QuerySet:
    if other.text:
        rows = Delivery.objects.filter(broadcast=other, group__in=groups.values("pk"))
        return rows.exclude(state=DeliveryState.SKIPPED)
    return groups.filter(pk__in=groups_of(other).values("pk"))
