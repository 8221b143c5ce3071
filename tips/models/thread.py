"""What hangs on a tip: the conversation, steps, the sealed contact and who may open it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from groups.models import Unit
from portal.crypto.fields import EncryptedTextField
from tips.enums import EventKind, MessageKind
from tips.models.leaves import Leave
from tips.models.tips import Tip


class Contact(models.Model):
    """The sender's name and phone, sealed to the identity key: a public web process cannot open it."""

    tip = models.OneToOneField(Tip, on_delete=models.CASCADE, related_name="contact")
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("thông tin người báo")
        verbose_name_plural = _("thông tin người báo")

    def __str__(self) -> str:
        return str(self.tip)


class Message(models.Model):
    """A message to or from the sender, or an internal note. No author: the sender wrote it."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=6, choices=MessageKind, default=MessageKind.PUBLIC)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = EncryptedTextField()
    at = models.DateTimeField(default=timezone.now)
    form_token = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("trao đổi")
        verbose_name_plural = _("trao đổi")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.tip} {self.at:%d/%m/%Y %H:%M}"


class TipEvent(models.Model):
    """One step on the time line. ``note`` holds a reason in words and is encrypted."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=EventKind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    note = EncryptedTextField(blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("bước xử lý")
        verbose_name_plural = _("bước xử lý")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.tip}: {self.get_kind_display()}"


class Transfer(models.Model):
    """What a unit keeps of a tip it passed on: that it did, when and where to. Nothing of the content."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="transfers")
    from_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("chuyển lúc"), default=timezone.now)

    class Meta:
        verbose_name = _("tin đã chuyển đi")
        verbose_name_plural = _("tin đã chuyển đi")
        ordering = ("-id",)
        indexes = [models.Index(fields=["from_unit", "-id"], name="transfer_from_idx")]

    def __str__(self) -> str:
        return f"{self.tip}: {self.from_unit} > {self.to_unit}"


class IdentityGrant(Leave):
    """Leave for one person to open one contact, with a reason, until a moment."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="identity_grants")
    # Empty in rows from when nobody had to be asked.
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("quyền xem người báo")
        verbose_name_plural = _("quyền xem người báo")

    def __str__(self) -> str:
        return f"{self.tip}: {self.user}"


class IdentityRequest(models.Model):
    """A question to a second person: may I open this contact? Answered once, or it runs out."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="identity_requests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("người xin")
    )
    reason = EncryptedTextField()
    asked_at = models.DateTimeField(_("xin lúc"), default=timezone.now)
    until = models.DateTimeField(_("hết hiệu lực"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    is_granted = models.BooleanField(default=False)
    # Those who can answer were told by mail.
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("đề nghị xem người báo")
        verbose_name_plural = _("đề nghị xem người báo")
        constraints = [
            models.UniqueConstraint(
                fields=["tip", "user"], condition=Q(decided_at=None), name="identityrequest_open_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(decided_at=None, mailed_at=None),
                name="identityrequest_unmailed_idx",
            )
        ]

    def __str__(self) -> str:
        return f"{self.tip}: {self.user}"
