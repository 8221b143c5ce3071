"""The tip itself, the case that joins several, and the digests that make its text searchable."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from broadcasts.models import Broadcast
from groups.models import Unit
from portal.crypto.fields import EncryptedTextField
from tips.enums import (
    OPEN,
    RESTRICTED,
    UNTAKEN,
    Category,
    Conduct,
    EventKind,
    Outcome,
    Priority,
    SourceChannel,
    TipStatus,
)
from tips.querysets import BY_DEADLINE, TipQuerySet, TipTermQuerySet


class Case(models.Model):
    """One matter that several tips speak of."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="cases", verbose_name=_("đơn vị"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("vụ việc")
        verbose_name_plural = _("vụ việc")

    def __str__(self) -> str:
        return f"{_('Vụ việc')} {self.pk}"


class Tip(models.Model):
    """What one sender reported. Text, place, coordinates are encrypted; the contact is elsewhere."""

    Status = TipStatus

    # Shown to staff and in the API; says nothing about number, time or place.
    public_id = models.CharField(_("mã tin"), max_length=12, editable=False)
    # Hex of the slow keyed digest; the receipt itself is stored nowhere.
    receipt_digest = models.CharField(max_length=64, editable=False)
    form_token = models.CharField(max_length=64, null=True, blank=True, editable=False)
    channel = models.CharField(_("nguồn"), max_length=10, choices=SourceChannel, default=SourceChannel.WEB)
    category = models.CharField(_("loại tin"), max_length=16, choices=Category)
    category_chosen = models.CharField(
        _("loại người gửi chọn"), max_length=16, choices=Category, editable=False
    )
    priority = models.PositiveSmallIntegerField(_("mức ưu tiên"), choices=Priority)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="tips_about", verbose_name=_("nơi xảy ra")
    )
    village = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tips_in_village",
        verbose_name=_("thôn, tổ dân phố"),
    )
    # The commune; one level above it for a conduct complaint; or wherever the tip was transferred.
    handler = models.ForeignKey(
        Unit,
        on_delete=models.PROTECT,
        related_name="tips",
        verbose_name=_("đơn vị xử lý"),
        # Both this and the assignee begin an index of several columns.
        db_index=False,
    )
    text = EncryptedTextField(_("nội dung"))
    place = EncryptedTextField(_("địa điểm"), blank=True)
    # "lat,lng" in decimal degrees.
    coordinates = EncryptedTextField(_("tọa độ"), blank=True)
    occurred_at = models.DateTimeField(_("xảy ra lúc"), null=True, blank=True)
    # To the minute only: the exact second of sending could give a sender away.
    received_at = models.DateTimeField(_("nhận lúc"), editable=False)
    status = models.CharField(_("trạng thái"), max_length=11, choices=TipStatus, default=TipStatus.NEW)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_tips",
        verbose_name=_("người xử lý"),
        db_index=False,
    )
    deadline = models.DateTimeField(_("hạn xử lý"), null=True, blank=True)
    # While the sender is asked something, the clock stands: no deadline, but what it was and since when.
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_deadline = models.DateTimeField(null=True, blank=True, editable=False)
    # Only of tips about the police, once somebody has read them.
    conduct = models.CharField(_("về cán bộ"), max_length=10, choices=Conduct, blank=True, default="")
    is_anonymous = models.BooleanField(_("ẩn danh"), default=True)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_answer_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome = models.CharField(_("kết quả"), max_length=12, choices=Outcome, blank=True)
    # What came of it, for reports: matters cleared up, people identified, property given back in đồng.
    matters = models.PositiveSmallIntegerField(_("vụ việc làm rõ"), default=0)
    people = models.PositiveSmallIntegerField(_("số người"), default=0)
    property_value = models.PositiveBigIntegerField(_("tài sản (đồng)"), default=0)
    public_reason = EncryptedTextField(_("kết quả trả lời công khai"), blank=True)
    is_valuable = models.BooleanField(_("có giá trị"), default=False)
    valuable_reason = EncryptedTextField(_("vì sao có giá trị"), blank=True)
    valued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="tips",
        verbose_name=_("trả lời bài phát"),
    )
    case = models.ForeignKey(
        Case, on_delete=models.SET_NULL, null=True, blank=True, related_name="tips", verbose_name=_("vụ việc")
    )
    # When its content was erased for good; what remains is what reports count.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TipQuerySet.as_manager()

    class Meta:
        verbose_name = _("tin báo")
        verbose_name_plural = _("tin báo")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["handler", "-id"], name="tip_handler_idx"),
            models.Index(
                fields=["handler", "deadline"], condition=Q(status__in=OPEN), name="tip_open_deadline_idx"
            ),
            models.Index(fields=["handler", "status", "-id"], name="tip_handler_status_idx"),
            models.Index(fields=["assignee", "status"], name="tip_assignee_idx"),
            # The queue of one commune.
            models.Index(
                "handler",
                *BY_DEADLINE.keys,
                condition=Q(status__in=OPEN),
                name="tip_handler_queue_idx",
            ),
            # For those who look after many units: the order of the queue, and what filters leave few of.
            models.Index(
                *BY_DEADLINE.keys,
                condition=Q(status__in=OPEN),
                name="tip_queue_idx",
            ),
            models.Index(fields=["status", "-id"], name="tip_status_idx"),
            models.Index(fields=["category", "-id"], name="tip_category_idx"),
            models.Index(fields=["priority", "-id"], name="tip_priority_idx"),
            models.Index(fields=["-id"], condition=Q(is_valuable=True), name="tip_valuable_idx"),
            models.Index(
                fields=["received_at"],
                condition=Q(priority=0, status__in=UNTAKEN),
                name="tip_urgent_untaken_idx",
            ),
        ]
        constraints = [
            # Not by the fields' own "unique": PostgreSQL would get a second index for each, for LIKE.
            models.UniqueConstraint(fields=["public_id"], name="tip_public_id_once"),
            models.UniqueConstraint(fields=["receipt_digest"], name="tip_receipt_digest_once"),
            models.UniqueConstraint(fields=["form_token"], name="tip_form_token_once"),
            models.CheckConstraint(condition=Q(priority__lte=4), name="tip_priority_range"),
            models.CheckConstraint(
                condition=Q(is_valuable=False) | Q(valued_by__isnull=False), name="tip_valued_by_someone"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    # Django's own look through all choices for every row of a list.
    def get_category_display(self) -> str:
        return str(Category(self.category).label)

    def get_status_display(self) -> str:
        return str(TipStatus(self.status).label)

    @property
    def is_restricted(self) -> bool:
        """Whether only a named circle may open it."""
        return self.category in RESTRICTED

    @property
    def due(self) -> datetime | None:
        """By when it has to be done; nothing for a tip that has ended, or whose clock stands."""
        return self.deadline if self.status in OPEN else None

    @cached_property
    def was_restricted(self) -> bool:
        """Whether it is or once was restricted: sent as such, or sorted so for a while."""
        if not {self.category, self.category_chosen}.isdisjoint(RESTRICTED):
            return True
        steps = self.events.filter(kind=EventKind.RECLASSIFIED).values_list("data", flat=True)
        return any(category in RESTRICTED for data in steps for category in data.get("category", ()))

    @cached_property
    def named_ids(self) -> frozenset[int]:
        """Officers whom the complaint names; they know nothing of it."""
        if self.category != Category.CAN_BO:
            return frozenset()
        return frozenset(named.user_id for named in self.named_officers.all())

    @property
    def audit_label(self) -> str:
        """What the audit trail shows of a tip: its id, never a word of it."""
        return self.public_id


class TipTerm(models.Model):
    """One keyed digest of one folded word of a tip: search without readable text."""

    # One of the two indexes, and no number of its own: a tip has some forty of these rows (decision 0016).
    pk = models.CompositePrimaryKey("term", "tip")
    # No constraint in the database: it would be checked for each word of each tip.
    tip = models.ForeignKey(
        Tip, on_delete=models.CASCADE, related_name="terms", db_index=False, db_constraint=False
    )
    term = models.BigIntegerField()

    objects = TipTermQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["tip"], name="tipterm_tip_idx")]

    def __str__(self) -> str:
        return f"{self.tip_id}"
