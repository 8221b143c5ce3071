"""Broadcasts, their deliveries and every attempt made for them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from broadcasts.enums import (
    CANCELLABLE,
    DEAD,
    IN_LINE,
    LINE,
    POSTABLE,
    STUCK,
    BroadcastState,
    DeliveryState,
    PostKind,
    Urgency,
)
from broadcasts.models.library import Notice, Picture, Post
from broadcasts.permissions import can_take_posting
from broadcasts.querysets import BroadcastQuerySet, DeliveryQuerySet
from groups.models import Group, OfficialAccount, Unit


class Broadcast(models.Model):
    """What is sent, to whom, when and how urgently; a recurring one is a parent that is never sent itself."""

    code = models.CharField(_("mã"), max_length=16, unique=True, editable=False)
    kind = models.CharField(_("loại bài"), max_length=12, choices=PostKind)
    title = models.CharField(_("tiêu đề"), max_length=150)
    body = models.TextField(_("nội dung"), max_length=1800)
    urgency = models.CharField(_("mức khẩn"), max_length=8, choices=Urgency, default=Urgency.ROUTINE)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="broadcasts", verbose_name=_("đơn vị gửi")
    )
    # The rule: {"units": [code], "kinds": [..], "groups": [id], "exclude": [id]}. The list is frozen as
    # delivery rows when sending starts.
    audience = models.JSONField(_("đối tượng nhận"), default=dict)
    picture = models.ForeignKey(
        Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ảnh")
    )
    notice = models.ForeignKey(
        Notice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="broadcasts",
        verbose_name=_("thông báo"),
    )
    post = models.ForeignKey(Post, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    send_at = models.DateTimeField(
        _("gửi lúc"), null=True, blank=True, help_text=_("Trống: ngay khi được duyệt.")
    )
    recurrence = models.CharField(_("lặp lại"), max_length=200, blank=True)
    expires_at = models.DateTimeField(_("hết giá trị lúc"), null=True, blank=True)
    state = models.CharField(
        _("trạng thái"), max_length=10, choices=BroadcastState, default=BroadcastState.DRAFT
    )
    paused_from = models.CharField(max_length=10, blank=True, editable=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="occurrences"
    )
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="withdrawal"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("người soạn")
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("người duyệt"),
    )
    reason = models.CharField(_("lý do trả lại, hủy, thu hồi"), max_length=500, blank=True)
    # Two submissions of one form page (double click, Back, two tabs) carry one token and make one row.
    form_token = models.CharField(max_length=40, null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("soạn lúc"), default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_at = models.DateTimeField(_("duyệt lúc"), null=True, blank=True, editable=False)
    # When it should go out: send_at, or the moment of approval. Set on approval.
    due_at = models.DateTimeField(_("đến giờ gửi"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    # From the start on: after this moment no group gets it any more. Never set for a correction.
    useful_until = models.DateTimeField(null=True, blank=True, editable=False)
    is_late = models.BooleanField(_("gửi muộn"), default=False, editable=False)
    # What is sent, rendered and frozen when the delivery rows are written.
    text = models.TextField(blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        verbose_name = _("bài phát")
        verbose_name_plural = _("bài phát")
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state=BroadcastState.APPROVED),
                name="broadcast_due_idx",  # start_due_broadcasts
            ),
            models.Index(
                fields=["state", "started_at"],
                condition=Q(state__in=(BroadcastState.EXPANDING, BroadcastState.SENDING)),
                name="broadcast_running_idx",  # sweep
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "due_at"], condition=Q(parent__isnull=False), name="broadcast_one_firing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def is_urgent(self) -> bool:
        return self.urgency == Urgency.URGENT

    @property
    def is_unsent(self) -> bool:
        """Whether it was approved and nothing of it has gone out: it can still be cancelled."""
        if self.state == BroadcastState.PAUSED:
            return self.paused_from == BroadcastState.APPROVED
        return self.state in CANCELLABLE

    @property
    def is_repeating(self) -> bool:
        """Whether it is the parent of firings and never sent itself."""
        return bool(self.recurrence) and self.parent_id is None


class Delivery(models.Model):
    """One broadcast to one group: the durable truth about whether members have it."""

    State = DeliveryState

    # No indexes of their own: (broadcast, lane) and the unique (group, broadcast) serve. Nor for the other
    # keys, by which nobody searches: each index costs every delivery two more writes. Group and account are
    # copied from the group in the same statement and protected by the ORM; a foreign key in the database
    # would lock and rewrite both for every row. See docs/decisions/.
    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("nhóm"),
        db_index=False,
        db_constraint=False,
    )
    # The mailbox that carries it; none for groups a person posts to.
    account = models.ForeignKey(
        OfficialAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
    )
    state = models.CharField(_("trạng thái"), max_length=8, choices=DeliveryState)
    # What the indexes know of the state; ``state__among`` asks for it along with the state.
    lane = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=IN_LINE, then=models.Value(LINE)), default=models.F("state")
        ),
        output_field=models.CharField(max_length=8),
        db_persist=True,
    )
    # 0 urgent, 1 routine: the claim order.
    priority = models.PositiveSmallIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(_("số lần thử"), default=0)
    # How often a sender died, or met an error nobody foresaw, while it held the row.
    crashes = models.PositiveSmallIntegerField(_("số lần tiến trình dừng"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("thử lại lúc"), default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    message_id = models.CharField(_("mã tin Zalo"), max_length=64, blank=True)
    last_error = models.CharField(_("lỗi gần nhất"), max_length=300, blank=True)
    last_error_code = models.IntegerField(null=True, blank=True)
    # An unknown outcome is settled by reading the group: how often it was read, since when without our text.
    unknown_at = models.DateTimeField(null=True, blank=True)
    reads = models.PositiveSmallIntegerField(default=0)
    clean_since = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(_("hạn đăng"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("người xác nhận"),
        db_index=False,
    )
    settled_at = models.DateTimeField(_("xong lúc"), null=True, blank=True)
    proof = models.ForeignKey(
        Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reason = models.CharField(_("lý do"), max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(_("cập nhật lúc"), default=timezone.now)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("lượt gửi")
        verbose_name_plural = _("lượt gửi")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["group", "broadcast"], name="delivery_once_per_group"),
        ]
        indexes = [
            models.Index(
                fields=["account", "priority", "next_attempt_at", "id"],
                condition=Q(lane=LINE),
                name="delivery_line_idx",  # the claim of a mailbox; sweep
            ),
            models.Index(
                fields=["lane", "account", "next_attempt_at"],
                condition=Q(lane__in=STUCK),
                name="delivery_stuck_lane_idx",  # sweep, reading of unknown rows
            ),
            models.Index(fields=["broadcast", "lane"], name="delivery_lane_idx"),
            models.Index(
                fields=["group"],
                condition=Q(lane__in=POSTABLE),
                name="delivery_to_post_idx",  # what waits for a person, from the groups
            ),
            models.Index(
                fields=["created_at", "id"],
                condition=Q(lane__in=DEAD),
                name="delivery_dead_lane_idx",  # dead letters
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id} -> {self.group_id}"

    @property
    def poster(self) -> Any:
        """Who is to post it: the person it was handed to, else the group's steward; None without either.

        Who left does not count. Lists annotate ``assignee_serves``, which saves a query for each row.
        """
        task = getattr(self, "task", None)
        if task is None or task.assignee_id is None:
            return self.group.steward
        serves = getattr(self, "assignee_serves", None)
        if serves is None:
            serves = can_take_posting(task.assignee, self.group.unit)
        return task.assignee if serves else self.group.steward


class Attempt(models.Model):
    """One call made for a delivery and what came of it."""

    # Written only for a row that the same transaction has just written.
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="calls", db_constraint=False
    )
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=DeliveryState)
    error_code = models.IntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("lần gọi")
        verbose_name_plural = _("lần gọi")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number}: {self.outcome}"
