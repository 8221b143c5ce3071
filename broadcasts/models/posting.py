"""What people do about a post for an assisted group, besides posting it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from broadcasts.models.broadcasts import Delivery


class PostingTask(models.Model):
    """Beside a row that a person posts: handed over, reminded of, confirmed without network.

    Written only when there is something to tell; most rows, and all that a machine sends, have none.
    """

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, primary_key=True, related_name="task")
    # Posts it instead of the steward.
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("người được giao"),
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(_("nhắc lúc"), null=True, blank=True)
    # Set until the mail about it was handed over: a lost task is asked for again.
    mail_wanted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Set when a confirmation made without network arrived later than it was made.
    received_at = models.DateTimeField(_("nhận được lúc"), null=True, blank=True)

    class Meta:
        verbose_name = _("việc đăng bài")
        verbose_name_plural = _("việc đăng bài")
        indexes = [
            models.Index(
                fields=["mail_wanted_at"],
                condition=models.Q(mail_wanted_at__isnull=False),
                name="task_mail_wanted_idx",  # sweep
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}"


class UsedKey(models.Model):
    """A key that a phone gave with a confirmation: what arrives with it again is a repetition, for ever."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("khóa xác nhận đã dùng")
        verbose_name_plural = _("khóa xác nhận đã dùng")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "key"], name="used_key_once"),
            models.CheckConstraint(condition=~models.Q(key=""), name="used_key_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.key}"
