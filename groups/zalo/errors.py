"""What can go wrong between us and Zalo, in the few classes a sender must tell apart.

::

    ZaloError                     code, message, detail_vi, scope
    ├── Permanent           P     this message will never go out as it is
    │   ├── TextTooLong           refused before the call: longer than a group message may be
    │   └── EmptyText             refused before the call: nothing left to send
    ├── Temporary           R     not delivered; worth another try after wait_seconds
    │   └── NotSent               no connection was made (DNS, refused, TLS, time-out): surely not delivered
    ├── ChannelStopped      C     money, rights or set-up: no call of this scope works until a person acts
    │   └── ReauthorisationNeeded an administrator of the account must grant access again
    ├── OutcomeUnknown      U     the message may or may not be in the group; never resend blindly
    └── TokenRejected       T     the access token is void; the client renews it once, callers never see this

Zalo answers HTTP 200 with a non-zero ``error`` for nearly every refusal, and has no idempotency key: after a
time-out nobody knows. So the class, not the HTTP status, decides what the sender does next. An unknown code
is Permanent: logged and shown, never a silent loop.

``message`` is what the other side said, for logs and developers. ``detail_vi`` is a sentence for the officer
who must act. Neither ever carries a token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from groups.zalo.records import text

VIETNAM = timezone(timedelta(hours=7))
LONGEST_MESSAGE = 200


class Scope(StrEnum):
    """How far an error reaches: what else would fail in the same way right now."""

    MESSAGE = "message"
    GROUP = "group"
    ACCOUNT = "account"


class ZaloError(Exception):
    """Root of everything this package raises on purpose."""

    default_detail = _("Zalo báo lỗi khi gửi.")
    default_scope = Scope.MESSAGE

    def __init__(
        self, code: int | None = None, message: str = "", detail_vi: str = "", *, scope: Scope | None = None
    ):
        self.code = code
        self.message = text(message)[:LONGEST_MESSAGE]
        self.detail_vi = detail_vi or self.default_detail
        self.scope = scope or self.default_scope
        super().__init__(code, self.message)

    def __str__(self) -> str:
        return self.message if self.code is None else f"{self.code} {self.message}".rstrip()


class Permanent(ZaloError):
    """P: this message will never be accepted as it is."""

    default_detail = _("Zalo từ chối tin này. Hãy kiểm tra lại nội dung và nhóm nhận.")


class TextTooLong(Permanent):
    """The prepared text has ``count`` units, more than the ``limit``; nothing was sent."""

    def __init__(self, count: int, limit: int):
        self.count, self.limit = count, limit
        detail = _("Tin dài %(count)d ký tự, nhiều hơn mức %(limit)d ký tự của một tin nhóm. Hãy rút gọn.")
        super().__init__(None, f"text has {count} units, limit {limit}", "")
        self.detail_vi = detail % {"count": count, "limit": limit}


class EmptyText(Permanent):
    """Nothing is left of the text after it was cleaned; nothing was sent."""

    default_detail = _("Tin không có nội dung.")


class Temporary(ZaloError):
    """R: not delivered. ``wait_seconds`` is what the other side asked for, or None when it said nothing."""

    default_detail = _("Zalo đang bận, hệ thống sẽ tự gửi lại.")

    def __init__(
        self,
        code: int | None = None,
        message: str = "",
        detail_vi: str = "",
        *,
        scope: Scope | None = None,
        wait_seconds: int | None = None,
    ):
        super().__init__(code, message, detail_vi, scope=scope)
        self.wait_seconds = wait_seconds


class NotSent(Temporary):
    """The connection was never made, so the message is surely not in the group."""

    default_detail = _("Chưa kết nối được tới Zalo, tin chưa đi. Hệ thống sẽ tự gửi lại.")
    default_scope = Scope.ACCOUNT


class ChannelStopped(ZaloError):
    """C: money, rights or set-up. ``scope`` says whether one group or the whole account has stopped."""

    default_detail = _("Kênh Zalo đang dừng, cần quản trị viên xử lý.")
    default_scope = Scope.ACCOUNT


class ReauthorisationNeeded(ChannelStopped):
    """The refresh token is spent or withdrawn: an administrator of the account must grant access again."""

    default_detail = _(
        "Tài khoản Zalo OA cần được cấp quyền lại. Quản trị viên của OA hãy đăng nhập và kết nối lại."
    )


class OutcomeUnknown(ZaloError):
    """U: the request was written and no readable answer came. The message may be in the group."""

    default_detail = _(
        "Chưa rõ tin đã vào nhóm hay chưa. Hệ thống đang kiểm tra, chưa gửi lại để tránh trùng."
    )


class TokenRejected(ZaloError):
    """T: the access token is void. Renewed once by the client, then ChannelStopped."""

    default_detail = _("Mã truy cập Zalo hết hiệu lực, hệ thống đang xin mã mới.")
    default_scope = Scope.ACCOUNT


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: which class, what the officer reads, how far it reaches, how long to wait."""

    kind: type[ZaloError]
    detail_vi: str
    scope: Scope | None = None
    wait: Callable[[datetime], int] | None = None


