"""What leave to open something sealed has in common, whatever it opens."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.crypto.fields import EncryptedTextField


class LeaveQuerySet(models.QuerySet):
    """Leave given to people."""

    def live_for(self, user) -> "LeaveQuerySet":
        """Leave this person may use now, whoever gave it."""
        return self.filter(user=user, until__gt=timezone.now())

    def from_others(self, user) -> "LeaveQuerySet":
        """Leave a second person gave this one, still running."""
        return self.live_for(user).exclude(granted_by=user)


class Leave(models.Model):
    """Leave for one person to open one thing, with a reason, until a moment."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField()
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = LeaveQuerySet.as_manager()

    class Meta:
        abstract = True
