"""Prepared answers that a unit keeps for itself and those below it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from tips.enums import Category


class AnswerTemplate(models.Model):
    """Words to start an answer from. ``{office}`` in the text is the police office that answers."""

    unit = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        related_name="answer_templates",
        verbose_name=_("đơn vị"),
        help_text=_("Đơn vị này và các đơn vị bên dưới dùng được mẫu."),
    )
    title = models.CharField(_("tên mẫu"), max_length=60)
    category = models.CharField(
        _("loại tin"),
        max_length=16,
        choices=Category,
        blank=True,
        help_text=_("Để trống: mọi loại tin."),
    )
    text = models.TextField(
        _("nội dung"),
        max_length=2000,
        help_text=_("Viết {office} ở chỗ cần tên đơn vị trả lời. Không ghi tên, số điện thoại của ai."),
    )
    # The last part of the page's address: procedures belong to the public site, which tips do not know.
    procedure = models.SlugField(_("thủ tục kèm theo"), blank=True)
    is_interim = models.BooleanField(
        _("báo tạm"),
        default=False,
        help_text=_("Chèn mẫu này thì ô “Đây là báo tạm, việc còn đang xác minh” được đánh dấu sẵn."),
    )
    is_active = models.BooleanField(_("đang dùng"), default=True)

    class Meta:
        verbose_name = _("mẫu trả lời")
        verbose_name_plural = _("mẫu trả lời")
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title
