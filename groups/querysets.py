"""Adjectives of the directory: what is under a unit, open today, visible to a user."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from groups import permissions
from groups.enums import Level
from portal.text import search_key


class UnitQuerySet(models.QuerySet):
    """Units of the one tree, addressed by path prefixes."""

    def under(self, unit) -> "UnitQuerySet":
        """``unit`` itself and everything below it."""
        return self.filter(path__startswith=unit.path)

    def under_paths(self, paths) -> "UnitQuerySet":
        """Everything at or below any of ``paths``; nothing when there are none."""
        return self.filter(permissions.paths_q(paths, "path"))

    def current(self, day=None) -> "UnitQuerySet":
        """Units in force on ``day`` (default today)."""
        day = day or timezone.localdate()
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=day)).filter(
            Q(valid_to=None) | Q(valid_to__gt=day)
        )

    def communes(self) -> "UnitQuerySet":
        return self.filter(level=Level.COMMUNE)

    def villages(self) -> "UnitQuerySet":
        return self.filter(level=Level.VILLAGE)

    def visible_to(self, user) -> "UnitQuerySet":
        """Units under the user's open postings, any role."""
        return self.under_paths(permissions.paths(user))

    def search(self, text: str) -> "UnitQuerySet":
        """Names that contain every word of ``text``, diacritics ignored."""
        found = self
        for word in search_key(text).split():
            found = found.filter(search_key__contains=word)
        return found


class PostingQuerySet(models.QuerySet):
    """Who serves where."""

    def open(self, day=None) -> "PostingQuerySet":
        """Postings in force on ``day`` (default today), confirmed where that is needed."""
        day = day or timezone.localdate()
        return self.filter(awaits_confirmation=False, valid_from__lte=day).filter(
            Q(valid_to=None) | Q(valid_to__gt=day)
        )

    def serving(self, unit, *roles: str) -> "PostingQuerySet":
        """Open postings at ``unit`` or above it, in one of ``roles`` if any is named, of active people."""
        rows = self.open().filter(unit__code__in=[unit.code, *unit.ancestor_codes()], user__is_active=True)
        return rows.filter(role__in=roles) if roles else rows

    def nearest_of_each(self) -> list:
        """One posting of each person, the one furthest down; those furthest down come first."""
        found = {}
        for posting in self.select_related("user", "unit").order_by("-unit__path", "user__full_name"):
            found.setdefault(posting.user_id, posting)
        return list(found.values())


class GroupQuerySet(models.QuerySet):
    """Zalo groups."""

    def under(self, unit) -> "GroupQuerySet":
        return self.filter(unit__path__startswith=unit.path)

    def active(self) -> "GroupQuerySet":
        """Groups that can be posted to."""
        return self.filter(state="active")

    def visible_to(self, user) -> "GroupQuerySet":
        """Groups of units under the user's postings; a relay sees the groups they post for."""
        staff = permissions.paths_q(permissions.paths(user, *permissions.STAFF_ROLES), "unit__path")
        relayed = permissions.paths_q(permissions.paths(user, permissions.Role.RELAY), "unit__path")
        return self.filter(staff | relayed)

    def search(self, text: str) -> "GroupQuerySet":
        """Names that contain every word of ``text``, diacritics ignored."""
        found = self
        for word in search_key(text).split():
            found = found.filter(search_key__contains=word)
        return found
