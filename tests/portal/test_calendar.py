"""Terms, deadlines and reporting periods."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar import (
    ZONE,
    Pause,
    Term,
    TermUnit,
    WorkCalendar,
    add_months,
    due_at,
    end_of_day,
    latest_start,
    local_date,
    period_bounds,
    previous_period,
    working_time,
)

PLAIN = WorkCalendar()
ROUND_THE_CLOCK = (TermUnit.MINUTES, TermUnit.HOURS)
# Tết of 2027 as an example: 5 to 11 February off, Saturday 13 February worked instead.
TET = WorkCalendar(
    holidays={date(2027, 2, day) for day in range(5, 12)},
    makeup_days={date(2027, 2, 13)},
)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=ZONE)


def due(received: str, amount: int, unit: str, calendar: WorkCalendar = PLAIN) -> str:
    return due_at(at(received), Term(amount, TermUnit(unit)), calendar).strftime("%d/%m/%Y %H:%M:%S")


class TestDueAt:
    @pytest.mark.parametrize(
        ("received", "amount", "expected"),
        [
            ("13/11/2026 16:40", 24, "14/11/2026 16:40:00"),
            ("13/11/2026 16:40", 48, "15/11/2026 16:40:00"),
            ("31/12/2026 23:30", 1, "01/01/2027 00:30:00"),
        ],
    )
    def test_due_hours_run_through_nights_and_days_off(self, received, amount, expected):
        assert due(received, amount, "hours") == expected

    @pytest.mark.parametrize(
        ("received", "amount", "expected"),
        [
            ("13/11/2026 16:40", 20, "03/12/2026 23:59:59"),
            ("13/11/2026 00:00", 20, "03/12/2026 23:59:59"),
            ("13/11/2026 23:59", 20, "03/12/2026 23:59:59"),
            ("12/11/2026 08:00", 2, "16/11/2026 23:59:59"),
            ("13/11/2026 08:00", 2, "16/11/2026 23:59:59"),
            ("14/11/2026 08:00", 2, "16/11/2026 23:59:59"),
        ],
    )
    def test_due_days_end_at_midnight_and_never_on_a_day_off(self, received, amount, expected):
        assert due(received, amount, "days") == expected

    def test_due_days_ending_in_tet_move_to_the_makeup_saturday_or_monday(self):
        assert due("01/02/2027 09:00", 5, "days", TET) == "12/02/2027 23:59:59"
        assert due("01/02/2027 09:00", 12, "days", TET) == "13/02/2027 23:59:59"
        assert due("01/02/2027 09:00", 13, "days", TET) == "15/02/2027 23:59:59"

    @pytest.mark.parametrize(
        ("received", "amount", "expected"),
        [
            ("31/01/2025 09:00", 1, "28/02/2025 23:59:59"),
            ("31/01/2027 09:00", 1, "01/03/2027 23:59:59"),
            ("31/01/2028 09:00", 1, "29/02/2028 23:59:59"),
            ("13/11/2026 09:00", 2, "13/01/2027 23:59:59"),
            ("31/12/2026 09:00", 2, "01/03/2027 23:59:59"),
        ],
    )
    def test_due_months_same_date_or_last_day_then_next_working_day(self, received, amount, expected):
        assert due(received, amount, "months") == expected

    @pytest.mark.parametrize(
        ("received", "amount", "expected"),
        [
            ("13/11/2026 16:40", 1, "16/11/2026 23:59:59"),
            ("13/11/2026 16:40", 3, "18/11/2026 23:59:59"),
            ("14/11/2026 09:00", 1, "16/11/2026 23:59:59"),
        ],
    )
    def test_due_working_days_skip_the_weekend(self, received, amount, expected):
        assert due(received, amount, "working_days") == expected

    def test_due_working_days_skip_holidays_and_count_makeup_days(self):
        assert due("04/02/2027 09:00", 3, "working_days", TET) == "15/02/2027 23:59:59"

    @pytest.mark.parametrize(
        ("received", "amount", "expected"),
        [
            ("16/11/2026 08:00", 2, "16/11/2026 10:00:00"),
            ("16/11/2026 07:30", 4, "16/11/2026 11:30:00"),
            ("16/11/2026 11:00", 4, "16/11/2026 17:00:00"),
            ("16/11/2026 12:00", 1, "16/11/2026 14:30:00"),
            ("13/11/2026 16:40", 8, "17/11/2026 07:40:00"),
            ("13/11/2026 17:00", 1, "16/11/2026 08:30:00"),
            ("14/11/2026 03:00", 4, "16/11/2026 11:30:00"),
        ],
    )
    def test_due_working_hours_count_office_time_only(self, received, amount, expected):
        assert due(received, amount, "working_hours") == expected

    def test_due_working_hours_follow_other_office_hours(self):
        morning = WorkCalendar(office_hours=((time(8), time(12)),))
        assert due("16/11/2026 11:00", 4, "working_hours", morning) == "17/11/2026 11:00:00"

    def test_due_counts_the_vietnamese_date_of_a_moment_in_utc(self):
        received = datetime(2026, 11, 12, 18, 30, tzinfo=UTC)  # 01:30 on the 13th in Vietnam
        assert due_at(received, Term(20, TermUnit.DAYS), PLAIN) == end_of_day(date(2026, 12, 3))

    def test_due_time_without_zone_is_refused(self):
        with pytest.raises(ValueError, match="zone"):
            due_at(datetime(2026, 11, 13), Term(1, TermUnit.DAYS), PLAIN)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_term_without_length_is_refused(self, amount):
        with pytest.raises(ValueError, match="positive"):
            Term(amount, TermUnit.DAYS)

    @pytest.mark.parametrize(
        "hours",
        [(), ((time(9), time(9)),), ((time(13), time(17)), (time(7), time(11))), ((time(17), time(8)),)],
    )
    def test_calendar_impossible_office_hours_are_refused(self, hours):
        with pytest.raises(ValueError, match="office hours"):
            WorkCalendar(office_hours=hours)


days = st.dates(min_value=date(2025, 1, 1), max_value=date(2030, 12, 31))
moments = st.datetimes(
    min_value=datetime(2025, 1, 1), max_value=datetime(2030, 12, 31), timezones=st.sampled_from([ZONE, UTC])
)
calendars = st.builds(
    WorkCalendar, holidays=st.frozensets(days, max_size=40), makeup_days=st.frozensets(days)
)
units = st.sampled_from(list(TermUnit))
amounts = st.integers(min_value=1, max_value=60)


class TestDueAtProperties:
    @given(moments, amounts, units, calendars)
    def test_due_is_later_than_the_start(self, received, amount, unit, calendar):
        assert due_at(received, Term(amount, unit), calendar) > received

    @given(moments, moments, amounts, units, calendars)
    def test_due_later_receipt_is_never_due_earlier(self, one, other, amount, unit, calendar):
        first, second = sorted([one, other])
        term = Term(amount, unit)
        assert due_at(first, term, calendar) <= due_at(second, term, calendar)

    @given(moments, amounts, units, calendars)
    def test_due_longer_term_is_never_due_earlier(self, received, amount, unit, calendar):
        longer = Term(amount + 1, unit)
        assert due_at(received, Term(amount, unit), calendar) <= due_at(received, longer, calendar)

    @given(moments, amounts, units.filter(lambda unit: unit not in ROUND_THE_CLOCK), calendars)
    def test_due_never_falls_on_a_day_off_unless_counted_in_hours(self, received, amount, unit, calendar):
        assert calendar.is_working_day(local_date(due_at(received, Term(amount, unit), calendar)))

    @given(moments, amounts, calendars)
    def test_due_working_hours_end_inside_office_hours(self, received, amount, calendar):
        end = due_at(received, Term(amount, TermUnit.WORKING_HOURS), calendar)
        assert any(opens < end.time() <= closes for opens, closes in calendar.office_hours)

    @given(moments, amounts, calendars)
    def test_due_working_days_leave_exactly_that_many_days(self, received, amount, calendar):
        start = local_date(received)
        end = local_date(due_at(received, Term(amount, TermUnit.WORKING_DAYS), calendar))
        between = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
        assert sum(map(calendar.is_working_day, between)) == amount

    @given(moments, amounts, units, calendars)
    def test_latest_start_is_the_last_second_whose_term_is_over(self, end, amount, unit, calendar):
        term = Term(amount, unit)
        start = latest_start(end, term, calendar)
        later = start + timedelta(seconds=1)
        assert due_at(start, term, calendar) <= end < due_at(later, term, calendar)


pauses = st.tuples(moments, st.timedeltas(timedelta(), timedelta(days=30))).map(
    lambda pair: Pause(pair[0], pair[0] + pair[1])
)


def working_days(after: date, until: date, calendar: WorkCalendar) -> int:
    later = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
    return sum(map(calendar.is_working_day, later))


class TestPause:
    @given(moments, amounts, st.timedeltas(timedelta(), timedelta(days=30)), calendars)
    def test_pause_moves_a_term_in_hours_by_exactly_its_length(self, received, amount, length, calendar):
        term = Term(amount, TermUnit.HOURS)
        plain = due_at(received, term, calendar)
        assert due_at(received, term, calendar, [Pause(received, received + length)]) == plain + length

    @given(moments, amounts, st.timedeltas(timedelta(), timedelta(days=9)), calendars)
    def test_pause_gives_office_hours_back_exactly(self, received, amount, length, calendar):
        pause = Pause(received, received + length)
        end = due_at(received, Term(amount, TermUnit.WORKING_HOURS), calendar, [pause])
        lost = working_time(pause.start, pause.end, calendar)
        assert working_time(received, end, calendar) == timedelta(hours=amount) + lost

    @given(moments, amounts, st.timedeltas(timedelta(), timedelta(days=30)), calendars)
    def test_pause_gives_working_days_back_exactly(self, received, amount, length, calendar):
        pause = Pause(received, received + length)
        end = local_date(due_at(received, Term(amount, TermUnit.WORKING_DAYS), calendar, [pause]))
        first, resumed = local_date(received), local_date(pause.end)
        given_back = working_days(first, resumed, calendar)
        assert working_days(first, end, calendar) == amount + given_back

    @given(moments, amounts, units, calendars, pauses)
    def test_pause_never_brings_the_end_forward(self, received, amount, unit, calendar, pause):
        term = Term(amount, unit)
        assert due_at(received, term, calendar, [pause]) >= due_at(received, term, calendar)

    @given(moments, amounts, units, calendars, pauses)
    def test_paused_end_of_other_terms_than_hours_is_no_day_off(
        self, received, amount, unit, calendar, pause
    ):
        end = due_at(received, Term(amount, unit), calendar, [pause])
        assert unit in ROUND_THE_CLOCK or calendar.is_working_day(local_date(end))

    def test_pause_after_the_end_leaves_late_late(self):
        pause = Pause(at("17/11/2026 08:00"), at("20/11/2026 08:00"))
        end = due_at(at("13/11/2026 16:40"), Term(24, TermUnit.HOURS), PLAIN, [pause])
        assert end == at("14/11/2026 16:40")

    def test_pause_that_ends_before_it_starts_is_refused(self):
        with pytest.raises(ValueError, match="ends after"):
            Pause(at("17/11/2026 08:00"), at("16/11/2026 08:00"))

    @given(moments, amounts, units)
    def test_every_end_is_seven_hours_ahead_of_utc(self, received, amount, unit):
        assert due_at(received, Term(amount, unit), PLAIN).utcoffset() == timedelta(hours=7)


class TestDates:
    @pytest.mark.parametrize(
        ("day", "months", "expected"),
        [
            (date(2027, 1, 31), 1, date(2027, 2, 28)),
            (date(2028, 1, 31), 1, date(2028, 2, 29)),
            (date(2026, 12, 15), 1, date(2027, 1, 15)),
            (date(2026, 11, 30), 12, date(2027, 11, 30)),
            (date(2026, 3, 31), -1, date(2026, 2, 28)),
        ],
    )
    def test_add_months_keeps_the_date_or_takes_the_last_day(self, day, months, expected):
        assert add_months(day, months) == expected

    def test_period_bounds_cover_whole_vietnamese_days(self):
        start, end = period_bounds(date(2026, 11, 1), date(2026, 11, 30))
        assert start.astimezone(UTC) == datetime(2026, 10, 31, 17, tzinfo=UTC)
        assert end.astimezone(UTC) == datetime(2026, 11, 30, 17, tzinfo=UTC)

    def test_period_bounds_one_day_is_24_hours(self):
        start, end = period_bounds(date(2026, 11, 21), date(2026, 11, 21))
        assert end - start == timedelta(hours=24)

    def test_period_bounds_reversed_is_refused(self):
        with pytest.raises(ValueError, match="ends before"):
            period_bounds(date(2026, 11, 2), date(2026, 11, 1))

    @given(days, st.integers(min_value=0, max_value=400))
    def test_previous_period_touches_and_has_equal_length(self, first, length):
        last = first + timedelta(days=length)
        before_first, before_last = previous_period(first, last)
        assert before_last + timedelta(days=1) == first
        assert before_last - before_first == last - first
