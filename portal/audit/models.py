"""Audit entries: written once, never changed, never deleted by the application."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.audit import registry


class AppendOnlyError(TypeError):
    """Something tried to change or delete an audit entry."""


class AuditEntryQuerySet(models.QuerySet):
    """Entries can be read and added; nothing else."""

    def update(self, **kwargs):
        raise AppendOnlyError("audit entries are never changed")

    def delete(self):
        raise AppendOnlyError("audit entries are never deleted")


class AuditEntry(models.Model):
    """One act: who, when, what, on which object. ``data`` holds no personal data and no secrets."""

    at = models.DateTimeField(_("thời điểm"), default=timezone.now, editable=False, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("người thực hiện"),
    )
    actor_name = models.CharField(_("tên lúc thực hiện"), max_length=200, blank=True)
    action = models.CharField(_("hành động"), max_length=80)
    target_type = models.CharField(_("loại đối tượng"), max_length=60, blank=True)
    target_id = models.CharField(_("mã đối tượng"), max_length=40, blank=True)
    target_label = models.CharField(_("đối tượng"), max_length=200, blank=True)
    # The path of the unit the act belongs to, so that an auditor sees their own area only.
    unit_path = models.CharField(max_length=200, blank=True)
    data = models.JSONField(_("chi tiết"), default=dict, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("mục nhật ký")
        verbose_name_plural = _("nhật ký")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["action"], name="audit_action_idx"),
            # For paths that begin alike, whatever the database's collation.
            models.Index(fields=["unit_path"], name="audit_unit_path_idx", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["target_type", "target_id"], name="audit_target_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.actor_name} {self.action}"

    def save(self, *args, **kwargs):
        if self.pk is not None:
            raise AppendOnlyError("audit entries are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyError("audit entries are never deleted")

    @property
    def sentence(self) -> str:
        """The act in words."""
        return registry.sentence(self.action)
