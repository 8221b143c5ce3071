"""The mailbox of one official account (a leased row, one drainer at a time), and the counters of codes."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models import OfficialAccount


class Mailbox(models.Model):
    """Who drains an account now, and how many calls its minute still holds."""

    account = models.OneToOneField(
        OfficialAccount,
        on_delete=models.CASCADE,
        related_name="mailbox",
        verbose_name=_("tài khoản Zalo OA"),
    )
    lease_owner = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Calls by epoch second for the last 61 s: what the exact minute limit is counted from.
    window = models.JSONField(default=dict, editable=False)
    # The same for calls from the reserve, which nobody leases.
    reserve_window = models.JSONField(default=dict, editable=False)
    paused_at = models.DateTimeField(_("tạm dừng lúc"), null=True, blank=True, editable=False)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pause_reason = models.CharField(_("lý do tạm dừng"), max_length=200, blank=True)
    failures_in_row = models.PositiveSmallIntegerField(_("lỗi liên tiếp"), default=0, editable=False)
    # Since when the sweep finds the breaker at work, whether it rests or tries.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Circuit breaker: no call before this moment.
    open_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("hộp gửi")
        verbose_name_plural = _("hộp gửi")

    def __str__(self) -> str:
        return str(self.account)


class CodeCounter(models.Model):
    """The last number given out for a prefix such as ``TB-2611``."""

    prefix = models.CharField(max_length=8, unique=True)
    value = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("bộ đếm mã")
        verbose_name_plural = _("bộ đếm mã")

    def __str__(self) -> str:
        return f"{self.prefix}: {self.value}"
