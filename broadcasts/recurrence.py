"""Recurring broadcasts: a small, safe part of RFC 5545, counted in Vietnamese wall-clock time. No database.

The rule is anchored at ``send_at``: its hour, and for WEEKLY and MONTHLY its day unless BYDAY or BYMONTHDAY
says otherwise; in a month that is too short for it the last day. Viet Nam has kept one offset all year since
1975, so wall-clock arithmetic is exact.
"""

import re
from datetime import datetime
from itertools import islice, takewhile

from dateutil.rrule import rrule, rrulestr
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY"}
PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"}
MAX_INTERVAL = 366
SHORTEST_MONTH = 28
# Looking for the next hour never walks further than this many firings.
MAX_WALK = 10_000
_MONTH_DAY = re.compile(r"[+-]?(0?[1-9]|[12][0-9]|3[01])")


def check_rule(rule: str, send_at: datetime | None) -> None:
    """Raise ``ValidationError`` on ``recurrence`` or ``send_at`` for a rule that we cannot keep."""
    if not rule:
        return
    if send_at is None:
        raise ValidationError({"send_at": _("Bài lặp lại cần giờ gửi lần đầu.")})
    parts = _parts(rule)
    if parts.get("FREQ") not in FREQUENCIES or not set(parts) <= PARTS:
        raise ValidationError(
            {"recurrence": _("Chỉ nhận lặp lại hằng ngày, hằng tuần hoặc hằng tháng (FREQ=DAILY...).")}
        )
    interval = parts.get("INTERVAL", "1")
    if not interval.isdecimal() or not 1 <= int(interval) <= MAX_INTERVAL:
        raise ValidationError({"recurrence": _("Khoảng lặp lại (INTERVAL) không hợp lệ.")})
    # Days that no month has would be looked for until the year 9999.
    days = parts.get("BYMONTHDAY")
    if days is not None and not all(_MONTH_DAY.fullmatch(day) for day in days.split(",")):
        raise ValidationError({"recurrence": _("Ngày trong tháng (BYMONTHDAY) phải từ 1 đến 31.")})
    try:
        first = next(iter(_rule(rule, send_at)), None)
    except (ValueError, TypeError, KeyError, AttributeError):
        first = None
    if first is None:
        raise ValidationError({"recurrence": _("Quy tắc lặp lại không đọc được hoặc không có lần gửi nào.")})


def firings_between(rule: str, send_at: datetime, after: datetime, until: datetime) -> list[datetime]:
    """Hours of the rule later than ``after`` and not later than ``until``, in order."""
    low, high = _wall(after), _wall(until)
    walk = islice(_rule(rule, send_at), MAX_WALK)
    return [_aware(moment) for moment in takewhile(lambda moment: moment <= high, walk) if moment > low]


def next_firing(rule: str, send_at: datetime, after: datetime) -> datetime | None:
    """The first hour of the rule later than ``after``; None when the rule has ended."""
    low = _wall(after)
    found = next((moment for moment in islice(_rule(rule, send_at), MAX_WALK) if moment > low), None)
    return _aware(found) if found else None


def first_firing(rule: str, send_at: datetime) -> datetime | None:
    """The first hour of the rule, which may be later than its anchor (a Monday rule anchored on a Friday)."""
    found = next(iter(_rule(rule, send_at)), None)
    return _aware(found) if found else None


def _rule(rule: str, send_at: datetime) -> rrule:
    parts = _parts(rule)
    if "UNTIL" in parts:
        parts["UNTIL"] = _until(parts["UNTIL"])
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    start = _wall(send_at).replace(microsecond=0)
    return rrulestr(text + _last_day(parts, start.day), dtstart=start)


def _last_day(parts: dict[str, str], day: int) -> str:
    """For a month that is too short for ``day``: its last day. "Monthly" leaves out no month.

    RFC 5545 leaves it out; that stays so for a rule that names its day.
    """
    if parts.get("FREQ") != "MONTHLY" or day <= SHORTEST_MONTH or {"BYDAY", "BYMONTHDAY"} & set(parts):
        return ""
    days = ",".join(map(str, range(SHORTEST_MONTH, day + 1)))
    return f";BYMONTHDAY={days};BYSETPOS=-1"


def _parts(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:")
    return dict(part.split("=", 1) for part in text.split(";") if "=" in part)


def _until(value: str) -> str:
    """UNTIL in wall-clock time; a bare date means the whole of that day."""
    if value.endswith("Z"):
        moment = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.get_fixed_timezone(0))
        return f"{_wall(moment):%Y%m%dT%H%M%S}"
    return value if "T" in value else f"{value}T235959"


def _wall(moment: datetime) -> datetime:
    return timezone.make_naive(moment)


def _aware(moment: datetime) -> datetime:
    return timezone.make_aware(moment)
