"""Bring the database to where this code expects it; quick when nothing is left to do."""

from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from portal.environment import empty_upload_dir


class Command(BaseCommand):
    """Empty the upload folder, check and migrate the database, make its cache table; with DEBUG, demos."""

    help = "Cập nhật cơ sở dữ liệu; khi DEBUG bật, nạp dữ liệu mẫu."

    def handle(self, *args: Any, **options: Any) -> None:
        empty_upload_dir()
        # Keys of another installation, commits that may get lost: nothing starts on such a database.
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        if self._has_pending_migrations():
            self.stdout.write("Đang cập nhật cơ sở dữ liệu…")
            self._allow_long_statements()
            call_command("migrate", interactive=False, verbosity=options["verbosity"] - 1)
        if settings.CACHE_URL.startswith("db://"):
            call_command("createcachetable")
        if settings.DEBUG and "seed_demo" in get_commands():
            self.stdout.write("Đang kiểm tra dữ liệu mẫu…")
            call_command("seed_demo")

    def _allow_long_statements(self) -> None:
        """An index over years of rows takes longer than any page may (``DATABASE_STATEMENT_TIMEOUT``)."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")

    def _has_pending_migrations(self) -> bool:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
