"""Reads of the tip queue: its filters, its chips, what was passed on to other units."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.enums import Level
from groups.models import Unit
from portal.desk import scope
from portal.keyset import Order
from tips.enums import OPEN, UNTAKEN, Category, Priority
from tips.models import Tip, Transfer
from tips.querysets import BY_DEADLINE, NEWEST_FIRST, TipQuerySet
from tips.services import bulk
from tips.services.reading import transferred_away
from tips.services.search import search
from tips.services.states import Act, is_possible

CHIPS = (
    ("", _("Đang mở")),
    ("cua-toi", _("Của tôi")),
    ("moi", _("Chưa ai nhận")),
    ("qua-han", _("Quá hạn")),
    ("khan", _("P0, P1")),
    ("tat-ca", _("Tất cả")),
    ("da-chuyen", _("Đã chuyển đi")),
)
HIDDEN_SHOWN = 10
PASSED_ON = "da-chuyen"
EVERYTHING = "tat-ca"


@dataclass(frozen=True)
class Filters:
    """The filters of the queue's address, checked."""

    chip: str
    category: str
    village: str
    text: str

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        chip = query.get("loc", "")
        return cls(
            chip=chip if chip in dict(CHIPS) else "",
            category=query["loai"] if query.get("loai") in Category.values else "",
            village=query.get("thon", "")[:24],
            text=query.get("q", "").strip()[:200],
        )

    @property
    def is_any(self) -> bool:
        return bool(self.chip or self.category or self.village or self.text)

    @property
    def is_of_open(self) -> bool:
        """Only a search, and the list of everything, look through what has ended, too."""
        return self.chip != EVERYTHING and not (self.text and not self.chip)

    @property
    def order(self) -> Order:
        """Open tips come by deadline, all others newest first."""
        return BY_DEADLINE if self.is_of_open else NEWEST_FIRST


def listed(request: HttpRequest, filters: Filters) -> TipQuerySet:
    """Tips of the queue, unsorted; restricted ones are found by nobody but their circle (``visible_to``)."""
    rows = scope.tips(request)
    if filters.category:
        rows = rows.filter(category=filters.category)
    if filters.village:
        rows = rows.filter(village__code=filters.village)
    if filters.text:
        # A tip's number, or words of its text.
        rows = search(rows, filters.text, public_id=filters.text.upper().replace(" ", ""))
    rows = rows.filter(_chip(filters.chip, request.user))
    if filters.is_of_open:
        rows = rows.open()
    return rows.with_text_alone().select_related("unit", "village", "assignee")


def hidden(request: HttpRequest, filters: Filters) -> list[Tip]:
    """Open restricted tips of the unit for who is not of their circle: below the queue, never in a search."""
    if filters.is_any:
        return []
    rows = Tip.objects.closed_to(request.user, under=request.desk.unit).open()
    return list(BY_DEADLINE.sorted(rows.only("status", "deadline", "priority"))[:HIDDEN_SHOWN])


def passed_on(request: HttpRequest) -> QuerySet[Transfer]:
    """What the desk's unit keeps of tips it handed to others: number, day, new unit."""
    rows = transferred_away(request.user)
    return rows.filter(from_unit__path__startswith=request.desk.unit.path)


def _chip(chip: str, user: Any) -> Q:
    return {
        "cua-toi": Q(assignee=user),
        "moi": Q(status__in=UNTAKEN),
        "qua-han": Q(status__among=OPEN, deadline__lt=timezone.now()),
        "khan": Q(priority__lte=Priority.P1),
    }.get(chip, Q())


def give_boxes(tips: Iterable[Tip], *, gives_out: bool) -> None:
    """Say of each row whether it has a box, and whether "all" ticks it.

    A box stands where one of the acts below the list can do something. All are those that nobody has taken:
    whoever gives out work does not take it from others by one tick.
    """
    for tip in tips:
        tip.is_one_of_all = bulk.is_taken_with_others(tip)
        tip.has_box = tip.is_one_of_all or (gives_out and is_possible(Act.ASSIGN, tip.status))


def villages(request: HttpRequest) -> QuerySet[Unit]:
    """Villages to filter by; a province has too many for a select."""
    if request.desk.unit.level == Level.PROVINCE:
        return Unit.objects.none()
    return scope.units(request).villages().only("code", "full_name")
