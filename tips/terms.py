"""The dated table of terms: how long each step may take, since when, and which text says so. Data, no code.

What stands here is the table a fresh portal starts with. Rows of ``DeadlineRule`` come on top of it: a new
decree or a decision of the unit is a row with its first day, never a change of the past. Where a number is
the programme's own promise and no law, ``source`` says so.
"""

from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.calendar import Term, TermUnit
from tips.enums import Category, Priority


class TermKind(models.TextChoices):
    """What a term is for."""

    DANGER = "danger", _("Mở tin đang nguy hiểm")
    HANDLING = "handling", _("Xử lý tin")
    FIRST_LOOK = "first_look", _("Tiếp nhận tin")
    FIRST_ANSWER = "first_answer", _("Trả lời lần đầu")
    TRANSFER = "transfer", _("Chuyển cơ quan điều tra")
    TRANSFER_REMOTE = "transfer_remote", _("Chuyển cơ quan điều tra, vùng sâu, hải đảo")
    RESOLUTION = "resolution", _("Giải quyết tố giác, tin báo")
    EXTENSION = "extension", _("Một lần gia hạn, dài nhất")
    ESCALATION = "escalation", _("Báo cấp trên sau khi quá hạn")
    SENDER_ANSWER = "sender_answer", _("Chờ người gửi bổ sung, lâu nhất")
    REQUEST_RECEIPT = "request_receipt", _("Xác nhận yêu cầu về dữ liệu cá nhân")
    REQUEST_ACCESS = "request_access", _("Yêu cầu xem dữ liệu cá nhân")
    REQUEST_CORRECTION = "request_correct", _("Yêu cầu sửa dữ liệu cá nhân")
    REQUEST_DELETION = "request_delete", _("Yêu cầu xóa dữ liệu cá nhân")
    REQUEST_OBJECTION = "request_object", _("Phản đối, hạn chế xử lý dữ liệu cá nhân")
    BREACH = "breach", _("Báo vi phạm dữ liệu cá nhân")


@dataclass(frozen=True)
class TermRule:
    """One row. ``priority`` None is every priority; ``valid_to`` is the last day, None: for good."""

    kind: TermKind
    term: Term
    source: str
    valid_from: date
    valid_to: date | None = None
    priority: Priority | None = None

    def is_in_force(self, day: date) -> bool:
        """Whether the row counts on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


# Signs of a crime: the law's terms run for these whatever their priority.
CRIME = frozenset(
    {
        *(Category.MA_TUY, Category.TROM_CUOP, Category.LUA_DAO, Category.CO_BAC, Category.TIN_DUNG_DEN),
        *(Category.BAO_LUC_GD, Category.TRE_EM, Category.VU_KHI_PHAO, Category.KHOANG_SAN),
        *(Category.MUA_BAN_NGUOI, Category.TRUY_NA_TIN),
    }
)

_ALWAYS = date(2019, 1, 1)
_PROMISE = "Quy chế vận hành cổng kết nối"
_CIRCULAR = "Thông tư liên tịch 01/2017 (hiệu lực 01/03/2018), tiếp nhận và chuyển tố giác, tin báo"
_CODE = "Bộ luật Tố tụng hình sự 2015, Điều 147"
_DATA_LAW = date(2026, 1, 1)
_DATA = "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Nghị định 356/2025/NĐ-CP"
_DATA_TERM = f"{_DATA}: 10 đến 20 ngày tùy quyền, gia hạn một lần"


def _handling(priority: Priority, amount: int, unit: TermUnit, source: str = _PROMISE) -> TermRule:
    return TermRule(TermKind.HANDLING, Term(amount, unit), source, _ALWAYS, priority=priority)


BUILT_IN: tuple[TermRule, ...] = (
    TermRule(TermKind.DANGER, Term(5, TermUnit.MINUTES), _PROMISE, _ALWAYS, priority=Priority.P0),
    _handling(Priority.P0, 24, TermUnit.HOURS, _CIRCULAR),
    _handling(Priority.P1, 2, TermUnit.HOURS),
    _handling(Priority.P2, 24, TermUnit.HOURS),
    _handling(Priority.P3, 3, TermUnit.WORKING_DAYS),
    _handling(Priority.P4, 5, TermUnit.WORKING_DAYS),
    TermRule(TermKind.FIRST_LOOK, Term(4, TermUnit.WORKING_HOURS), _PROMISE, _ALWAYS),
    TermRule(TermKind.FIRST_ANSWER, Term(8, TermUnit.WORKING_HOURS), _PROMISE, _ALWAYS),
    TermRule(TermKind.TRANSFER, Term(24, TermUnit.HOURS), _CIRCULAR, _ALWAYS),
    TermRule(TermKind.TRANSFER_REMOTE, Term(48, TermUnit.HOURS), _CIRCULAR, _ALWAYS),
    TermRule(TermKind.RESOLUTION, Term(20, TermUnit.DAYS), f"{_CODE} khoản 1", _ALWAYS),
    TermRule(TermKind.EXTENSION, Term(2, TermUnit.MONTHS), f"{_CODE} khoản 2", _ALWAYS),
    TermRule(TermKind.ESCALATION, Term(24, TermUnit.HOURS), _PROMISE, _ALWAYS),
    TermRule(TermKind.ESCALATION, Term(2, TermUnit.HOURS), _PROMISE, _ALWAYS, priority=Priority.P0),
    TermRule(TermKind.ESCALATION, Term(2, TermUnit.HOURS), _PROMISE, _ALWAYS, priority=Priority.P1),
    TermRule(TermKind.SENDER_ANSWER, Term(14, TermUnit.DAYS), _PROMISE, _ALWAYS),
    TermRule(TermKind.REQUEST_RECEIPT, Term(2, TermUnit.WORKING_DAYS), _DATA, _DATA_LAW),
    TermRule(TermKind.REQUEST_ACCESS, Term(10, TermUnit.DAYS), _DATA_TERM, _DATA_LAW),
    TermRule(TermKind.REQUEST_CORRECTION, Term(10, TermUnit.DAYS), _DATA_TERM, _DATA_LAW),
    TermRule(TermKind.REQUEST_OBJECTION, Term(15, TermUnit.DAYS), _DATA_TERM, _DATA_LAW),
    TermRule(TermKind.REQUEST_DELETION, Term(20, TermUnit.DAYS), _DATA_TERM, _DATA_LAW),
    TermRule(
        TermKind.BREACH,
        Term(72, TermUnit.HOURS),
        "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, Điều 23; mẫu ở Nghị định 356/2025/NĐ-CP",
        _DATA_LAW,
    ),
)


def rule_for(
    rules: tuple[TermRule, ...], kind: TermKind, day: date, *, priority: int | None = None
) -> TermRule:
    """The row that counts on ``day``: one of the priority before one for all, then the latest, then the last.

    Raises LookupError when the table says nothing about that day.
    """
    found = [
        (rule.priority is not None, rule.valid_from, place, rule)
        for place, rule in enumerate(rules)
        if rule.kind == kind and rule.is_in_force(day) and rule.priority in (None, priority)
    ]
    if not found:
        raise LookupError(f"no term for {kind} on {day}")
    return max(found, key=lambda row: row[:3])[3]
