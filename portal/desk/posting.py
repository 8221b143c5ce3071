"""Posts that a person puts into a group: whose turn it is, what comes next, who has not done it yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from broadcasts import rendering
from broadcasts.enums import POSTABLE, BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.permissions import POSTING_ROLES
from broadcasts.querysets import assignee_serves
from broadcasts.services.posting import UNDO_FOR
from groups import permissions
from groups.models import Group, Posting, Stewardship, Unit
from groups.permissions import DECIDING_ROLES, Role

ORDER = ("priority", "due_at", "broadcast", "group__sort_key", "pk")
# One run is worked through on one page, which a phone keeps; the rest follows when it is done.
RUN_SIZE = 60


def queue(user: Any) -> QuerySet[Delivery]:
    """Rows this person is to post, urgent first, then by deadline; what is overdue is the chief's too."""
    return _with_people(Delivery.objects.to_post().found_by(*_ways(user))).order_by(*ORDER)


def some_of_queue(user: Any, most: int) -> QuerySet[Delivery]:
    """Rows of the queue, whichever, when it holds no more than ``most``; else at least so many."""
    return Delivery.objects.to_post().found_by(*_ways(user), most=most)


def _ways(user: Any) -> tuple[Q, ...]:
    return *Delivery.objects.duty_ways(user), escalated_to(user)


def escalated_to(user: Any, now: datetime | None = None) -> Q:
    """Overdue rows that chiefs above the group see at once, and supervisors when the chief did nothing."""
    chief = permissions.paths_q(permissions.paths(user, Role.CHIEF), "group__unit__path")
    above = permissions.paths_q(permissions.paths(user, Role.SUPERVISOR), "group__unit__path")
    return Q(state=DeliveryState.OVERDUE) & (chief | (above & long_overdue(now or timezone.now())))


def long_overdue(now: datetime) -> Q:
    """Rows nobody posted for so long after their deadline that the level above should know."""
    urgent, routine = (
        now - timedelta(hours=hours)
        for hours in (settings.ESCALATE_HOURS_URGENT, settings.ESCALATE_HOURS_ROUTINE)
    )
    return Q(priority=0, due_at__lte=urgent) | Q(due_at__lte=routine)


def reachable(user: Any) -> QuerySet[Delivery]:
    """Rows, in any state, that this person may post: steward, relay, who was asked to, chief above."""
    led = permissions.paths_q(permissions.paths(user, *DECIDING_ROLES), "group__unit__path")
    mine = Delivery.objects.in_hand_of(user).values("pk")
    return Delivery.objects.filter(led | Q(pk__in=mine), account=None)


def following(user: Any, row: Delivery) -> Delivery | None:
    """The next row of the queue after ``row`` is done, or None."""
    return queue(user).exclude(pk=row.pk).first()


def recent(user: Any) -> QuerySet[Delivery]:
    """What this person confirmed just now and may still take back, newest first."""
    rows = Delivery.objects.filter(
        account=None,
        settled_by=user,
        state__in=(DeliveryState.POSTED, DeliveryState.SKIPPED),
        updated_at__gt=timezone.now() - UNDO_FOR,
        broadcast__state__in=(BroadcastState.SENDING, BroadcastState.DONE),
    )
    return rows.select_related("group", "broadcast").order_by("-updated_at")


def text_of(broadcast: Broadcast) -> str:
    """What goes into the group, letter for letter."""
    return broadcast.text or rendering.compose(broadcast.title, broadcast.body, broadcast.code)


@dataclass(frozen=True)
class Run:
    """Rows worked through one after the other: one post to all one's groups, or all posts for one group."""

    steps: list[Delivery]
    done: list[Delivery]

    @property
    def total(self) -> int:
        return len(self.steps) + len(self.done)

    @property
    def posted(self) -> int:
        return sum(row.state == DeliveryState.POSTED for row in self.done)

    @property
    def skipped(self) -> int:
        return sum(row.state == DeliveryState.SKIPPED for row in self.done)


def run_of_post(user: Any, broadcast: Broadcast) -> Run:
    """One post, to all groups of this person."""
    return _run(user, Q(broadcast=broadcast), "group__sort_key", "pk")


def run_of_group(user: Any, group: Group) -> Run:
    """All posts that wait for one group, and what was done there today."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return _run(user, Q(group=group) & (Q(settled_at=None) | Q(settled_at__gte=midnight)), *ORDER)


def _run(user: Any, rows: Q, *order: str) -> Run:
    mine = Delivery.objects.duty_of(user).filter(rows).values("pk")
    found = Delivery.objects.filter(rows, account=None)
    found = found.filter(Q(pk__in=mine) | Q(settled_by=user) | escalated_to(user))
    found = found.select_related("group__unit", "broadcast__picture", "settled_by", "task__assignee")
    steps = found.filter(state__in=POSTABLE, broadcast__state=BroadcastState.SENDING).order_by(*order)
    done = found.filter(state__in=(DeliveryState.POSTED, DeliveryState.SKIPPED)).order_by("-updated_at")
    return Run(list(steps[:RUN_SIZE]), list(done[:RUN_SIZE]))


# --- Who has not posted ----------------------------------------------------------------------------------


def unposted(user: Any, unit: Unit) -> QuerySet[Delivery]:
    """Rows at or below ``unit`` that somebody still has to post, for the chief who sees to it."""
    led = permissions.paths_q(permissions.paths(user, *DECIDING_ROLES), "group__unit__path")
    stewards = Stewardship.objects.filter(ends_on=None).select_related("user")
    rows = _with_people(Delivery.objects.to_post()).filter(led, group__unit__path__startswith=unit.path)
    rows = rows.annotate(assignee_serves=assignee_serves())
    return rows.prefetch_related(Prefetch("group__stewardships", stewards)).order_by(*ORDER)


def possible_posters(user: Any, unit: Unit) -> QuerySet[Any]:
    """People who serve at or below ``unit``: a chief chooses one of them."""
    led = permissions.paths_q(permissions.paths(user, *DECIDING_ROLES), "unit__path")
    here = Posting.objects.open().filter(led, unit__path__startswith=unit.path, role__in=POSTING_ROLES)
    people = get_user_model().objects.filter(is_active=True, pk__in=here.values("user"))
    return people.order_by("full_name", "pk")


def _with_people(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return rows.select_related("group__unit", "broadcast", "task__assignee")
