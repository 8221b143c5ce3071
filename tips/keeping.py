"""The table of keeping: how long each part of an ended tip stays, and which text says so. Data, no code.

Identity goes first, originals of files next, the content last. The terms are the programme's proposal under
Law 91/2025/QH15 (erase when the purpose is fulfilled), to be confirmed by the unit's legal officer; rows of
``RetentionRule`` go before them. A report of a crime belongs to its case file and is not erased here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from tips.enums import Category, Outcome, TipStatus
from tips.terms import CRIME


class Part(models.TextChoices):
    """What is erased, in this order."""

    CONTACT = "contact", _("Thông tin người báo")
    ORIGINALS = "originals", _("Tệp gốc")
    CONTENT = "content", _("Nội dung, trao đổi, tệp")
    REQUEST = "request", _("Yêu cầu về dữ liệu cá nhân đã xong")


# A request about a tip goes with the content of that tip; ``REQUEST`` is for those about none.
OF_TIPS = (Part.CONTACT, Part.ORIGINALS, Part.CONTENT)


class Ending(models.TextChoices):
    """How a tip ended: its outcome, or that it was a duplicate."""

    HANDLED = Outcome.HANDLED.value, Outcome.HANDLED.label
    GUIDED = Outcome.GUIDED.value, Outcome.GUIDED.label
    UNFOUNDED = Outcome.UNFOUNDED.value, Outcome.UNFOUNDED.label
    INSUFFICIENT = Outcome.INSUFFICIENT.value, Outcome.INSUFFICIENT.label
    SPAM = Outcome.SPAM.value, Outcome.SPAM.label
    DUPLICATE = TipStatus.DUPLICATE.value, TipStatus.DUPLICATE.label


@dataclass(frozen=True)
class KeepRule:
    """One row. No ``endings`` or ``categories``: all of them. ``days`` 0: never erased by the portal."""

    part: Part
    days: int
    source: str
    valid_from: date
    endings: tuple[Ending, ...] = ()
    categories: tuple[Category, ...] = ()

    def covers(self, ending: str, category: str, day: date) -> bool:
        """Whether the row speaks of such tips on that day."""
        return (
            self.valid_from <= day
            and (not self.endings or ending in self.endings)
            and (not self.categories or category in self.categories)
        )


_ALWAYS = date(2019, 1, 1)
_REGULATION = "Quy chế lưu giữ của cổng, theo Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15"
_SPAM = (Ending.SPAM,)
_NO_CASE = (Ending.UNFOUNDED, Ending.INSUFFICIENT)
_CRIME = tuple(sorted(CRIME))

# Later rows go before earlier ones.
BUILT_IN: tuple[KeepRule, ...] = (
    KeepRule(Part.CONTACT, 365, f"{_REGULATION}: phản ánh, câu hỏi", _ALWAYS),
    KeepRule(Part.ORIGINALS, 545, f"{_REGULATION}: phản ánh, câu hỏi", _ALWAYS),
    KeepRule(Part.CONTENT, 730, f"{_REGULATION}: phản ánh, câu hỏi", _ALWAYS),
    *(
        KeepRule(part, 0, "Tố giác, tin báo: giữ theo hồ sơ nghiệp vụ", _ALWAYS, categories=_CRIME)
        for part in OF_TIPS
    ),
    KeepRule(Part.CONTACT, 730, f"{_REGULATION}: không đủ căn cứ", _ALWAYS, _NO_CASE, _CRIME),
    *(KeepRule(part, 30, f"{_REGULATION}: tin rác", _ALWAYS, _SPAM) for part in OF_TIPS),
    KeepRule(Part.REQUEST, 730, f"{_REGULATION}: yêu cầu đã trả lời", _ALWAYS),
)


def keep_rule(
    rules: Iterable[KeepRule], part: str, *, ending: str, category: str, day: date
) -> KeepRule | None:
    """The row that counts on ``day``: the last that speaks of such tips. None: nothing is erased."""
    found = None
    for rule in rules:
        if rule.part == part and rule.covers(ending, category, day):
            found = rule
    return found if found is not None and found.days else None
