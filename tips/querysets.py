"""Adjectives of tips: open, overdue, visible to a user."""

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from groups import permissions
from tips.enums import OPEN, RESTRICTED


class TipQuerySet(models.QuerySet):
    """Tips."""

    def open(self) -> "TipQuerySet":
        """Not ended; a transferred tip is open at the unit it went to."""
        return self.filter(status__in=OPEN)

    def overdue(self, now=None) -> "TipQuerySet":
        """Open past their deadline."""
        return self.open().filter(deadline__lt=now or timezone.now())

    def visible_to(self, user) -> "TipQuerySet":
        """Tips handled under the user's postings; restricted categories for the named circle only.

        Where no circle is named, chiefs and supervisors are the circle. Everything that lists, counts or
        finds a tip for a user starts here.
        """
        postings = [p for p in permissions.open_postings(user) if p.role in permissions.TIP_ROLES]
        is_restricted = Q(category__in=RESTRICTED)
        everywhere = permissions.paths_q({p.unit.path for p in postings}, "handler__path")
        in_circle = permissions.paths_q(
            {p.unit.path for p in postings if p.restricted_circle}, "handler__path"
        )
        visible = (everywhere & ~is_restricted) | in_circle
        leading = {p.unit.path for p in postings if p.role in permissions.DECIDING_ROLES}
        if leading:
            nobody_named = ~Exists(_circle_of_handler())
            visible |= is_restricted & permissions.paths_q(leading, "handler__path") & nobody_named
        return self.filter(visible)


def _circle_of_handler() -> models.QuerySet:
    """People named for restricted tips at the handler of the tip outside, or above it."""
    path = ExpressionWrapper(OuterRef("handler__path"), output_field=models.CharField())
    postings = permissions.restricted_circle().annotate(handled_at=path)
    return postings.filter(handled_at__startswith=F("unit__path"))
