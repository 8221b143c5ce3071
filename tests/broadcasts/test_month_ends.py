"""Repeating posts and public codes over the ends of months and years, on the clock of Viet Nam."""

from datetime import UTC, date, datetime, timedelta

import pytest

from broadcasts import codes, recurrence
from portal.calendar import ZONE


def at(day: str, clock: str = "07:30") -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZONE)


def days(rule: str, anchor: datetime, until: str) -> list[str]:
    """Days and hours in Viet Nam on which the rule fires, the first included."""
    before = anchor - timedelta(seconds=1)
    found = recurrence.firings_between(rule, anchor, before, at(until, "23:59"))
    assert {moment.astimezone(ZONE).time() for moment in found} == {anchor.time()}
    return [f"{moment.astimezone(ZONE):%d/%m}" for moment in found]


@pytest.mark.parametrize("clock", ["00:00", "06:59", "07:00", "23:59"])
def test_daily_post_misses_no_day_at_the_end_of_a_month(clock):
    """Also where the day in UTC is another one."""
    assert days("FREQ=DAILY", at("2028-02-27", clock), "2028-03-02") == [
        "27/02",
        "28/02",
        "29/02",
        "01/03",
        "02/03",
    ]
    assert days("FREQ=DAILY", at("2026-12-30", clock), "2027-01-02") == ["30/12", "31/12", "01/01", "02/01"]


@pytest.mark.parametrize("clock", ["00:00", "23:59"])
def test_monthly_post_of_the_31st_goes_out_every_month(clock):
    """ "Hằng tháng" is every month: in a shorter one on its last day."""
    expected = ["31/12", "31/01", "28/02", "31/03", "30/04", "31/05", "30/06"]
    assert days("FREQ=MONTHLY", at("2026-12-31", clock), "2027-06-30") == expected
    assert days("FREQ=MONTHLY", at("2028-01-30", clock), "2028-04-30") == ["30/01", "29/02", "30/03", "30/04"]
    assert days("FREQ=MONTHLY;INTERVAL=2", at("2026-12-31", clock), "2027-06-30") == [
        "31/12",
        "28/02",
        "30/04",
        "30/06",
    ]
    assert days("FREQ=MONTHLY;COUNT=3", at("2026-12-31", clock), "2027-06-30") == ["31/12", "31/01", "28/02"]
    assert days("FREQ=MONTHLY;UNTIL=20270228", at("2026-12-31", clock), "2027-06-30") == [
        "31/12",
        "31/01",
        "28/02",
    ]


def test_day_of_the_month_that_a_rule_names_is_kept_to_the_letter():
    assert days("FREQ=MONTHLY;BYMONTHDAY=31", at("2026-12-31"), "2027-05-31") == [
        "31/12",
        "31/01",
        "31/03",
        "31/05",
    ]
    assert days("FREQ=MONTHLY;BYMONTHDAY=-1", at("2027-01-31"), "2027-04-30") == [
        "31/01",
        "28/02",
        "31/03",
        "30/04",
    ]
    assert days("FREQ=MONTHLY;BYDAY=MO", at("2027-01-31"), "2027-02-10") == ["01/02", "08/02"]


def test_next_firing_goes_on_from_the_short_month():
    anchor = at("2026-12-31")
    following = recurrence.next_firing("FREQ=MONTHLY", anchor, at("2027-01-31"))
    assert following == at("2027-02-28")
    assert recurrence.next_firing("FREQ=MONTHLY", anchor, following) == at("2027-03-31")


@pytest.mark.django_db
def test_codes_of_a_month_begin_at_midnight_in_viet_nam():
    last, first = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 17, tzinfo=UTC)
    assert codes.next_code(codes.BROADCAST, now=last) == "TB-2612-0001"
    assert codes.next_code(codes.BROADCAST, now=first) == "TB-2701-0001"
    assert codes.next_code(codes.BROADCAST, now=last) == "TB-2612-0002"
    assert date(2027, 1, 1) == first.astimezone(ZONE).date()
