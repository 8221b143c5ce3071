"""Files on their way up, piece by piece, before there is a tip to hang them on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.crypto.fields import EncryptedTextField


class Upload(models.Model):
    """A file that a form page sends in pieces. It belongs to that page alone, by the digest of its token."""

    public_id = models.CharField(max_length=43, unique=True, editable=False)
    form = models.CharField(max_length=64, db_index=True, editable=False)
    size = models.PositiveBigIntegerField()
    # So many bytes are here; the next piece begins there.
    offset = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(db_index=True)
    # Since when a tip has it. Kept a little longer: the same form may be sent twice.
    attached_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("tệp đang tải lên")
        verbose_name_plural = _("tệp đang tải lên")

    def __str__(self) -> str:
        return f"{self.offset}/{self.size}"

    @property
    def is_complete(self) -> bool:
        """Whether all its bytes are here."""
        return self.offset == self.size


class UploadPart(models.Model):
    """One piece, encrypted under a key of its own like any file of a tip."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    offset = models.PositiveBigIntegerField()
    path = models.CharField(max_length=120, editable=False)
    data_key = EncryptedTextField(editable=False)

    class Meta:
        verbose_name = _("phần tệp đang tải lên")
        verbose_name_plural = _("phần tệp đang tải lên")
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset"], name="upload_part_once"),
        ]

    def __str__(self) -> str:
        return str(self.offset)
