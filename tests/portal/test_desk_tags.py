"""Words for time: what an officer reads beside a tip."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from portal.desk.templatetags import desk
from tests.factories import TipFactory

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
    assert desk.span(length) == words


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
    assert desk.until(moment) == words
    assert desk.urgency(moment) == urgency


def test_deadline_days_away_names_weekday_and_day():
    moment = timezone.now() + 3 * DAY
    local = timezone.localtime(moment)
    assert desk.until(moment) == f"Hạn {desk.weekday(moment)} {local:%d/%m}"
    assert desk.until(None) == desk.urgency(None) == ""


def test_weekdays_are_words_not_numbers():
    assert [desk.weekday(date(2026, 11, 16) + n * DAY) for n in (0, 5, 6)] == [
        "thứ Hai",
        "thứ Bảy",
        "Chủ nhật",
    ]


@pytest.mark.django_db
def test_summary_hides_restricted_words_and_cuts_long_ones():
    assert desk.summary(TipFactory.build(category="TRE_EM", text="Bí mật")) == "Nội dung chỉ hiện khi mở tin"
    assert desk.summary(TipFactory.build(text="Một\n\nhai")) == "Một hai"
    assert desk.summary(TipFactory.build(text="từ " * 100)) == f"{'từ ' * 25}từ…"
    assert desk.summary(TipFactory.build(text=f"{'a' * 70}. {'b' * 20}")) == f"{'a' * 70}…"
    assert desk.summary(TipFactory.build(text="a" * 100)) == f"{'a' * 80}…"
