"""Deadlines: the table of terms, holidays included."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from groups.models import Holiday
from tips import deadlines
from tips.enums import Priority

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
FRIDAY = datetime(2026, 11, 13, 16, 40, tzinfo=VIETNAM)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        (Priority.P0, datetime(2026, 11, 13, 16, 45, tzinfo=VIETNAM)),
        (Priority.P1, datetime(2026, 11, 13, 18, 40, tzinfo=VIETNAM)),
        (Priority.P2, datetime(2026, 11, 14, 16, 40, tzinfo=VIETNAM)),
        (Priority.P3, datetime(2026, 11, 18, 23, 59, 59, tzinfo=VIETNAM)),
        (Priority.P4, datetime(2026, 11, 20, 23, 59, 59, tzinfo=VIETNAM)),
    ],
)
def test_deadline_of_each_priority(priority, expected):
    assert deadlines.deadline(priority=priority, since=FRIDAY) == expected


def test_deadline_of_opened_danger_is_a_day():
    assert deadlines.deadline(priority=Priority.P0, since=FRIDAY, is_opened=True) == FRIDAY + timedelta(
        days=1
    )


def test_deadline_skips_holidays_and_counts_makeup_days():
    Holiday.objects.create(day=date(2026, 11, 16), name="Ngày nghỉ")
    Holiday.objects.create(day=date(2026, 11, 14), name="Làm bù", is_working_day=True)
    Holiday.objects.create(day=date(2026, 11, 17), name="Ngày nghỉ")
    due = deadlines.deadline(priority=Priority.P3, since=FRIDAY)
    assert due == datetime(2026, 11, 19, 23, 59, 59, tzinfo=VIETNAM)


def test_rules_name_their_source():
    assert all(rules.source and set(rules.terms) == set(Priority) for rules in deadlines.RULES)
    assert deadlines.rules_on(date(2026, 11, 21)) is deadlines.RULES[-1]
