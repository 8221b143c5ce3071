"""What a sender should do right after sending, by what happened. Words for the answer page."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tips.enums import Category, Priority
from tips.models import Tip

URGENT_CATEGORIES = {Category.TRUY_NA_TIN, Category.TRE_EM}


_IN_PROGRESS = _("Đang xảy ra? Gọi ngay, đừng chờ gửi tin.")
_PAID = _("Chuyển tiền chưa quá 24 giờ? Gọi ngân hàng trước đã.")


@dataclass(frozen=True)
class Advice:
    """Sentences to act on, the number to press with them, and whether 113 comes before everything."""

    lines: tuple[str | Promise, ...] = ()
    phone: str = ""
    urgent: bool = False


_BY_CATEGORY: dict[str, tuple[tuple[str | Promise, ...], str]] = {
    Category.LUA_DAO: (
        (
            _("Vừa chuyển tiền: gọi ngay tổng đài ngân hàng, yêu cầu tạm khóa giao dịch và tài khoản."),
            _("Đổi mật khẩu ngân hàng, VNeID, Zalo; tắt mạng nếu đã cài ứng dụng lạ."),
            _("Giữ lại tin nhắn, số tài khoản, biên lai. Không trả lời kẻ lừa đảo nữa."),
        ),
        "",
    ),
    Category.TRE_EM: (
        (
            _("Gọi 111 (bảo vệ trẻ em, 24/24, miễn phí) để được hướng dẫn ngay."),
            _("Ở bên cháu, không hỏi dồn, không bắt kể lại nhiều lần, không trách cháu."),
            _("Không báo cho người bị nghi. Không giặt quần áo, không xóa tin nhắn liên quan."),
        ),
        "111",
    ),
    Category.BAO_LUC_GD: (
        (
            _("Đang đánh đập: gọi 113. Đưa trẻ em, người già tới nhà hàng xóm, nơi có người."),
            _("Không vào can ngăn một mình khi người kia cầm hung khí."),
        ),
        "113",
    ),
    Category.TROM_CUOP: (
        (
            _("Kẻ gian còn ở đó: gọi 113, không đuổi theo, không chặn một mình."),
            _("Giữ nguyên hiện trường, không dọn dẹp cho tới khi công an đến."),
        ),
        "113",
    ),
    Category.VU_KHI_PHAO: (
        (
            _("Bom, mìn, đạn: không chạm, không di chuyển. Đứng xa, nhắc mọi người tránh."),
            _("Muốn giao nộp vũ khí, pháo: gọi trực ban công an xã để được hướng dẫn cách mang đến an toàn."),
        ),
        "113",
    ),
    Category.CHAY_NO: ((_("Đang cháy, bốc khói, có mùi ga: ra ngoài và gọi 114."),), "114"),
    Category.GIAO_THONG: (
        (_("Có người bị thương: gọi 115, không tự di chuyển người bị nạn nếu không nguy hiểm."),),
        "115",
    ),
    Category.TRUY_NA_TIN: (
        (
            _("Gọi 113 hoặc số trong thông báo. Nhớ quần áo, xe, hướng đi."),
            _("Không tự bắt giữ, không đi theo, không đăng lên mạng."),
        ),
        "113",
    ),
    Category.MAT_TICH: (
        (
            _("Trẻ em, người già, người bệnh đi lạc: gọi 113 ngay, không cần chờ 24 giờ."),
            _("Chuẩn bị ảnh mới nhất, quần áo mặc lúc đi, những nơi hay đến."),
        ),
        "113",
    ),
    Category.MUA_BAN_NGUOI: (
        (
            _("Có người đang bị giữ hoặc sắp bị đưa đi: gọi 113 hoặc 111."),
            _("Không liên hệ với kẻ môi giới, giữ lại tin nhắn, số điện thoại, vé xe."),
        ),
        "113",
    ),
    Category.TAI_SAN: (
        (
            _("Nhặt được: mang tới công an hoặc Ủy ban nhân dân xã gần nhất để thông báo tìm chủ."),
            _("Mất giấy tờ: báo ngân hàng khóa thẻ; làm lại căn cước xem ở mục Dịch vụ công."),
        ),
        "",
    ),
    Category.CAN_BO: (
        (
            _("Tin này do cấp trên xem. Người bị phản ánh và đơn vị của họ không thấy."),
            _(
                "Muốn được giải quyết như đơn tố cáo thì cần đơn ghi rõ họ tên, địa chỉ, có chữ ký "
                "(Luật Tố cáo 2018): xin gửi qua bưu điện hoặc nơi tiếp công dân của cấp trên."
            ),
        ),
        "",
    ),
}


# What may be happening while somebody writes: these numbers come before the form.
_CALLS: dict[str, tuple[str, ...]] = {
    Category.TROM_CUOP: ("113",),
    Category.GAY_ROI: ("113", "115"),
    Category.BAO_LUC_GD: ("113", "115"),
    Category.TRE_EM: ("111", "113"),
    Category.VU_KHI_PHAO: ("113",),
    Category.CHAY_NO: ("114", "115"),
    Category.GIAO_THONG: ("115", "113"),
    Category.MUA_BAN_NGUOI: ("113", "111"),
    Category.TRUY_NA_TIN: ("113",),
    Category.MAT_TICH: ("113",),
    Category.LUA_DAO: (),
}


@dataclass(frozen=True)
class Stop:
    """What somebody who chose a category reads before writing: whom to call, what to do at once."""

    category: str
    question: str | Promise
    lines: tuple[str | Promise, ...]
    calls: tuple[str, ...]


def stops() -> list[Stop]:
    """One for each category that may be in progress; fraud within 24 hours is a matter for the bank."""
    return [
        Stop(
            category=category,
            question=_PAID if category == Category.LUA_DAO else _IN_PROGRESS,
            lines=_BY_CATEGORY.get(category, ((), ""))[0],
            calls=calls,
        )
        for category, calls in _CALLS.items()
    ]


def advice_for(tip: Tip) -> Advice:
    """Advice for the answer page of this tip."""
    lines, phone = _BY_CATEGORY.get(tip.category, ((), ""))
    return Advice(lines, phone, urgent=tip.priority == Priority.P0 or tip.category in URGENT_CATEGORIES)
