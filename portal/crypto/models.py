"""The secrets behind keyed digests."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.crypto.fields import EncryptedTextField


class DigestKey(models.Model):
    """The secret behind one kind of digest, itself encrypted under the key ring.

    Rotating FIELD_KEYS re-encrypts the row and leaves the secret, hence every stored digest, as it was.
    Deleting a row makes all digests of that purpose unfindable for ever.
    """

    purpose = models.CharField(_("mục đích"), max_length=64, unique=True)
    wrapped = EncryptedTextField(_("khóa (đã mã hóa)"))
    created_at = models.DateTimeField(_("tạo lúc"), auto_now_add=True)

    class Meta:
        verbose_name = _("khóa băm")
        verbose_name_plural = _("khóa băm")

    def __str__(self) -> str:
        return self.purpose
