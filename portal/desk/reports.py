"""Figures of the programme for a unit and a period: plain rows from a fixed number of queries, no HTTP.

A period runs from 00:00 of its first day to 24:00 of its last, Vietnamese time. What the reader may not see
is not counted either: tips start from ``visible_to``. The formulas:

* coverage: villages with at least one active group / villages in force
* members, households: the latest count of each group on or before the last day
* posts: broadcasts that started in the period and went to groups of the unit; corrections are none
* deliveries: rows of those posts to those groups, by state; sent again is not counted again
* tips received: in the period, without spam; the tips of one matter count once (duplicates stand beside)
* on time, extended, late: of the tips that ended in the period or came due in it while open; ``extended``
  were in time only because somebody gave them longer
* results: what officers entered at the end of tips that ended in the period, duplicates aside
* ratings: how many senders rated in the period, and their mean; never by officer
* median of the first answer: over tips received in the period that were answered, in minutes
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from broadcasts.enums import DeliveryState, PostKind
from broadcasts.models import Broadcast, Delivery
from groups.enums import GroupState, Level
from groups.models import Group, GroupSize, Unit
from portal.calendar import period_bounds, previous_period
from tips.enums import OPEN, Category, Conduct, EventKind, Outcome, Priority, SourceChannel, TipStatus
from tips.models import Extension, Tip, TipEvent
from tips.services import rating

DELIVERY_STATES = (
    DeliveryState.SENT,
    DeliveryState.POSTED,
    DeliveryState.UNKNOWN,
    DeliveryState.REFUSED,
)
COUNTED_ONCE = (TipStatus.SPAM, TipStatus.DUPLICATE)


@dataclass(frozen=True)
class Period:
    """First and last day, both included."""

    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return period_bounds(self.first, self.last)

    @property
    def previous(self) -> "Period":
        """The period of equal length just before."""
        return Period(*previous_period(self.first, self.last))


def programme(user: Any, *, unit: Unit, period: Period) -> dict[str, Any]:
    """The figures of ``unit`` with those of the period before under ``previous``, in the API's shape."""
    return figures(user, unit, period) | {"previous": figures(user, unit, period.previous)}


def figures(user: Any, unit: Unit, period: Period) -> dict[str, Any]:
    """The figures of one period."""
    return network(unit, period) | sending(unit, period) | reported(user, unit, period)


def network(unit: Unit, period: Period) -> dict[str, Any]:
    """Groups, villages covered, households and members at the end of the period."""
    end = period.bounds[1]
    groups = Group.objects.under(unit).filter(state=GroupState.ACTIVE, created_at__lt=end)
    units = Unit.objects.under(unit).current(period.last)
    villages = units.villages().aggregate(
        total=Count("pk"),
        covered=Count("pk", filter=Exists(groups.filter(unit=OuterRef("pk")))),
        households=Sum("households"),
    )
    communes = units.filter(level=Level.COMMUNE).aggregate(households=Sum("households"))
    households = communes["households"] or villages["households"] or 0
    sizes = GroupSize.objects.filter(group=OuterRef("pk"), day__lte=period.last).order_by("-day")
    # A group that was never counted on a day has only its present numbers; they say nothing about the past.
    is_present = period.last >= timezone.localdate()
    sums = groups.annotate(
        then_members=_then(sizes, "members", is_present),
        then_households=_then(sizes, "households", is_present),
    ).aggregate(groups=Count("pk"), members=Sum("then_members"), households=Sum("then_households"))
    represented = sums["households"] or 0
    return {
        "groups": sums["groups"],
        "villages": {
            "total": villages["total"],
            "covered": villages["covered"],
            "rate": rate(villages["covered"], villages["total"]),
        },
        "households": {
            "total": households,
            "represented": represented,
            "rate": rate(represented, households),
        },
        "members": sums["members"] or 0,
    }


def _then(sizes: QuerySet[GroupSize], name: str, is_present: bool) -> Coalesce:
    latest = Subquery(sizes.values(name)[:1], output_field=IntegerField())
    return Coalesce(latest, F(f"{name}_count") if is_present else 0, output_field=IntegerField())


def sending(unit: Unit, period: Period) -> dict[str, Any]:
    """Posts of the period and what became of them in the groups of the unit."""
    start, end = period.bounds
    rows = Delivery.objects.filter(
        group__unit__path__startswith=unit.path,
        broadcast__started_at__gte=start,
        broadcast__started_at__lt=end,
    ).exclude(broadcast__kind=PostKind.CORRECTION)
    counts = {state.value: Count("pk", filter=Q(state=state)) for state in DELIVERY_STATES}
    found = rows.aggregate(posts=Count("broadcast", distinct=True), **counts)
    return {"posts": found.pop("posts"), "deliveries": found}


