"""A benchmark drops what it fills, so it must refuse what is not its own."""

import os

import pytest

from bench import backends, seeding
from bench.__main__ import main


@pytest.mark.parametrize(
    "name", ["portal", "portal_bench", "postgres", "", "/srv/portal/bench/portal.sqlite3"]
)
def test_database_of_another_name_is_refused(name: str):
    with pytest.raises(backends.WrongDatabaseError):
        backends.require_bench_database(name)


@pytest.mark.parametrize("name", ["bench", "bench_7", "/srv/portal/var/bench_7.sqlite3"])
def test_database_named_bench_is_accepted(name: str):
    assert backends.require_bench_database(name) == name


def test_preparing_another_database_changes_nothing(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///before")
    with (
        pytest.raises(backends.WrongDatabaseError),
        backends.prepared("postgres", database="portal", extra={}),
    ):
        raise AssertionError("must not be entered")
    assert os.environ["DATABASE_URL"] == "sqlite:///before"


def test_seeding_the_connected_database_is_refused_by_its_name(db):
    """Even when somebody calls it past the command line."""
    with pytest.raises(backends.WrongDatabaseError):
        seeding.measure(None)


def test_command_with_a_foreign_database_ends_with_2(capsys):
    assert main(["seed", "--backend", "sqlite", "--database", "portal"]) == 2
    assert "bench" in capsys.readouterr().err


def test_command_with_an_unknown_benchmark_ends_with_2(capsys):
    assert main(["swim"]) == 2
    assert "dispatch" in capsys.readouterr().err
