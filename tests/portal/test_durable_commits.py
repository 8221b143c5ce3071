"""A PostgreSQL that may forget what it committed is reported, and nothing starts on it."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from portal import checks

pytestmark = [pytest.mark.services, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _needs_postgresql(settings) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes its log before it says so")
    settings.DEBUG = False


def switch(setting: str) -> None:
    """For this connection only, until the test's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL synchronous_commit TO {setting}")


def found() -> list[str]:
    return [message.id for message in checks.check_commits(databases=["default"])]


@pytest.mark.parametrize(("setting", "expected"), [("on", []), ("local", []), ("off", ["portal.E018"])])
def test_commits_that_a_crash_forgets_are_reported(setting, expected):
    switch(setting)

    assert found() == expected


def test_machine_of_a_developer_may_forget(settings):
    settings.DEBUG = True
    switch("off")

    assert found() == []


def test_check_asks_the_database_it_is_given(settings):
    settings.SILENCED_SYSTEM_CHECKS = [f"portal.E{number:03}" for number in range(1, 18)]
    switch("off")

    with pytest.raises(SystemCheckError, match=r"portal\.E018"):
        call_command("check", databases=["default"], stdout=io.StringIO(), stderr=io.StringIO())
    call_command("check", stdout=io.StringIO(), stderr=io.StringIO())


def test_nothing_starts_on_it():
    switch("off")

    with pytest.raises(SystemCheckError, match=r"portal\.E018"):
        call_command("prepare", stdout=io.StringIO())
