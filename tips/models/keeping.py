"""How long what residents told is kept: terms, delays, warnings, and what remains of an erased tip."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.crypto.fields import EncryptedTextField
from tips.enums import Category
from tips.keeping import Ending, KeepRule, Part
from tips.models.tips import Tip


class RetentionRule(models.Model):
    """One term of keeping, from its first day on, before the built-in table."""

    part = models.CharField(_("phần dữ liệu"), max_length=9, choices=Part)
    ending = models.CharField(
        _("kết quả"), max_length=12, choices=Ending, blank=True, help_text=_("Để trống: mọi kết quả.")
    )
    category = models.CharField(
        _("loại tin"), max_length=16, choices=Category, blank=True, help_text=_("Để trống: mọi loại.")
    )
    days = models.PositiveIntegerField(
        _("số ngày sau khi kết thúc"), help_text=_("0: giữ theo hồ sơ nghiệp vụ, cổng không tự xóa.")
    )
    valid_from = models.DateField(_("áp dụng từ ngày"))
    source = models.CharField(_("căn cứ"), max_length=300)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("thời hạn lưu giữ")
        verbose_name_plural = _("bảng thời hạn lưu giữ")
        ordering = ("part", "ending", "category", "-valid_from")

    def __str__(self) -> str:
        return f"{self.get_part_display()}: {self.days}"

    def clean(self) -> None:
        """Requests are kept alike, whatever they are about."""
        if self.part == Part.REQUEST and (self.ending or self.category):
            raise ValidationError(_("Thời hạn của yêu cầu không chia theo kết quả, loại tin: xin để trống."))

    @property
    def rule(self) -> KeepRule:
        """The row as the plan takes it."""
        return KeepRule(
            Part(self.part),
            self.days,
            self.source,
            self.valid_from,
            (Ending(self.ending),) if self.ending else (),
            (Category(self.category),) if self.category else (),
        )


class RetentionHold(models.Model):
    """A chief's word that a tip is needed longer: until a day, with a reason."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="holds")
    until = models.DateField()
    reason = EncryptedTextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("kéo dài lưu giữ")
        verbose_name_plural = _("kéo dài lưu giữ")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.tip}: {self.until:%d/%m/%Y}"


class ErasureNotice(models.Model):
    """That a tip is on the list of what will be erased: its chief has time to object before it is."""

    tip = models.OneToOneField(Tip, on_delete=models.CASCADE, related_name="erasure_notice")
    at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("báo trước khi xóa")
        verbose_name_plural = _("báo trước khi xóa")
        indexes = [models.Index(fields=["id"], condition=Q(mailed_at=None), name="erasure_unmailed_idx")]

    def __str__(self) -> str:
        return str(self.tip)


class Tombstone(models.Model):
    """What remains of an erased tip beside its dates and kinds: how much there was, and why it went."""

    tip = models.OneToOneField(Tip, on_delete=models.CASCADE, related_name="tombstone")
    at = models.DateTimeField()
    source = models.CharField(max_length=300)
    messages = models.PositiveIntegerField()
    notes = models.PositiveIntegerField()
    files = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("dấu vết tin đã xóa")
        verbose_name_plural = _("dấu vết tin đã xóa")

    def __str__(self) -> str:
        return str(self.tip)
