"""Posts that a person puts into a group: whose turn it is, and what comes next."""

from typing import Any

from django.db.models import Q, QuerySet

from broadcasts.enums import POSTABLE, BroadcastState, DeliveryState
from broadcasts.models import Delivery
from groups import permissions
from groups.models import Stewardship
from groups.permissions import DECIDING_ROLES, Role


def queue(user: Any) -> QuerySet[Delivery]:
    """Rows this person is to post, urgent first, then by deadline; what is overdue is the chief's too."""
    own = Delivery.objects.to_post_by(user).order_by().values("pk")
    led = permissions.paths_q(permissions.paths(user, *DECIDING_ROLES), "group__unit__path")
    rows = Delivery.objects.filter(state__among=POSTABLE, broadcast__state=BroadcastState.SENDING)
    rows = rows.filter(Q(pk__in=own) | (Q(state=DeliveryState.OVERDUE) & led))
    return rows.select_related("group__unit", "broadcast").order_by("priority", "due_at", "pk")


def reachable(user: Any) -> QuerySet[Delivery]:
    """Rows, in any state, of groups this person posts into: steward, relay of the village, chief above."""
    stewarded = Stewardship.objects.filter(user=user, ends_on=None).values("group")
    paths = permissions.paths(user, Role.RELAY, *DECIDING_ROLES)
    theirs = Q(group__in=stewarded) | permissions.paths_q(paths, "group__unit__path")
    return Delivery.objects.filter(theirs, account=None)


def following(user: Any, row: Delivery) -> Delivery | None:
    """The next row of the queue after ``row`` is done, or None."""
    return queue(user).exclude(pk=row.pk).first()
