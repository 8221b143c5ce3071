"""Adjectives of sending: due, to be posted, visible to a user."""

from django.db import models
from django.db.models import Q

from broadcasts import lookups  # noqa: F401 (registers state__among)
from broadcasts.enums import POSTABLE, BroadcastState
from broadcasts.permissions import POSTING_ROLES
from groups import permissions
from groups.models import Group, Posting, Stewardship


def assignee_serves() -> models.Exists:
    """Whether the row was handed to somebody who still works and may post there; else it is the steward's."""
    where = models.ExpressionWrapper(models.OuterRef("group__unit__path"), models.TextField())
    postings = Posting.objects.open().filter(
        user=models.OuterRef("task__assignee"), user__is_active=True, role__in=POSTING_ROLES
    )
    return models.Exists(postings.annotate(where=where).filter(where__startswith=models.F("unit__path")))


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

    def duty_of(self, user) -> "DeliveryQuerySet":
        """Rows, in any state, that are this person's to post: handed to them, or else steward or relay."""
        handed, by_group = self.duty_ways(user)
        return self.filter(handed | by_group)

    def duty_ways(self, user) -> tuple[Q, Q]:
        """The two ways in which a row is this person's to post, each quick on its own."""
        # Most rows have no task: then nobody looks whether its assignee serves.
        not_handed_over = Q(task__assignee=None) | ~Q(assignee_serves())
        return self._assigned_q(user), self._by_group_q(user) & not_handed_over

    def in_hand_of(self, user) -> "DeliveryQuerySet":
        """Rows, in any state, that this person may post, whoever else was asked to."""
        return self.filter(self._poster_q(user))

    def to_post_by(self, user) -> "DeliveryQuerySet":
        """Those that wait for this person now."""
        return self.to_post().found_by(*self.duty_ways(user))

    def to_post(self) -> "DeliveryQuerySet":
        """Those that wait for a person."""
        return self.filter(state__among=POSTABLE, broadcast__state=BroadcastState.SENDING)

    def found_by(self, *ways: Q, most: int | None = None) -> "DeliveryQuerySet":
        """Those that any of ``ways`` finds, each by its own index; an OR of them would read every row.

        With ``most``, no way looks for more than so many.
        """
        keys = [self.filter(way).order_by().values("pk")[:most] for way in ways]
        if most is not None:
            # SQLite takes a limit only one level further down.
            keys = [self.model.objects.filter(pk__in=found).order_by().values("pk") for found in keys]
        return self.model.objects.filter(pk__in=keys[0].union(*keys[1:]))

    def reachable_by(self, user) -> "DeliveryQuerySet":
        """Rows a person may act on: what staff see, and those of groups they post for."""
        return self.filter(self._staff_q(user) | self._poster_q(user))

    def visible_to(self, user) -> "DeliveryQuerySet":
        """Deliveries to groups under the user's postings, and all rows of broadcasts of their units."""
        return self.filter(self._staff_q(user))

    def _poster_q(self, user) -> Q:
        return self._by_group_q(user) | self._assigned_q(user)

    def _by_group_q(self, user) -> Q:
        relayed = permissions.paths_q(permissions.paths(user, permissions.Role.RELAY), "unit__path")
        groups = Group.objects.filter(relayed).order_by().values("pk")
        mine = Stewardship.objects.filter(user=user, ends_on=None).order_by().values("group")
        return Q(group__in=groups.union(mine))

    def _assigned_q(self, user) -> Q:
        paths = permissions.paths(user, *permissions.WRITING_ROLES, permissions.Role.RELAY)
        return Q(task__assignee=user) & permissions.paths_q(paths, "group__unit__path")

    def _staff_q(self, user) -> Q:
        paths = permissions.paths(user, *permissions.STAFF_ROLES)
        return permissions.paths_q(paths, "group__unit__path") | permissions.paths_q(
            paths, "broadcast__unit__path"
        )


class AlarmQuerySet(models.QuerySet):
    """Alarms."""

    def open(self) -> "AlarmQuerySet":
        """Whose cause is still there."""
        return self.filter(closed_at=None)

    def visible_to(self, user) -> "AlarmQuerySet":
        """Of units where the user decides or administers; of the whole system for all who do so anywhere."""
        paths = permissions.paths(user, *permissions.DIRECTORY_ROLES)
        if not paths:
            return self.none()
        return self.filter(permissions.paths_q(paths, "unit__path") | Q(unit=None))

    def felt_at(self, unit) -> "AlarmQuerySet":
        """Of the whole system, of units at or below ``unit``, and of those above whose accounts it uses."""
        codes = unit.path.rstrip("/").split("/")
        above = ["/".join(codes[:end]) + "/" for end in range(1, len(codes))]
        return self.filter(Q(unit=None) | Q(unit__path__startswith=unit.path) | Q(unit__path__in=above))
