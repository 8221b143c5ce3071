"""Reads of the group pages: the list, one group with its history."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Max, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from broadcasts.models import Delivery
from groups.enums import Channel, GroupKind
from groups.models import Group, GroupSize, Posting, Stewardship
from groups.permissions import WRITING_ROLES
from portal.desk import scope, today

SIZES_DRAWN = 12
# The drawing's own units; see "Drawings by hand" in docs/visual-language.md.
CHART_WIDTH, CHART_BASE, CHART_TOP = 320, 96, 22


@dataclass(frozen=True)
class Bar:
    """One column of the size history, in the drawing's units."""

    day: date
    members: int
    x: int
    y: int
    width: int
    height: int
    middle: int


def listed(request: HttpRequest, query: QueryDict) -> QuerySet[Group]:
    """Groups of the list page for the filters of its address, with unit, steward and last post."""
    rows = scope.groups(request)
    if query.get("im-lang"):
        rows = today.silent(rows, timezone.now())
    if query.get("loai") in GroupKind.values:
        rows = rows.filter(kind=query["loai"])
    if query.get("cach") in Channel.values:
        rows = rows.filter(channel=query["cach"])
    if query.get("q"):
        rows = rows.search(query["q"])
    posted = Delivery.objects.filter(group=OuterRef("pk"), state__in=today.POSTED_STATES).order_by()
    latest = posted.values("group").annotate(at=Max("updated_at")).values("at")
    return (
        with_steward(rows.select_related("unit"))
        .annotate(last_post_at=Subquery(latest))
        .order_by("sort_key", "pk")
    )


def with_steward(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Groups with their open stewardship prefetched, as ``Group.steward`` reads it."""
    current = Stewardship.objects.filter(ends_on=None).select_related("user")
    return groups.prefetch_related(Prefetch("stewardships", queryset=current))


def size_bars(group: Group) -> list[Bar]:
    """The latest counts as columns, oldest first."""
    sizes = list(group.sizes.all()[:SIZES_DRAWN])[::-1]
    return bars([(size.day, size.members) for size in sizes])


def bars(counts: list[tuple[date, int]]) -> list[Bar]:
    """Columns for (day, number) pairs; the tallest fills the drawing."""
    if not counts:
        return []
    step = CHART_WIDTH // max(len(counts), 6)
    width = max(8, step - 8)
    most = max(number for _day, number in counts) or 1
    drawn = []
    for place, (day, number) in enumerate(counts):
        height = round((CHART_BASE - CHART_TOP) * number / most)
        x = place * step + 4
        drawn.append(Bar(day, number, x, CHART_BASE - height, width, height, x + width // 2))
    return drawn


def size_rows(group: Group) -> list[GroupSize]:
    """The same counts as numbers, newest first."""
    return list(group.sizes.all()[:SIZES_DRAWN])


def steward_candidates(group: Group) -> list[Posting]:
    """Postings of police who serve at or above the group's unit and could answer for it."""
    return Posting.objects.serving(group.unit, *WRITING_ROLES).nearest_of_each()


def last_posts(group: Group) -> QuerySet[Delivery]:
    """What was posted into the group, newest first."""
    return group.deliveries.select_related("broadcast").order_by("-pk")[:8]
