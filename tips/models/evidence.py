"""Files of a tip: the clean copy that is shown, and the sealed original behind it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.crypto.fields import EncryptedTextField
from tips.enums import EvidenceKind, EvidenceState
from tips.models.leaves import Leave
from tips.models.thread import Message
from tips.models.tips import Tip


class Evidence(models.Model):
    """A file of a tip. The name it came with is never stored.

    ``path``, ``data_key`` and ``sha256`` are those of the clean copy and empty until there is one; ``size``
    is the original's until then.
    """

    tip = models.ForeignKey(Tip, on_delete=models.CASCADE, related_name="evidence")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="evidence"
    )
    public_id = models.CharField(max_length=12, unique=True)
    state = models.CharField(
        _("tình trạng"), max_length=11, choices=EvidenceState, default=EvidenceState.READY
    )
    # Why there is no clean copy, in a sentence for the sender.
    reason = models.CharField(_("lý do"), max_length=300, blank=True, default="")
    # What the virus scanner called it.
    finding = models.CharField(_("mã độc"), max_length=120, blank=True, default="")
    kind = models.CharField(_("loại"), max_length=6, choices=EvidenceKind)
    content_type = models.CharField(max_length=60)
    size = models.PositiveBigIntegerField(_("dung lượng (byte)"))
    # Path below MEDIA_ROOT of the encrypted bytes, and the key that opens them.
    path = models.CharField(max_length=120, editable=False)
    data_key = EncryptedTextField(editable=False)
    sha256 = EncryptedTextField(editable=False)
    # Of the file as it came; null for files from before originals were kept.
    original_sha256 = EncryptedTextField(null=True, editable=False)
    added_at = models.DateTimeField(default=timezone.now)
    # Set while a worker has something to do with it; a claim moves it on.
    due_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("tệp kèm tin")
        verbose_name_plural = _("tệp kèm tin")
        ordering = ("id",)
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="evidence_due_idx"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_ready(self) -> bool:
        """Whether there is a clean copy to open."""
        return self.state == EvidenceState.READY

    @property
    def is_waiting(self) -> bool:
        """Whether a worker still has to scan or clean it."""
        return self.due_at is not None

    @property
    def note(self) -> str:
        """Why it cannot be opened (yet), in a sentence; empty for a file that can."""
        return "" if self.is_ready else self.reason or str(EvidenceState(self.state).label)


class Original(models.Model):
    """The bytes of a file as they came, encrypted under a key of their own.

    ``sealed_key`` is that key in a box for the identity key: only a staff process opens it, for somebody with
    a live grant. ``data_key`` is the same key for the worker that makes the clean copy, gone with its work.
    """

    evidence = models.OneToOneField(Evidence, on_delete=models.CASCADE, related_name="original")
    path = models.CharField(max_length=120, editable=False)
    size = models.PositiveBigIntegerField()
    sealed_key = models.BinaryField(null=True, editable=False)
    data_key = EncryptedTextField(null=True, editable=False)

    class Meta:
        verbose_name = _("bản gốc")
        verbose_name_plural = _("bản gốc")

    def __str__(self) -> str:
        return str(self.evidence)


class OriginalGrant(Leave):
    """Leave for one person to open one original, with a reason, until a moment."""

    evidence = models.ForeignKey(Evidence, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        verbose_name = _("quyền mở bản gốc")
        verbose_name_plural = _("quyền mở bản gốc")

    def __str__(self) -> str:
        return f"{self.evidence}: {self.user}"
