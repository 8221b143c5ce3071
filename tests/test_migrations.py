"""Facts about the migrations: complete, named, reversible, and the user model there from the first one on."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel, RunPython, RunSQL

OUR_APPS = ("accounts", "audit", "crypto", "groups", "broadcasts", "tips", "site")


@pytest.fixture(scope="module")
def our_migrations() -> dict:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {key: migration for key, migration in loader.disk_migrations.items() if key[0] in OUR_APPS}


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_app_with_models_has_migrations(our_migrations):
    names = {
        config.label
        for config in apps.get_app_configs()
        if config.name.startswith(("portal", "groups", "broadcasts", "tips")) and list(config.get_models())
    }
    assert names == {app for app, _name in our_migrations}


def test_names_say_what_changes(our_migrations):
    machine_made = re.compile(r"_auto_|_and_more$")
    assert [key for key in our_migrations if machine_made.search(key[1])] == []


def test_numbers_run_without_gap(our_migrations):
    for app in OUR_APPS:
        numbers = sorted(int(name[:4]) for label, name in our_migrations if label == app)
        assert numbers == list(range(1, len(numbers) + 1)), app


def test_data_migrations_can_be_reversed(our_migrations):
    one_way = [
        key
        for key, migration in our_migrations.items()
        for operation in migration.operations
        if isinstance(operation, RunPython | RunSQL) and not operation.reversible
    ]
    assert one_way == []


def test_user_model_is_ours_from_the_first_migration(our_migrations):
    created = {
        op.name for op in our_migrations["accounts", "0001_initial"].operations if isinstance(op, CreateModel)
    }
    assert (settings.AUTH_USER_MODEL, "User" in created) == ("accounts.User", True)


@pytest.mark.django_db
def test_text_is_stored_as_utf8():
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["Đường Điện Biên Phủ ẾỘ"])
        assert cursor.fetchone()[0] == "Đường Điện Biên Phủ ẾỘ"
