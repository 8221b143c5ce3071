"""Words for time: what people read beside a tip, on the desk and in the admin."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal import spans
from portal.desk.templatetags import desk

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "1 phút"),
        (38 * MINUTE, "38 phút"),
        (HOUR, "1 giờ"),
        (3 * HOUR + 20 * MINUTE, "3 giờ 20 phút"),
        (15 * HOUR + 20 * MINUTE, "15 giờ"),
        (50 * HOUR, "2 ngày"),
    ],
)
def test_span_is_said_as_people_say_it(length, words):
    assert spans.span(length) == words


@pytest.mark.parametrize(
    ("offset", "words", "urgency"),
    [
        (38 * MINUTE + timedelta(seconds=30), "Còn 38 phút", "soon"),
        (5 * HOUR + timedelta(seconds=30), "Còn 5 giờ", ""),
        (-12 * MINUTE - timedelta(seconds=5), "Quá hạn 12 phút", "late"),
        (-3 * DAY, "Quá hạn 3 ngày", "late"),
    ],
)
def test_deadline_in_words(offset, words, urgency):
    moment = timezone.now() + offset
    assert spans.until(moment) == words
    assert desk.urgency(moment) == urgency


@pytest.mark.parametrize(
    ("offset", "words"),
    [(71 * HOUR + MINUTE, "Còn 71 giờ"), (24 * HOUR + MINUTE, "Còn 24 giờ"), (HOUR, "Còn 59 phút")],
)
def test_clock_of_hours_counts_hours_to_the_end(offset, words):
    assert spans.clock(timezone.now() + offset) == words


def test_deadline_days_away_names_weekday_and_day():
    moment = timezone.now() + 3 * DAY
    local = timezone.localtime(moment)
    assert spans.until(moment) == f"Hạn {spans.weekday(moment)} {local:%d/%m}"
    assert spans.until(None) == desk.urgency(None) == ""


def test_weekdays_are_words_not_numbers():
    assert [spans.weekday(date(2026, 11, 16) + n * DAY) for n in (0, 5, 6)] == [
        "thứ Hai",
        "thứ Bảy",
        "Chủ nhật",
    ]