def seconds_until_hour(hour: int) -> Callable[[datetime], int]:
    """A wait that ends at the next ``hour`` o'clock in Viet Nam."""

    def wait(now: datetime) -> int:
        local = now.astimezone(VIETNAM)
        target = local.replace(hour=hour, minute=0, second=0, microsecond=0)
        if target <= local:
            target += timedelta(days=1)
        return int((target - local).total_seconds()) + 1

    return wait


def until_next_minute(now: datetime) -> int:
    """Zalo counts calls by the minute. One second is added because our clocks differ."""
    return 61 - now.second


def after_a_minute(now: datetime) -> int:
    return 60


RULES: dict[int, Rule] = {
    -32: Rule(
        Temporary,
        _("Tài khoản OA đã dùng hết số lượt gọi của phút này. Hệ thống chờ sang phút sau rồi gửi tiếp."),
        Scope.ACCOUNT,
        until_next_minute,
    ),
    -100: Rule(Permanent, _("Ảnh hoặc tệp đã quá 7 ngày trên Zalo. Hãy tải lại rồi gửi.")),
    -200: Rule(
        OutcomeUnknown,
        _(
            "Zalo báo gửi không thành công nhưng có thể tin đã vào nhóm. "
            "Hãy xem trong nhóm trước khi gửi lại."
        ),
    ),
    -201: Rule(
        Permanent,
        _("Zalo không nhận tin: một thông tin bị thiếu hoặc sai. Hãy kiểm tra nội dung và mã nhóm."),
    ),
    -204: Rule(ChannelStopped, _("Tài khoản OA đã bị khóa. Quản trị viên của OA cần liên hệ Zalo.")),
    -205: Rule(ChannelStopped, _("Tài khoản OA không tồn tại. Hãy kiểm tra lại kết nối OA.")),
    -209: Rule(ChannelStopped, _("Ứng dụng Zalo chưa được kích hoạt. Quản trị viên cần kích hoạt ứng dụng.")),
    -210: Rule(Permanent, _("Tin vượt quá mức cho phép của Zalo. Hãy rút gọn nội dung hoặc giảm cỡ ảnh.")),
    -211: Rule(ChannelStopped, _("OA đã dùng hết hạn mức gửi của kỳ này. Chờ kỳ sau hoặc mua thêm hạn mức.")),
    -212: Rule(ChannelStopped, _("Ứng dụng chưa đăng ký chức năng này với Zalo. Quản trị viên cần đăng ký.")),
    -213: Rule(Permanent, _("Người nhận chưa quan tâm OA, hoặc ảnh gửi sai định dạng. Hãy kiểm tra lại.")),
    -214: Rule(Temporary, _("Zalo còn đang xử lý bài viết. Hệ thống sẽ thử lại."), None, after_a_minute),
    -216: Rule(TokenRejected, TokenRejected.default_detail),
    -217: Rule(Permanent, _("Người này chặn lời mời vào nhóm. Hãy gửi cho họ đường dẫn để tự xin vào nhóm.")),
    -218: Rule(
        Temporary,
        _("Người nhận đã đủ số tin trong ngày. Hệ thống sẽ gửi vào ngày mai."),
        None,
        seconds_until_hour(0),
    ),
    -219: Rule(ChannelStopped, _("Ứng dụng Zalo đã bị gỡ hoặc bị tắt. Quản trị viên cần kiểm tra.")),
    -220: Rule(TokenRejected, TokenRejected.default_detail),
    -221: Rule(
        ChannelStopped, _("Tài khoản OA chưa được xác thực. Quản trị viên của OA cần làm thủ tục với Zalo.")
    ),
    -223: Rule(
        ChannelStopped, _("OA chưa cấp quyền cho chức năng này. Quản trị viên cần cấp quyền cho ứng dụng.")
    ),
    -224: Rule(ChannelStopped, _("Gói dịch vụ của OA đã hết hạn hoặc chưa đủ. Cần gia hạn hoặc nâng gói.")),
    -227: Rule(
        Permanent,
        _("Tài khoản người nhận bị khóa hoặc không hoạt động trên 45 ngày. Hãy liên hệ bằng cách khác."),
    ),
    -230: Rule(
        Permanent,
        _(
            "Người nhận không liên lạc với OA trong 7 ngày qua, Zalo không cho nhắn riêng. "
            "Hãy gọi điện, hoặc chờ người đó nhắn lại."
        ),
    ),
    -232: Rule(
        Permanent,
        _(
            "Người nhận chưa từng liên lạc với OA hoặc đã quá hạn, Zalo không cho nhắn riêng. "
            "Hãy gọi điện, hoặc chờ người đó nhắn cho OA."
        ),
    ),
    -233: Rule(Permanent, _("Zalo không hỗ trợ loại tin này. Hãy gửi bằng chữ hoặc ảnh.")),
    -234: Rule(
        Temporary,
        _("Zalo không cho gửi loại tin này từ 22 giờ đến 6 giờ. Hệ thống sẽ gửi lúc 6 giờ sáng."),
        None,
        seconds_until_hour(6),
    ),
    -235: Rule(
        ChannelStopped,
        _("Zalo không cho loại OA này dùng chức năng gửi. Hãy chuyển nhóm sang đăng thủ công."),
    ),
    -237: Rule(
        ChannelStopped, _("Nhóm đã bị Zalo tắt vì hết hạn suất nhóm. Cần gia hạn suất cho nhóm."), Scope.GROUP
    ),
    -238: Rule(ChannelStopped, _("Suất nhóm đã được dùng hoặc bị tắt. Cần chọn suất khác."), Scope.GROUP),
    -240: Rule(ChannelStopped, _("Zalo đã ngừng cách gửi cũ. Cần cập nhật phần mềm.")),
    -241: Rule(ChannelStopped, _("Suất nhóm đã được dùng. Cần chọn suất khác."), Scope.GROUP),
    -242: Rule(ChannelStopped, _("Khóa bí mật của ứng dụng Zalo không đúng. Quản trị viên cần nhập lại.")),
    -244: Rule(Permanent, _("Người nhận không cho phép gửi loại tin này. Hãy liên hệ bằng cách khác.")),
    -248: Rule(
        Permanent, _("Zalo cho rằng nội dung vi phạm tiêu chuẩn. Hãy sửa nội dung trước khi gửi lại.")
    ),
    -249: Rule(Permanent, _("Zalo không cho gửi mẫu tin này tới người nhận. Hãy viết thành tin thường.")),
    -320: Rule(
        ChannelStopped,
        _("OA chưa liên kết tài khoản thanh toán Zalo (ZCA). Quản trị viên của OA cần liên kết."),
    ),
    -321: Rule(
        ChannelStopped, _("Tài khoản thanh toán Zalo (ZCA) đã hết tiền. Quản trị viên của OA cần nạp thêm.")
    ),
    -403: Rule(
        ChannelStopped, _("OA không còn ở trong nhóm này. Cần thêm lại OA hoặc sửa mã nhóm."), Scope.GROUP
    ),
    -501: Rule(
        ChannelStopped,
        _("Zalo không trả dữ liệu cá nhân vì máy chủ đặt ngoài Việt Nam. Cần chuyển máy chủ về trong nước."),
    ),
}


def classify(code: int, message: str = "", *, now: datetime | None = None) -> ZaloError:
    """The error, ready to raise, for a non-zero ``error`` of the OA API.

    ``now`` (aware) only matters for waits that end at a given time of day.
    """
    # One deployment saw an expired token reported as a bad parameter; only then does the text count.
    if code == -201 and "access token" in message.lower().replace("_", " "):
        return TokenRejected(code, message)
    rule = RULES.get(code)
    if rule is None:
        return Permanent(code, message)
    if issubclass(rule.kind, Temporary):
        wait_seconds = rule.wait(now or datetime.now(UTC)) if rule.wait else None
        return rule.kind(code, message, rule.detail_vi, scope=rule.scope, wait_seconds=wait_seconds)
    return rule.kind(code, message, rule.detail_vi, scope=rule.scope)
