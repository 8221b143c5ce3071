"""More time asked for and given, overdue tips told to those above, and what the sender thought of the end."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from portal.crypto.fields import EncryptedTextField
from tips.models.tips import Tip

MOST_STARS = 5


class Extension(models.Model):
    """More time for a tip: who asked, why, who decided. A chief who extends asks and approves in one."""

    class State(models.TextChoices):
        """What became of it."""

        ASKED = "asked", _("Chờ duyệt")
        APPROVED = "approved", _("Đã duyệt")
        REFUSED = "refused", _("Không duyệt")
        # By who asked, or because the tip ended.
        DROPPED = "dropped", _("Đã rút")

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="extensions")
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    reason = EncryptedTextField()
    old_deadline = models.DateTimeField(null=True)
    new_deadline = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    answer = EncryptedTextField(blank=True)

    class Meta:
        verbose_name = _("gia hạn")
        verbose_name_plural = _("gia hạn")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["tip"], condition=Q(state="asked"), name="extension_one_asked"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None) | ~Q(state="asked") & Q(decided_by__isnull=False),
                name="extension_decided_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tip}: {self.get_state_display()}"


class Escalation(models.Model):
    """An overdue tip told to one stage, once for each deadline it missed. ``unit`` is who was told."""

    class Stage(models.IntegerChoices):
        """Who is told."""

        CHIEF = 1, _("Chỉ huy đơn vị")
        SUPERIOR = 2, _("Cấp trên")

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="escalations")
    stage = models.PositiveSmallIntegerField(choices=Stage)
    deadline = models.DateTimeField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("báo quá hạn")
        verbose_name_plural = _("báo quá hạn")
        constraints = [
            models.UniqueConstraint(fields=["tip", "stage", "deadline"], name="escalation_once_a_stage")
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(mailed_at=None), name="escalation_unmailed_idx"),
            models.Index(fields=["unit", "-id"], name="escalation_unit_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.tip}: {self.get_stage_display()}"


class Rating(models.Model):
    """What the sender thought of one closing: stars, maybe words. About the answer, not about a person."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="ratings")
    closed_at = models.DateTimeField()
    stars = models.PositiveSmallIntegerField(_("mức hài lòng"))
    words = EncryptedTextField(_("ý kiến"), blank=True)
    # To the minute, like everything a sender does.
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("đánh giá của người gửi")
        verbose_name_plural = _("đánh giá của người gửi")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["tip", "closed_at"], name="rating_once_a_closing"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=MOST_STARS), name="rating_stars"),
        ]

    def __str__(self) -> str:
        return f"{self.tip}: {self.stars}/{MOST_STARS}"
