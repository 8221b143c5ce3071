"""Prepared answers to senders: polite, short, promising nothing that is not certain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tips import procedures
from tips.enums import Category
from tips.models import AnswerTemplate, Tip

OFFICE = "{office}"
# The field of an act that a prepared answer goes into.
TAKES_ANSWER = {"reply": "text", "close": "public_reason"}


@dataclass(frozen=True)
class Answer:
    """A prepared answer for one tip, filled in; ``key`` is what a form sends.

    An ``is_interim`` one only says how far the matter is.
    """

    key: str
    label: str
    text: str
    is_interim: bool


@dataclass(frozen=True)
class _Common:
    """An answer that every office has; no categories means all."""

    key: str
    label: str | Promise
    text: str | Promise
    categories: tuple[str, ...] = ()
    is_interim: bool = False


COMMON = (
    _Common(
        "da-nhan",
        gettext_lazy("Đang xác minh"),
        gettext_lazy(
            "Cảm ơn anh/chị. {office} đã nhận tin và đang xác minh. Thông tin người báo được giữ bí mật. "
            "Nếu việc đang xảy ra, xin gọi 113 ngay, không chờ trả lời tại đây."
        ),
        is_interim=True,
    ),
    _Common(
        "thieu-thong-tin",
        gettext_lazy("Thiếu thông tin"),
        gettext_lazy(
            "Cảm ơn Quý công dân. Để xác minh, {office} cần thêm: thời gian, địa điểm cụ thể, đặc điểm xe. "
            "Xin bổ sung tại trang này bằng mã theo dõi."
        ),
    ),
    _Common(
        "da-chuyen-tien",
        gettext_lazy("Đã chuyển tiền"),
        gettext_lazy(
            "Anh/chị gọi ngay tổng đài ngân hàng yêu cầu tạm khóa giao dịch, giữ lại tin nhắn, biên lai, "
            "số tài khoản nhận, rồi đến {office} trình báo. Không chuyển thêm tiền, không trả lời người lạ."
        ),
        (Category.LUA_DAO,),
    ),
    _Common(
        "da-xu-ly",
        gettext_lazy("Đã xử lý"),
        gettext_lazy(
            "{office} đã kiểm tra và xử lý việc anh/chị báo. Trân trọng cảm ơn anh/chị đã cung cấp tin."
        ),
    ),
    _Common(
        "huong-dan",
        gettext_lazy("Mời tới trụ sở"),
        gettext_lazy(
            "Việc này cần gặp trực tiếp. Mời anh/chị tới trụ sở {office} trong giờ hành chính, mang theo "
            "giấy tờ liên quan. Nếu không đi được, xin nhắn lại tại đây để hẹn giờ khác."
        ),
        (Category.TTHC, Category.CU_TRU, Category.TAI_SAN),
    ),
)


def answers_for(tip: Tip) -> list[Answer]:
    """Answers that fit the tip: those of its handler and the units above it, then those every office has."""
    office = tip.handler.police_name
    own = [
        Answer(
            str(template.pk),
            template.title,
            _with_link(template).replace(OFFICE, office),
            template.is_interim,
        )
        for template in _templates(tip)
    ]
    common = [
        Answer(answer.key, str(answer.label), str(answer.text).replace(OFFICE, office), answer.is_interim)
        for answer in COMMON
        if not answer.categories or tip.category in answer.categories
    ]
    return own + common


def filled_in(act: str, tip: Tip, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed so far for ``act``, with the answer chosen in it below the words.

    An interim answer ticks the box that says so; no other takes the tick away.
    """
    field, values = TAKES_ANSWER[act], dict(typed)
    key = values.pop("answer", "")
    chosen = next((answer for answer in answers_for(tip) if answer.key == key), None)
    if chosen is not None:
        values[field] = "\n\n".join(part for part in (values.get(field, "").strip(), chosen.text) if part)
        values["interim"] = chosen.is_interim or values.get("interim")
    return values


def _templates(tip: Tip) -> list[AnswerTemplate]:
    codes = [tip.handler.code, *tip.handler.ancestor_codes()]
    rows = AnswerTemplate.objects.filter(
        unit__code__in=codes, is_active=True, category__in=["", tip.category]
    )
    # What fits the category first, then what is nearest.
    rows = rows.order_by("-category", "-unit__path", "title", "pk")
    found = list(rows)
    pages = {page.slug: page for page in procedures.pages()} if any(row.procedure for row in found) else {}
    for row in found:
        row.page = pages.get(row.procedure)
    return found


def _with_link(template: AnswerTemplate) -> str:
    """The text, and below it where the procedure is explained, if that page still exists."""
    if template.page is None:
        return template.text
    line = _("Hướng dẫn “%(title)s”: %(url)s") % {"title": template.page.title, "url": template.page.url}
    return f"{template.text}\n{line}"
