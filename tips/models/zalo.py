"""The short memory of a resident's private messages to an official account."""

from django.db import models
from django.db.models import Q

from groups.models import OfficialAccount
from portal.crypto.fields import EncryptedTextField
from tips.models.thread import Message
from tips.models.tips import Tip


class ZaloThread(models.Model):
    """Where further messages of one resident go, for a while; gone after a week.

    The resident is a keyed digest. Their Zalo id and the answer, which shows the receipt, are kept encrypted
    until the answer has left, then emptied: afterwards no row leads from a tip to a Zalo account.
    """

    # Unique: two workers with two messages of one resident take turns.
    sender = models.CharField(max_length=64, unique=True, editable=False)
    account = models.ForeignKey(OfficialAccount, on_delete=models.CASCADE, related_name="+")
    # None: the account serves no commune, and the answer says where to write.
    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, null=True, related_name="zalo_threads")
    last_at = models.DateTimeField(db_index=True)
    user_id = EncryptedTextField(null=True, editable=False)
    answer = EncryptedTextField(null=True, editable=False)
    # Set while there is an answer to send.
    due_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="zalo_thread_due"),
        ]

    def __str__(self) -> str:
        return f"{self.tip}"


class ZaloFile(models.Model):
    """A file of a private message that is still to be fetched; gone with the attempt that settles it."""

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="+")
    # None: it came with the tip's own words.
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="+")
    url = EncryptedTextField(editable=False)
    due_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tip}"
