"""A calendar without the holidays of a year is reported before Tết counts as working days."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from groups.models import Holiday
from groups.services import holidays
from portal import checks
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SENTENCE = "Lịch chưa có ngày nghỉ lễ nào của năm"


def enter(*years: int, worked: bool = False) -> None:
    for year in years:
        Holiday.objects.create(day=date(year, 1, 1), name="Tết Dương lịch", is_working_day=worked)


def enter_all() -> None:
    year = timezone.localdate().year
    enter(year, year + 1)


@pytest.mark.parametrize(
    ("today", "entered", "named"),
    [
        (date(2026, 9, 30), (), "năm 2026:"),
        (date(2026, 9, 30), (2026,), ""),
        (date(2026, 9, 30), (2025, 2027), "năm 2026:"),
        (date(2026, 10, 1), (2026,), "năm 2027:"),
        (date(2026, 12, 31), (), "năm 2026, 2027:"),
        (date(2026, 12, 31), (2026, 2027), ""),
        (date(2027, 1, 1), (2026,), "năm 2027:"),
    ],
)
def test_years_without_a_holiday_are_named(today, entered, named):
    enter(*entered)
    sentence = holidays.missing(today)
    assert (named in sentence, bool(sentence)) == (True, bool(named))


def test_day_made_up_for_is_no_holiday():
    enter(2026, worked=True)
    assert "2026" in holidays.missing(date(2026, 5, 1))


def found() -> list[tuple[str, bool]]:
    return [(message.id, message.is_serious()) for message in checks.check_holidays(databases=["default"])]


def test_check_warns_and_says_where_to_enter_them():
    (message,) = checks.check_holidays(databases=["default"])
    assert (message.id, message.is_serious()) == ("portal.W010", False)
    assert SENTENCE in message.msg and reverse("admin:groups_holiday_changelist") in message.hint


def test_check_is_content_with_a_filled_calendar():
    enter_all()
    assert found() == []


def test_check_asks_only_the_databases_it_is_given():
    assert checks.check_holidays() == checks.check_holidays(databases=[]) == []


def test_developer_is_not_warned(settings):
    settings.DEBUG = True
    assert found() == []


def test_check_before_the_first_migration_asks_nothing(monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", lambda *args, **kwargs: [])
    assert found() == []


def test_warning_stops_no_command(capsys):
    call_command("check", databases=["default"], tags=["database"])
    assert "portal.W010" in capsys.readouterr().err


@pytest.fixture
def first_page(area):
    def page(role: str) -> tuple[str, int]:
        client = Client()
        client.force_login(make_user(role, area.district))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("admin:index")).content.decode()
        return page, sum(Holiday._meta.db_table in query["sql"] for query in queries)

    return page


def test_administrator_reads_it_on_the_first_page(first_page):
    page, queries = first_page(Role.ADMINISTRATOR)
    assert SENTENCE in page and f'href="{reverse("admin:groups_holiday_changelist")}"' in page
    assert queries == 1


def test_filled_calendar_says_nothing(first_page):
    enter_all()
    assert SENTENCE not in first_page(Role.ADMINISTRATOR)[0]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR])
def test_who_cannot_enter_holidays_neither_reads_nor_pays(first_page, role):
    page, queries = first_page(role)
    assert (SENTENCE in page, queries) == (False, 0)
