"""Choices and named sets of states of sending. Leaf module: imports no models."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PostKind(models.TextChoices):
    """What a post is about; the value is part of the API."""

    EDUCATION = "education", _("Tuyên truyền, cảnh báo")
    MOVEMENT = "movement", _("Phong trào, mô hình")
    RESULT = "result", _("Báo kết quả")
    INVITATION = "invitation", _("Mời họp, mời tham gia")
    DISASTER = "disaster", _("Thiên tai, khẩn cấp")
    WANTED = "wanted", _("Truy nã")
    SUSPECT = "suspect", _("Truy tìm người liên quan")
    MISSING = "missing", _("Tìm người")
    FOUND = "found", _("Nhặt được tài sản")
    LOST = "lost", _("Mất tài sản")
    HANDIN = "handin", _("Vận động giao nộp")
    CORRECTION = "correction", _("Đính chính, thu hồi")


# Kinds that are a Notice with fields and a life cycle of their own.
NOTICE_KINDS = (PostKind.WANTED, PostKind.SUSPECT, PostKind.MISSING, PostKind.FOUND, PostKind.HANDIN)


class Urgency(models.TextChoices):
    """Urgent rows go first at every claim."""

    ROUTINE = "routine", _("Thường")
    URGENT = "urgent", _("Khẩn")


class BroadcastState(models.TextChoices):
    """Life of a broadcast; see docs/architecture.md for who moves what."""

    DRAFT = "draft", _("Đang soạn")
    SUBMITTED = "submitted", _("Chờ duyệt")
    RETURNED = "returned", _("Trả lại để sửa")
    REJECTED = "rejected", _("Không duyệt")
    APPROVED = "approved", _("Đã duyệt, chờ giờ gửi")
    EXPANDING = "expanding", _("Đang lập danh sách")
    SENDING = "sending", _("Đang gửi")
    PAUSED = "paused", _("Tạm dừng")
    DONE = "done", _("Đã gửi xong")
    CANCELLED = "cancelled", _("Đã hủy")
    WITHDRAWN = "withdrawn", _("Đã thu hồi")
    MISSED = "missed", _("Lỡ giờ gửi")


EDITABLE = (BroadcastState.DRAFT, BroadcastState.RETURNED)
# Nothing has gone out yet; nor of one that was paused before its hour (see ``Broadcast.is_unsent``).
CANCELLABLE = (BroadcastState.APPROVED, BroadcastState.EXPANDING)
PAUSABLE = (BroadcastState.APPROVED, BroadcastState.SENDING)
WITHDRAWABLE = (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.DONE)
ENDED = (
    BroadcastState.DONE,
    BroadcastState.REJECTED,
    BroadcastState.CANCELLED,
    BroadcastState.WITHDRAWN,
    BroadcastState.MISSED,
)


class DeliveryState(models.TextChoices):
    """State of one post to one group."""

    QUEUED = "queued", _("Chờ gửi")
    SENDING = "sending", _("Đang gửi")
    SENT = "sent", _("Đã gửi")
    WAITING = "waiting", _("Chờ gửi lại")
    BLOCKED = "blocked", _("Đang bị chặn (tài khoản hoặc nhóm)")
    REFUSED = "refused", _("Không gửi được")
    UNKNOWN = "unknown", _("Chưa rõ đã gửi hay chưa")
    TO_POST = "to_post", _("Chờ người đăng")
    POSTED = "posted", _("Đã đăng")
    OVERDUE = "overdue", _("Quá hạn chưa đăng")
    SKIPPED = "skipped", _("Bỏ qua")


CLAIMABLE = (DeliveryState.QUEUED, DeliveryState.WAITING)
# Between fan-out and outcome a row stays in one lane, so that its claim touches no index; every other state
# is a lane of its own. See docs/decisions/.
IN_LINE = (*CLAIMABLE, DeliveryState.SENDING)
LINE = "line"
FINAL = (DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.POSTED, DeliveryState.SKIPPED)
OPEN = tuple(state for state in DeliveryState if state not in FINAL)
POSTABLE = (DeliveryState.TO_POST, DeliveryState.OVERDUE)
# Waiting for a person, for the account to work again, or for the group to be read.
STUCK = (DeliveryState.BLOCKED, DeliveryState.UNKNOWN, DeliveryState.TO_POST, DeliveryState.OVERDUE)
# Did not reach their group for certain; most of them need a person (see services.dead_letters).
DEAD = (DeliveryState.REFUSED, DeliveryState.BLOCKED, DeliveryState.UNKNOWN, DeliveryState.OVERDUE)
# So many crashes and a row is sent alone, so that it takes no other row down with it ...
SUSPECT_CRASHES = 2
# ... and so many end the trying: a dead letter.
MAX_CRASHES = 3
# Not in any group yet: what a withdrawal skips and an expiry refuses.
NOT_OUT_YET = (*CLAIMABLE, DeliveryState.BLOCKED, *POSTABLE)
# What members have (or may have) seen: a correction goes to these.
REACHED = (DeliveryState.SENT, DeliveryState.POSTED, DeliveryState.UNKNOWN)


class NoticeState(models.TextChoices):
    """Life of a notice."""

    DRAFT = "draft", _("Đang lập")
    ACTIVE = "active", _("Đang hiệu lực")
    ENDED = "ended", _("Đã kết thúc")


class NoticeEnd(models.TextChoices):
    """How a notice ended."""

    ARRESTED = "arrested", _("Đã bắt, đã đầu thú")
    FOUND = "found", _("Đã tìm thấy")
    RETURNED = "returned", _("Đã trả tài sản")
    WITHDRAWN = "withdrawn", _("Đình nã, rút thông báo")
    EXPIRED = "expired", _("Hết thời hạn")


class AlarmKind(models.TextChoices):
    """What an alarm is about. Those of ``STANDSTILL`` mean that posts do not go out."""

    BEAT = "beat", _("Nhịp hệ thống đã dừng")
    WORKER = "worker", _("Không có tiến trình gửi nào làm việc")
    BROKER = "broker", _("Không liên lạc được với máy chủ hàng đợi")
    NEEDS_GRANT = "needs_grant", _("Tài khoản cần cấp quyền lại")
    STOPPED = "stopped", _("Tài khoản đã dừng gửi")
    BREAKER = "breaker", _("Không kết nối được tới Zalo")
    STALLED = "stalled", _("Bài đến giờ mà chưa gửi")
    DEAD_LETTERS = "dead", _("Có lượt không tới được nhóm")
    OVERDUE = "overdue", _("Quá hạn chưa có người đăng")
    WEBHOOK = "webhook", _("Tin từ Zalo bị ứ lại")
    GROUP_EXPIRES = "expires", _("Nhóm sắp hết hạn sử dụng")
    REPAIR = "repair", _("Việc kiểm tra định kỳ bị lỗi")
    DISK = "disk", _("Ổ đĩa sắp đầy, chưa nhận được ảnh, video")


STANDSTILL = (
    AlarmKind.BEAT,
    AlarmKind.WORKER,
    AlarmKind.BROKER,
    AlarmKind.NEEDS_GRANT,
    AlarmKind.STOPPED,
    AlarmKind.BREAKER,
    AlarmKind.STALLED,
)