def reported(user: Any, unit: Unit, period: Period) -> dict[str, Any]:
    """Tips that units at or below ``unit`` handle, as far as the reader may see them."""
    start, end = period.bounds
    visible = Tip.objects.visible_to(user).filter(handler__path__startswith=unit.path)
    received = visible.filter(received_at__gte=start, received_at__lt=end).exclude(status__in=COUNTED_ONCE)
    totals = received.aggregate(received=Count("pk"), valuable=Count("pk", filter=Q(is_valuable=True)))
    duplicates = visible.filter(
        received_at__gte=start, received_at__lt=end, status=TipStatus.DUPLICATE
    ).count()
    closed = visible.filter(closed_at__gte=start, closed_at__lt=end).exclude(outcome="")
    return {
        "tips": {
            **totals,
            "duplicates": duplicates,
            **punctuality(visible, start, end),
            "results": results(closed),
            "ratings": rating.summary(visible, start, end),
            "median_first_answer_minutes": median_first_answer(received),
            "by_channel": _by(received, "channel", SourceChannel.values),
            "by_category": _by(received, "category", Category.values),
            "conduct": _by(received, "conduct", Conduct.values),
            "by_priority": {
                f"P{value}": number for value, number in _by(received, "priority", Priority.values).items()
            },
        },
        "outcomes": _by(closed, "outcome", Outcome.values),
    }


def results(closed: QuerySet[Tip]) -> dict[str, int]:
    """Matters cleared up, people identified, property given back in đồng; the tips of a matter count once."""
    names = ("matters", "people", "property_value")
    once = closed.exclude(status__in=COUNTED_ONCE)
    return {name: total or 0 for name, total in once.aggregate(**{n: Sum(n) for n in names}).items()}


def punctuality(tips: QuerySet[Tip], start: datetime, end: datetime) -> dict[str, int]:
    """Tips that ended in the period or came due in it while open, in three parts."""
    now = timezone.now()
    extended = Exists(_needed_longer())
    ended = Q(closed_at__gte=start, closed_at__lt=end) & ~Q(status__in=COUNTED_ONCE)
    in_time = ended & (Q(deadline=None) | Q(closed_at__lte=F("deadline")))
    due = Q(status__in=OPEN, deadline__gte=start, deadline__lt=min(end, now))
    return tips.annotate(was_extended=extended).aggregate(
        on_time=Count("pk", filter=in_time & Q(was_extended=False)),
        extended=Count("pk", filter=in_time & Q(was_extended=True)),
        late=Count("pk", filter=due | (ended & Q(closed_at__gt=F("deadline")))),
    )


def _needed_longer() -> QuerySet[Extension]:
    """What a tip, the outer row, was given beyond the deadline it did not keep; only of its present round."""
    anew = TipEvent.objects.filter(
        tip=OuterRef("tip"),
        kind__in=(EventKind.REOPENED, EventKind.TRANSFERRED),
        at__gt=OuterRef("decided_at"),
    )
    given = Extension.objects.filter(tip=OuterRef("pk"), state=Extension.State.APPROVED)
    return given.filter(~Exists(anew), old_deadline__lt=OuterRef("closed_at"))


def median_first_answer(tips: QuerySet[Tip]) -> int | None:
    """Minutes from receipt to the first answer, the middle of all; None when nothing was answered."""
    waited = ExpressionWrapper(F("first_answer_at") - F("received_at"), output_field=DurationField())
    answered = tips.filter(first_answer_at__isnull=False)
    number = answered.count()
    if not number:
        return None
    middle = answered.annotate(waited=waited).order_by("waited").values_list("waited", flat=True)
    pair = list(middle[(number - 1) // 2 : number // 2 + 1])
    return round(sum(length.total_seconds() for length in pair) / len(pair) / 60)


def rate(part: int, whole: int) -> float | None:
    """A percentage with one decimal; None when there is nothing to compare with."""
    return round(part / whole * 100, 1) if whole else None


def _by(tips: QuerySet[Tip], name: str, values: list[Any]) -> dict[Any, int]:
    """How many of each value, those that occur, in the order of the choices."""
    found = dict(tips.order_by().values_list(name).annotate(Count("pk")))
    return {value: found[value] for value in values if value in found}


def posts_by_kind(unit: Unit, period: Period) -> list[tuple[str, int]]:
    """(kind in words, posts) of the period, most first."""
    start, end = period.bounds
    reached = Delivery.objects.filter(broadcast=OuterRef("pk"), group__unit__path__startswith=unit.path)
    rows = Broadcast.objects.filter(Exists(reached), started_at__gte=start, started_at__lt=end)
    found = rows.exclude(kind=PostKind.CORRECTION).order_by().values_list("kind").annotate(Count("pk"))
    return sorted(((PostKind(kind).label, number) for kind, number in found), key=lambda row: -row[1])
