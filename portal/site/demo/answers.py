"""Prepared answers of the demo district: questions about procedures, and what several communes are asked."""

from dataclasses import dataclass

from groups.models import Unit
from portal.site.demo import district
from tips.enums import Category
from tips.models import AnswerTemplate


@dataclass(frozen=True)
class AnswerPlan:
    """An answer, whose it is, the kind of tip and the procedure it goes with."""

    unit_code: str
    title: str
    category: str
    text: str
    procedure: str = ""


ANSWERS = (
    AnswerPlan(
        district.DISTRICT_CODE,
        "Đăng ký tạm trú",
        Category.TTHC,
        "Chào anh/chị. Người ở từ 30 ngày trở lên thì đăng ký tạm trú. Anh/chị nộp trực tuyến hoặc tới "
        "{office} trong giờ hành chính, mang theo giấy tờ chứng minh chỗ ở hợp pháp.",
        "dang-ky-tam-tru",
    ),
    AnswerPlan(
        district.DISTRICT_CODE,
        "Cấp, đổi căn cước",
        Category.TTHC,
        "Chào anh/chị. Người làm thẻ cần tới trực tiếp để chụp ảnh, lấy vân tay. Người già yếu, khuyết tật "
        "xin nhắn lại tại đây, {office} sẽ hẹn giờ phù hợp.",
        "cap-doi-can-cuoc",
    ),
    AnswerPlan(
        district.DISTRICT_CODE,
        "Giao nộp pháo, vũ khí",
        Category.VU_KHI_PHAO,
        "Cảm ơn anh/chị. Xin không chạm vào, không tự chở đi. {office} sẽ cử người tới nhận. Người tự giác "
        "giao nộp được hướng dẫn như sau.",
        "giao-nop-vu-khi",
    ),
    AnswerPlan(
        district.DISTRICT_CODE,
        "Thông báo lưu trú",
        Category.CU_TRU,
        "Cảm ơn anh/chị. {office} sẽ kiểm tra việc khai báo ở nơi anh/chị nêu. Chủ nhà, chủ trọ thông báo "
        "lưu trú cho khách trước 23 giờ hằng ngày.",
        "thong-bao-luu-tru",
    ),
    AnswerPlan(
        district.DISTRICT_CODE,
        "Mất giấy tờ, tài sản",
        Category.TAI_SAN,
        "Chào anh/chị. Anh/chị trình báo tại {office}, mang theo giấy tờ còn lại và hóa đơn, ảnh của đồ bị "
        "mất nếu có.",
        "trinh-bao-mat-giay-to",
    ),
    AnswerPlan(
        "D6801",
        "Đã nhắc quán gây ồn",
        Category.GAY_ROI,
        "{office} đã tới làm việc với chủ quán, yêu cầu không mở loa sau 22 giờ. Nếu còn tái diễn, xin "
        "anh/chị nhắn thêm tại đây.",
    ),
)


def make_answers() -> None:
    """Every answer that is not there yet."""
    units = Unit.objects.in_bulk({plan.unit_code for plan in ANSWERS}, field_name="code")
    for plan in ANSWERS:
        values = {"category": plan.category, "text": plan.text, "procedure": plan.procedure}
        AnswerTemplate.objects.get_or_create(unit=units[plan.unit_code], title=plan.title, defaults=values)
