"""One moment for all alarms of a run, and minutes counted from it."""

from datetime import timedelta

from django.utils import timezone

NOW = timezone.now()


def at(minutes: float):
    return NOW + timedelta(minutes=minutes)
