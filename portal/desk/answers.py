"""Prepared answers to senders: polite, short, promising nothing that is not certain."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tips.enums import Category
from tips.models import Tip


@dataclass(frozen=True)
class Prepared:
    """A text to start from; ``%(office)s`` is the police office that answers."""

    name: str
    label: str | Promise
    text: str | Promise
    categories: tuple[str, ...] = ()


PREPARED = (
    Prepared(
        "da-nhan",
        _("Đang xác minh"),
        _(
            "Cảm ơn anh/chị. %(office)s đã nhận tin và đang xác minh. Thông tin người báo được giữ bí mật. "
            "Nếu việc đang xảy ra, xin gọi 113 ngay, không chờ trả lời tại đây."
        ),
    ),
    Prepared(
        "thieu-thong-tin",
        _("Thiếu thông tin"),
        _(
            "Cảm ơn Quý công dân. Để xác minh, %(office)s cần thêm: thời gian, địa điểm cụ thể, đặc điểm xe. "
            "Xin bổ sung tại trang này bằng mã theo dõi."
        ),
    ),
    Prepared(
        "da-chuyen-tien",
        _("Đã chuyển tiền"),
        _(
            "Anh/chị gọi ngay tổng đài ngân hàng yêu cầu tạm khóa giao dịch, giữ lại tin nhắn, biên lai, "
            "số tài khoản nhận, rồi đến %(office)s trình báo. Không chuyển thêm tiền, không trả lời người lạ."
        ),
        (Category.LUA_DAO,),
    ),
    Prepared(
        "da-xu-ly",
        _("Đã xử lý"),
        _("%(office)s đã kiểm tra và xử lý việc anh/chị báo. Trân trọng cảm ơn anh/chị đã cung cấp tin."),
    ),
    Prepared(
        "huong-dan",
        _("Mời tới trụ sở"),
        _(
            "Việc này cần gặp trực tiếp. Mời anh/chị tới trụ sở %(office)s trong giờ hành chính, mang theo "
            "giấy tờ liên quan. Nếu không đi được, xin nhắn lại tại đây để hẹn giờ khác."
        ),
        (Category.TTHC, Category.CU_TRU, Category.TAI_SAN),
    ),
)


def answers_for(tip: Tip) -> list[tuple[str, str, str]]:
    """(name, label, text) of the answers that fit the tip's category, the office filled in."""
    office = tip.handler.police_name
    return [
        (answer.name, str(answer.label), str(answer.text) % {"office": office})
        for answer in PREPARED
        if not answer.categories or tip.category in answer.categories
    ]
