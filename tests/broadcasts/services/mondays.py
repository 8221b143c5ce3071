"""An hour that is still to come, whenever the tests run."""

from datetime import timedelta

from django.utils import timezone

TODAY = timezone.now().replace(hour=1, minute=0, second=0, microsecond=0)
MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())  # the next one, 8:00 in Viet Nam
