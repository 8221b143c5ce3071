"""What the public site shows besides tips and notices: procedures and contacts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.models import Unit


class Procedure(models.Model):
    """An administrative procedure (TTHC) in plain words, with its steps, papers, fee and time."""

    slug = models.SlugField(unique=True)
    title = models.CharField(_("tên thủ tục"), max_length=200)
    field = models.CharField(_("lĩnh vực"), max_length=60)
    steps = models.TextField(_("các bước"), help_text=_("Mỗi dòng một bước."))
    papers = models.TextField(_("giấy tờ cần có"), blank=True, help_text=_("Mỗi dòng một giấy tờ."))
    fee = models.CharField(_("lệ phí"), max_length=120, blank=True)
    duration = models.CharField(_("thời gian giải quyết"), max_length=120, blank=True)
    online_url = models.URLField(_("nơi nộp trực tuyến"), blank=True)
    legal_basis = models.CharField(_("căn cứ"), max_length=200, blank=True)
    reviewed_on = models.DateField(_("rà soát ngày"), null=True, blank=True)

    class Meta:
        verbose_name = _("thủ tục hành chính")
        verbose_name_plural = _("thủ tục hành chính")
        ordering = ("field", "title")

    def __str__(self) -> str:
        return self.title


class Contact(models.Model):
    """A hotline or office; without a unit it holds for the whole country."""

    unit = models.ForeignKey(
        Unit,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("đơn vị"),
    )
    name = models.CharField(_("tên"), max_length=120)
    phone = models.CharField(_("số điện thoại"), max_length=20)
    purpose = models.CharField(_("dùng khi"), max_length=200, blank=True)
    is_emergency = models.BooleanField(_("số khẩn cấp"), default=False)
    position = models.PositiveSmallIntegerField(_("thứ tự"), default=100)

    class Meta:
        verbose_name = _("số liên hệ")
        verbose_name_plural = _("danh bạ liên hệ")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return f"{self.name}: {self.phone}"
