"""Officers whom a conduct complaint names: the tip does not exist for them, wherever they serve."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tips.models.tips import Tip


class NamedOfficer(models.Model):
    """One officer a complaint is about, as those who handle it made out."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="named_officers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("cán bộ")
    )
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("cán bộ bị phản ánh")
        verbose_name_plural = _("cán bộ bị phản ánh")
        constraints = [models.UniqueConstraint(fields=["user", "tip"], name="namedofficer_once")]

    def __str__(self) -> str:
        return f"{self.tip}: {self.user}"
