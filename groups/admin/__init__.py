"""The directory in the Django admin; see ``groups.admin.scoping`` for the rule of who sees what."""

from groups.admin import accounts, audit, calendar, events, groups, members, people, units

__all__ = ["accounts", "audit", "calendar", "events", "groups", "members", "people", "units"]
