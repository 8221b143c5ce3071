"""Who has read how much of a tip, and whom a note asks to look at it."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tips.models.thread import Message
from tips.models.tips import Tip


class TipRead(models.Model):
    """How far one person has read one tip: up to which message. When, only the audit trail says."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="reads", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # Id of the newest message there was; 0 for none.
    up_to = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("đã đọc tin")
        verbose_name_plural = _("đã đọc tin")
        constraints = [models.UniqueConstraint(fields=["tip", "user"], name="tipread_once")]

    def __str__(self) -> str:
        return f"{self.tip_id}: {self.user_id}"


class Mention(models.Model):
    """A colleague named in an internal note. Seen once they opened the tip."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True)
    # Until a mail about it has gone out, or is going out.
    mail_wanted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("nhắc đồng đội")
        verbose_name_plural = _("nhắc đồng đội")
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [
            models.Index(fields=["user"], condition=models.Q(seen_at=None), name="mention_unseen_idx"),
            models.Index(
                fields=["mail_wanted_at"],
                condition=models.Q(mail_wanted_at__isnull=False),
                name="mention_mail_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tip_id}: {self.user_id}"
