"""Audited actions on tips. Entries never hold text, place, names or phones."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "tips.tip.received": _("Nhận tin"),
    "tips.tip.read": _("Mở xem tin"),
    "tips.tip.accepted": _("Tiếp nhận tin"),
    "tips.tip.assigned": _("Giao tin"),
    "tips.tip.verifying": _("Bắt đầu xác minh"),
    "tips.tip.replied": _("Trả lời người gửi"),
    "tips.tip.noted": _("Ghi chú nội bộ"),
    "tips.tip.transferred": _("Chuyển tin sang đơn vị khác"),
    "tips.tip.merged": _("Ghép tin trùng"),
    "tips.tip.extended": _("Gia hạn xử lý"),
    "tips.tip.closed": _("Kết thúc tin"),
    "tips.tip.reopened": _("Mở lại tin"),
    "tips.tip.reclassified": _("Đổi loại hoặc mức ưu tiên"),
    "tips.tip.valued": _("Đánh dấu tin có giá trị"),
    "tips.tip.erased": _("Xóa nội dung tin hết hạn lưu"),
    "tips.contact.revealed": _("Xem thông tin người báo"),
    "tips.contact.granted": _("Cho người khác xem thông tin người báo"),
    "tips.evidence.opened": _("Mở tệp kèm theo"),
    "tips.receipt.not_sent": _("Không gửi được mã theo dõi cho người nhắn Zalo"),
    "tips.message.received": _("Người gửi bổ sung"),
}
