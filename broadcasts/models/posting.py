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
    # Made by the phone; a confirmation that arrives a second time is known by it.
    confirm_key = models.CharField(max_length=40, blank=True)
    # Set when a confirmation made without network arrived later than it was made.
    received_at = models.DateTimeField(_("nhận được lúc"), null=True, blank=True)

    class Meta:
        verbose_name = _("việc đăng bài")
        verbose_name_plural = _("việc đăng bài")

    def __str__(self) -> str:
        return f"{self.delivery_id}"
