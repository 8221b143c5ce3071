"""Reports count days of Viet Nam: a month is the sum of its days, and nothing falls between two of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from broadcasts.enums import DeliveryState
from portal.calendar import ZONE
from portal.desk import reports
from portal.desk.forms.reports import PeriodForm
from portal.desk.reports import Period
from tests.factories import Area, BroadcastFactory, DeliveryFactory, GroupFactory, TipFactory
from tips.enums import Outcome, TipStatus
from tips.models import Rating

pytestmark = pytest.mark.django_db

ONE_DAY = timedelta(days=1)
# The last moment of a day, the first of the next, and both sides of 24:00 of UTC.
BORDERS = ("00:00:00", "06:59:59", "07:00:00", "23:59:59.999999")


def at(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZONE)


def figures(user: Any, area: Area, first: date, last: date) -> dict[str, Any]:
    """What can be added up of the report."""
    found = reports.figures(user, area.commune_a, Period(first, last))
    tips, ratings = found["tips"], found["tips"]["ratings"]
    names = ("received", "valuable", "duplicates", "on_time", "extended", "late")
    return {
        **{name: tips[name] for name in names},
        **{f"result {name}": number for name, number in tips["results"].items()},
        "ratings": ratings["number"],
        "posts": found["posts"],
        "deliveries": found["deliveries"]["sent"],
    }


def live_through(area: Area, officer: Any, day: date) -> None:
    """On each border of the day a tip comes, one ends, one is rated, a post starts."""
    group = GroupFactory(unit=area.village_a)
    for clock in BORDERS:
        moment = at(day, clock)
        TipFactory(unit=area.commune_a, received_at=moment, is_valuable=True, valued_by=officer)
        TipFactory(unit=area.commune_a, received_at=moment, status=TipStatus.DUPLICATE)
        ended = {"status": TipStatus.CLOSED, "outcome": Outcome.HANDLED, "closed_at": moment}
        past = {"unit": area.commune_a, "received_at": at(date(2020, 1, 1), "12:00")}
        tip = TipFactory(**past, **ended, deadline=moment, matters=1, people=2, property_value=5)
        TipFactory(**past, **ended, deadline=moment - timedelta(microseconds=1))
        TipFactory(**past, status=TipStatus.ACCEPTED, deadline=moment)
        Rating.objects.create(tip=tip, closed_at=moment, stars=4, at=moment)
        broadcast = BroadcastFactory(unit=area.commune_a, started_at=moment)
        DeliveryFactory(broadcast=broadcast, group=group, state=DeliveryState.SENT)


PERIODS = [
    (date(2026, 12, 1), date(2026, 12, 31)),
    (date(2027, 2, 1), date(2027, 2, 28)),
    (date(2028, 2, 1), date(2028, 2, 29)),
    (date(2026, 12, 20), date(2027, 1, 10)),
]


@pytest.mark.parametrize(("first", "last"), PERIODS)
def test_period_is_the_sum_of_its_days_and_has_nothing_of_its_neighbours(area, officer, first, last):
    for day in (first - ONE_DAY, first, last, last + ONE_DAY):
        live_through(area, officer, day)
    days = [first + ONE_DAY * number for number in range((last - first).days + 1)]
    with time_machine.travel(at(last + ONE_DAY * 30, "12:00"), tick=False):
        whole = figures(officer, area, first, last)
        parts = [figures(officer, area, day, day) for day in (first, last)]
        between = figures(officer, area, days[1], days[-2])
    assert whole == {name: parts[0][name] + parts[1][name] for name in whole}
    assert set(between.values()) == {0}
    # Of two days with four borders each.
    assert {name: number for name, number in whole.items() if not name.startswith("result")} == {
        **dict.fromkeys(
            ("received", "valuable", "duplicates", "on_time", "ratings", "posts", "deliveries"), 8
        ),
        **{"extended": 0, "late": 16},
    }
    assert (whole["result matters"], whole["result people"], whole["result property_value"]) == (8, 16, 40)


def test_year_is_the_sum_of_its_months(area, officer):
    for day in (
        date(2027, 12, 31),
        date(2028, 1, 1),
        date(2028, 2, 29),
        date(2028, 12, 31),
        date(2029, 1, 1),
    ):
        live_through(area, officer, day)
    starts = [date(2028, month, 1) for month in range(1, 13)] + [date(2029, 1, 1)]
    with time_machine.travel(at(date(2029, 6, 1), "12:00"), tick=False):
        year = figures(officer, area, date(2028, 1, 1), date(2028, 12, 31))
        months = [
            figures(officer, area, first, following - ONE_DAY)
            for first, following in zip(starts, starts[1:], strict=False)
        ]
    assert year == {name: sum(month[name] for month in months) for name in year}
    assert year["received"] == 12


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (datetime(2026, 12, 31, 16, 59, tzinfo=UTC), "01/12/2026", "31/12/2026"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "01/01/2027", "01/01/2027"),
        (datetime(2028, 2, 28, 17, 0, tzinfo=UTC), "01/02/2028", "29/02/2028"),
        (datetime(2028, 2, 29, 17, 0, tzinfo=UTC), "01/03/2028", "01/03/2028"),
    ],
)
def test_month_so_far_begins_at_midnight_in_viet_nam(area, now, first, last):
    with time_machine.travel(now, tick=False):
        form = PeriodForm({}, units=[area.commune_a])
    assert (form.data["tu"], form.data["den"]) == (first, last)


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        (date(2028, 3, 1), date(2028, 3, 31), (date(2028, 1, 30), date(2028, 2, 29))),
        (date(2027, 1, 1), date(2027, 1, 1), (date(2026, 12, 31), date(2026, 12, 31))),
    ],
)
def test_period_before_ends_where_the_period_begins(first, last, before):
    assert (Period(first, last).previous.first, Period(first, last).previous.last) == before
    assert Period(*before).bounds[1] == Period(first, last).bounds[0]
