"""Recurring hours: Vietnamese wall-clock time, a small set of rules."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from broadcasts import recurrence

MONDAY_7 = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 7:00 in Viet Nam


def hours(rule: str, *, days: int, anchor: datetime = MONDAY_7) -> list[int]:
    """Days after the anchor on which the rule fires."""
    before = anchor - timedelta(seconds=1)
    found = recurrence.firings_between(rule, anchor, before, anchor + timedelta(days=days))
    assert all(moment.astimezone(UTC).hour == anchor.hour for moment in found)
    return [(moment - anchor).days for moment in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("RRULE:FREQ=DAILY;INTERVAL=3", [0, 3, 6]),
        ("freq=weekly;byday=mo,fr", [0, 4, 7]),
        ("FREQ=DAILY;COUNT=2", [0, 1]),
        ("FREQ=DAILY;UNTIL=20261125", [0, 1, 2]),
        ("FREQ=DAILY;UNTIL=20261125T000000Z", [0, 1, 2]),
        ("FREQ=DAILY;UNTIL=20261124T235959Z", [0, 1]),
        ("FREQ=WEEKLY;BYDAY=WE", [2]),
    ],
)
def test_rule_fires_on_its_days(rule, expected):
    recurrence.check_rule(rule, MONDAY_7)

    assert hours(rule, days=7) == expected


def test_rule_before_sunrise_keeps_the_vietnamese_day():
    """Six in the morning in Viet Nam is the day before in UTC."""
    anchor = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)

    assert hours("FREQ=WEEKLY;BYDAY=MO", days=14, anchor=anchor) == [0, 7, 14]


def test_next_firing_of_an_ended_rule_is_none():
    assert recurrence.next_firing("FREQ=DAILY;COUNT=1", MONDAY_7, MONDAY_7) is None


def test_first_firing_may_be_later_than_the_anchor():
    assert recurrence.first_firing("FREQ=WEEKLY;BYDAY=TU", MONDAY_7) == MONDAY_7 + timedelta(days=1)


@pytest.mark.parametrize(
    "rule",
    [
        "every day",
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=YEARLY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=x",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;UNTIL=20200101",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=40",
    ],
)
def test_rule_we_cannot_keep_is_refused(rule):
    with pytest.raises(ValidationError) as refused:
        recurrence.check_rule(rule, MONDAY_7)

    assert list(refused.value.message_dict) == ["recurrence"]


def test_rule_without_a_first_hour_is_refused():
    with pytest.raises(ValidationError) as refused:
        recurrence.check_rule("FREQ=DAILY", None)

    assert list(refused.value.message_dict) == ["send_at"]
