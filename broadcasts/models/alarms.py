"""Alarms: what a person has to know about sending, one open row for each cause."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from broadcasts.enums import AlarmKind
from broadcasts.querysets import AlarmQuerySet
from groups.models import OfficialAccount, Unit


class Alarm(models.Model):
    """One cause, from its first sighting to its end. Closes by itself; a person only says "seen"."""

    kind = models.CharField(_("loại"), max_length=12, choices=AlarmKind)
    # What exactly: "account:12", "unit:68", or nothing for the whole system.
    subject = models.CharField(max_length=60, blank=True, editable=False)
    # None for what concerns the whole system.
    unit = models.ForeignKey(
        Unit, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("đơn vị")
    )
    account = models.ForeignKey(
        OfficialAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("tài khoản Zalo OA"),
    )
    # Numbers and names of accounts only: never a word of a tip or a post.
    detail = models.CharField(_("chi tiết"), max_length=300, blank=True)
    opened_at = models.DateTimeField(_("từ lúc"))
    last_seen_at = models.DateTimeField(_("còn thấy lúc"))
    closed_at = models.DateTimeField(_("hết lúc"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("người đã xem"),
    )
    acknowledged_at = models.DateTimeField(_("đã xem lúc"), null=True, blank=True)
    # When each of the three mails was sent.
    opening_mail_at = models.DateTimeField(null=True, blank=True, editable=False)
    escalation_mail_at = models.DateTimeField(null=True, blank=True, editable=False)
    closing_mail_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("cảnh báo")
        verbose_name_plural = _("cảnh báo")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(closed_at=None), name="alarm_once_per_cause"
            )
        ]
        indexes = [models.Index(fields=["closed_at"], name="alarm_closed_idx")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.detail}" if self.detail else self.get_kind_display()
