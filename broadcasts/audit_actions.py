"""Audited actions of sending."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "broadcasts.broadcast.created": _("Soạn bài"),
    "broadcasts.broadcast.changed": _("Sửa bài"),
    "broadcasts.broadcast.submitted": _("Trình duyệt bài"),
    "broadcasts.broadcast.approved": _("Duyệt bài"),
    "broadcasts.broadcast.returned": _("Trả lại bài để sửa"),
    "broadcasts.broadcast.rejected": _("Không duyệt bài"),
    "broadcasts.broadcast.cancelled": _("Hủy bài chưa gửi"),
    "broadcasts.broadcast.paused": _("Tạm dừng gửi"),
    "broadcasts.broadcast.resumed": _("Gửi tiếp"),
    "broadcasts.broadcast.withdrawn": _("Thu hồi bài, gửi đính chính"),
    "broadcasts.broadcast.started": _("Bắt đầu gửi"),
    "broadcasts.broadcast.expanded": _("Lập danh sách nhóm nhận"),
    "broadcasts.broadcast.missed": _("Bỏ qua vì đã quá giờ hữu ích"),
    "broadcasts.broadcast.done": _("Gửi xong"),
    "broadcasts.delivery.posted": _("Xác nhận đã đăng vào nhóm"),
    "broadcasts.delivery.seen": _("Xác nhận đã thấy bài trong nhóm"),
    "broadcasts.delivery.resent": _("Cho gửi lại vào nhóm"),
    "broadcasts.delivery.skipped": _("Bỏ qua một nhóm"),
    "broadcasts.notice.created": _("Lập thông báo"),
    "broadcasts.notice.activated": _("Đưa thông báo vào hiệu lực"),
    "broadcasts.notice.deactivated": _("Rút thông báo về bản nháp"),
    "broadcasts.notice.expired": _("Thông báo hết thời hạn"),
    "broadcasts.notice.renewed": _("Gia hạn thông báo"),
    "broadcasts.notice.ended": _("Kết thúc thông báo"),
    "broadcasts.post.created": _("Thêm bài vào thư viện"),
    "broadcasts.post.changed": _("Thêm, sửa bài thư viện"),
    "broadcasts.mailbox.paused": _("Tạm dừng hộp gửi của tài khoản OA"),
    "broadcasts.mailbox.resumed": _("Mở lại hộp gửi của tài khoản OA"),
}
