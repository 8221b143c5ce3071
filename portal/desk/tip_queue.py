"""Reads of the tip pages: the queue with its filters, and what one tip offers to whom."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.enums import Level
from groups.models import Posting, Unit
from groups.permissions import TIP_ROLES
from portal.desk import scope, today
from tips import permissions
from tips.enums import OPEN, RESTRICTED, Category, Priority
from tips.models import Tip, Transfer
from tips.services.reading import search, transferred_away
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
PASSED_ON = "da-chuyen"
EVERYTHING = "tat-ca"
CANDIDATES_SHOWN = 15


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
    def by_deadline(self) -> bool:
        """Open tips come by deadline; a search looks through all, newest first."""
        return self.chip != EVERYTHING and not (self.text and not self.chip)


def listed(request: HttpRequest, filters: Filters) -> QuerySet[Tip]:
    """Tips of the queue; restricted ones are found by nobody but their circle (``visible_to``)."""
    rows = scope.tips(request)
    if filters.category:
        rows = rows.filter(category=filters.category)
    if filters.village:
        rows = rows.filter(village__code=filters.village)
    if filters.text:
        # A tip's number, or words of its text.
        by_id = Q(public_id=filters.text.upper().replace(" ", ""))
        rows = rows.filter(by_id | Q(pk__in=search(rows, filters.text).values("pk")))
    rows = rows.filter(_chip(filters.chip, request.user))
    if filters.by_deadline:
        return today.by_deadline(rows)
    return rows.select_related("unit", "village", "assignee")


def passed_on(request: HttpRequest) -> QuerySet[Transfer]:
    """What the desk's unit keeps of tips it handed to others: number, day, new unit."""
    rows = transferred_away(request.user)
    return rows.filter(from_unit__path__startswith=request.desk.unit.path)


def _chip(chip: str, user: Any) -> Q:
    return {
        "cua-toi": Q(assignee=user),
        "moi": Q(status__in=scope.UNTOUCHED),
        "qua-han": Q(status__in=OPEN, deadline__lt=timezone.now()),
        "khan": Q(priority__lte=Priority.P1),
    }.get(chip, Q())


def villages(request: HttpRequest) -> QuerySet[Unit]:
    """Villages to filter by; a province has too many for a select."""
    if request.desk.unit.level == Level.PROVINCE:
        return Unit.objects.none()
    return scope.units(request).villages().only("code", "full_name")


def abilities(user: Any, tip: Tip) -> set[str]:
    """Names of the acts this person can do with the tip now."""
    leads, decides = permissions.can_lead(user, tip), permissions.can_decide(user, tip)
    handles = permissions.can_handle(user, tip)
    rights = {
        Act.ACCEPT: handles,
        Act.ASSIGN: decides or (handles and tip.assignee_id != user.pk),
        Act.VERIFY: handles,
        Act.REPLY: handles,
        Act.NOTE: handles,
        Act.TRANSFER: leads,
        Act.MERGE: leads,
        Act.EXTEND: decides,
        Act.CLOSE: leads,
        Act.REOPEN: leads,
        Act.CLASSIFY: handles,
        Act.VALUE: leads,
    }
    found = {act.value for act, is_allowed in rights.items() if is_allowed and is_possible(act, tip.status)}
    if leads and is_possible(Act.DISCARD, tip.status):
        found.add(Act.CLOSE.value)
    if not tip.is_anonymous and permissions.can_reveal(user, tip):
        found.add("reveal")
    if not tip.is_anonymous and decides:
        found.add("grant")
    return found


def colleagues(tip: Tip) -> list[Posting]:
    """Postings of people who can handle the tip, those nearest to it first."""
    codes = [*tip.handler.ancestor_codes(), tip.handler.code]
    rows = Posting.objects.open().filter(unit__code__in=codes, role__in=TIP_ROLES, user__is_active=True)
    if tip.category in RESTRICTED:
        rows = rows.filter(restricted_circle=True)
    found: dict[int, Posting] = {}
    for posting in rows.select_related("user", "unit").order_by("-unit__path", "user__full_name"):
        found.setdefault(posting.user_id, posting)
    return list(found.values())


def transfer_targets(tip: Tip) -> list[tuple[str, list[tuple[str, str]]]]:
    """Units a tip may go to, as groups of a select: above, beside, below its handler."""
    handler = tip.handler
    current = Unit.objects.current().filter(is_practice=False).exclude(level=Level.VILLAGE)
    above = current.filter(code__in=handler.ancestor_codes()).order_by("-path")
    beside = current.filter(parent_id=handler.parent_id, parent__isnull=False).exclude(pk=handler.pk)
    below = current.filter(parent_id=handler.pk)
    titles = (_("Cấp trên"), _("Cùng địa bàn"), _("Cấp dưới"))
    found = []
    for title, units in zip(titles, (above, beside, below), strict=True):
        rows = [(unit.code, unit.police_name) for unit in units]
        if rows:
            found.append((str(title), rows))
    return found


def merge_candidates(user: Any, tip: Tip) -> QuerySet[Tip]:
    """Open tips of the same kind around the same place: likely about the same matter."""
    rows = Tip.objects.visible_to(user).filter(category=tip.category, unit=tip.unit_id, status__in=OPEN)
    return rows.exclude(pk=tip.pk).order_by("-pk")[:CANDIDATES_SHOWN]


def same_case(user: Any, tip: Tip) -> list[Tip]:
    """The other tips of its case that this person may see."""
    if tip.case_id is None:
        return []
    rows = Tip.objects.visible_to(user).filter(case=tip.case_id).exclude(pk=tip.pk)
    return list(rows.select_related("unit", "village", "assignee").order_by("pk")[:20])
