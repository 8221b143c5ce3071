"""Bring the database to where this code expects it; quick when nothing is left to do."""

from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.environment import empty_upload_dir


class Command(BaseCommand):
    """Empty the upload folder, migrate, make the cache table if there is one; with DEBUG, demo data."""

    help = "Cập nhật cơ sở dữ liệu; khi DEBUG bật, nạp dữ liệu mẫu."

    def handle(self, *args: Any, **options: Any) -> None:
        empty_upload_dir()
        if self._has_pending_migrations():
            self.stdout.write("Đang cập nhật cơ sở dữ liệu…")
            call_command("migrate", interactive=False, verbosity=options["verbosity"] - 1)
        if settings.CACHE_URL.startswith("db://"):
            call_command("createcachetable")
        if settings.DEBUG and "seed_demo" in get_commands():
            self.stdout.write("Đang kiểm tra dữ liệu mẫu…")
            call_command("seed_demo")

    def _has_pending_migrations(self) -> bool:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
