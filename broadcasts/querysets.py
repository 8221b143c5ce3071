"""Adjectives of sending: due, claimable, visible to a user."""

from django.db import models
from django.db.models import Q

from broadcasts.enums import CLAIMABLE, BroadcastState, DeliveryState
from groups import permissions


class BroadcastQuerySet(models.QuerySet):
    """Broadcasts."""

    def due(self, now) -> "BroadcastQuerySet":
        """Approved and past their hour."""
        return self.filter(state=BroadcastState.APPROVED, due_at__lte=now)

    def visible_to(self, user) -> "BroadcastQuerySet":
        """Broadcasts of units under the user's postings, and those that reached groups there."""
        paths = permissions.paths(user, *permissions.STAFF_ROLES)
        reached = models.Exists(
            self.model.deliveries.rel.related_model.objects.filter(
                permissions.paths_q(paths, "group__unit__path"), broadcast=models.OuterRef("pk")
            )
        )
        if not paths:
            return self.none()
        return self.filter(permissions.paths_q(paths, "unit__path") | Q(reached))


class DeliveryQuerySet(models.QuerySet):
    """Deliveries."""

    def claimable(self, now) -> "DeliveryQuerySet":
        """Rows a drainer may take now."""
        return self.filter(state__in=CLAIMABLE, next_attempt_at__lte=now)

    def to_post_by(self, user) -> "DeliveryQuerySet":
        """Assisted rows waiting for this person: steward of the group, or relay of its unit."""
        relayed = permissions.paths_q(permissions.paths(user, permissions.Role.RELAY), "group__unit__path")
        stewarded = Q(group__stewardships__user=user, group__stewardships__ends_on=None)
        return self.filter(
            Q(state__in=(DeliveryState.TO_POST, DeliveryState.OVERDUE)) & (relayed | stewarded)
        ).distinct()

    def visible_to(self, user) -> "DeliveryQuerySet":
        """Deliveries to groups under the user's postings, and all rows of broadcasts of their units."""
        paths = permissions.paths(user, *permissions.STAFF_ROLES)
        return self.filter(
            permissions.paths_q(paths, "group__unit__path")
            | permissions.paths_q(paths, "broadcast__unit__path")
        )
