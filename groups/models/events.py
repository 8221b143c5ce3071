"""The inbox of Zalo's webhooks: stored first, worked on later, forgotten soon."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models.accounts import OfficialAccount
from portal.crypto.fields import EncryptedTextField


class ZaloEvent(models.Model):
    """One event, once. ``due_at`` is set while there is work to do: no other column says so.

    The body may hold what a resident wrote in private, so it is encrypted, and gone with the work. What
    members say in groups is never kept: of such events, and of all that nobody here reads, there is no body.
    """

    # SHA-256 of what makes the event one event (``groups.zalo.events.dedupe_key``), hexadecimal.
    key = models.CharField(max_length=64, editable=False)
    name = models.CharField(_("sự kiện"), max_length=60)
    oa_id = models.CharField(_("mã OA"), max_length=40)
    # Without a constraint: checking it would lock the account's one row for every event of it.
    account = models.ForeignKey(
        OfficialAccount,
        on_delete=models.CASCADE,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("tài khoản Zalo OA"),
    )
    body = EncryptedTextField(null=True, editable=False)
    received_at = models.DateTimeField(_("nhận lúc"), default=timezone.now)
    due_at = models.DateTimeField(_("xử lý lúc"), null=True)
    attempts = models.PositiveSmallIntegerField(_("số lần thử"), default=0)
    processed_at = models.DateTimeField(_("xong lúc"), null=True)
    # The kind of error only: its words may quote the body.
    error = models.CharField(_("lỗi"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("sự kiện Zalo")
        verbose_name_plural = _("sự kiện Zalo")
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=["key"], name="zalo_event_once")]
        indexes = [
            # What ``groups.services.inbox`` claims.
            models.Index(fields=["due_at", "id"], condition=Q(due_at__isnull=False), name="zalo_event_due"),
            # What nobody could work on, a handful: the watch looks for it twice a minute.
            models.Index(
                fields=["account"], condition=Q(due_at=None, processed_at=None), name="zalo_event_stuck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {timezone.localtime(self.received_at):%H:%M:%S %d/%m/%Y}"

    @property
    def is_stuck(self) -> bool:
        """Given up: neither worked on nor waiting for it."""
        return self.due_at is None and self.processed_at is None
