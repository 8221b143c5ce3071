"""Who is on duty, who was called about an urgent tip and when, and the devices that ring."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from portal.crypto.fields import EncryptedTextField
from tips.enums import AlarmStage
from tips.models.tips import Tip


class DutyShift(models.Model):
    """A person on duty for a unit: on one day, or every week on one weekday (0 is Monday).

    A day of duty begins at ``duty.HANDOVER_HOUR`` and ends a day later. Rows of a day replace weekly ones.
    """

    unit = models.ForeignKey(
        Unit, on_delete=models.CASCADE, related_name="duty_shifts", verbose_name=_("đơn vị")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("người trực")
    )
    day = models.DateField(_("ngày trực"), null=True, blank=True)
    weekday = models.PositiveSmallIntegerField(_("thứ, hằng tuần"), null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("người xếp")
    )
    set_at = models.DateTimeField(_("xếp lúc"), default=timezone.now)

    class Meta:
        verbose_name = _("ca trực")
        verbose_name_plural = _("ca trực")
        constraints = [
            models.UniqueConstraint(fields=["unit", "day", "user"], name="duty_day_once"),
            models.UniqueConstraint(fields=["unit", "weekday", "user"], name="duty_weekday_once"),
            models.CheckConstraint(
                condition=Q(day=None, weekday__range=(0, 6)) | Q(day__isnull=False, weekday=None),
                name="duty_day_or_weekday",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit}: {self.user}"


class TipAlarm(models.Model):
    """One stage of the alarm about one urgent tip. Stopped once somebody took the tip.

    Moments are cut to the minute: the exact second of a tip could give its sender away.
    """

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="alarms")
    # Who handled the tip when the alarm was raised; wherever else the tip goes, another alarm is raised.
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("đơn vị"))
    stage = models.PositiveSmallIntegerField(_("bậc"), choices=AlarmStage)
    due_at = models.DateTimeField(_("đến giờ"))
    told_at = models.DateTimeField(_("đã gọi lúc"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("hết lúc"), null=True, blank=True)

    class Meta:
        verbose_name = _("báo động tin khẩn")
        verbose_name_plural = _("báo động tin khẩn")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["tip", "stage"], condition=Q(stopped_at=None), name="tipalarm_once_per_stage"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(told_at=None, stopped_at=None), name="tipalarm_due_idx"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tip}: {self.get_stage_display()}"


class AlarmCall(models.Model):
    """One person called by one stage: what was sent to them and when."""

    alarm = models.ForeignKey(TipAlarm, on_delete=models.CASCADE, related_name="calls")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("người được gọi")
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(_("đã gửi thư lúc"), null=True, blank=True)
    pushed_at = models.DateTimeField(_("đã đẩy tới máy lúc"), null=True, blank=True)
    # Nothing more is sent: all went out, or it was tried often enough.
    done_at = models.DateTimeField(null=True, blank=True)
    # The desk stops ringing.
    ended_at = models.DateTimeField(_("hết lúc"), null=True, blank=True)

    class Meta:
        verbose_name = _("lượt gọi người trực")
        verbose_name_plural = _("lượt gọi người trực")
        constraints = [models.UniqueConstraint(fields=["alarm", "user"], name="alarmcall_once")]
        indexes = [
            models.Index(fields=["user"], condition=Q(ended_at=None), name="alarmcall_ringing_idx"),
            models.Index(
                fields=["id"], condition=Q(done_at=None, ended_at=None), name="alarmcall_to_send_idx"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alarm}: {self.user}"


class PushDevice(models.Model):
    """A browser that wants to be told of urgent tips. Its address is a secret: whoever has it can ring."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_devices")
    # SHA-256 of the address: one row a browser.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    endpoint = EncryptedTextField(editable=False)
    p256dh = EncryptedTextField(editable=False)
    auth = EncryptedTextField(editable=False)
    name = models.CharField(_("máy"), max_length=60, blank=True)
    added_at = models.DateTimeField(_("thêm lúc"), default=timezone.now)

    class Meta:
        verbose_name = _("máy nhận báo khẩn")
        verbose_name_plural = _("máy nhận báo khẩn")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name or self.digest[:8]
