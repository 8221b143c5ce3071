"""Adjectives of tips: open, overdue, visible to a user."""

from django.db import models
from django.db.models import Q
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

        Everything that lists, counts or finds a tip for a user starts here.
        """
        postings = [p for p in permissions.open_postings(user) if p.role in permissions.TIP_ROLES]
        everywhere = permissions.paths_q({p.unit.path for p in postings}, "handler__path")
        in_circle = permissions.paths_q(
            {p.unit.path for p in postings if p.restricted_circle}, "handler__path"
        )
        return self.filter((everywhere & ~Q(category__in=RESTRICTED)) | in_circle)
