"""Load groups from a CSV file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from groups.services.group_import import import_groups
from groups.services.tables import TableError


class Command(BaseCommand):
    help = (
        "Nhập danh sách nhóm từ tệp CSV: unit_code,kind,name,channel,oa_id,zalo_group_id,join_url,steward. "
        "Chạy lại không sinh dòng trùng."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE.csv")

    def handle(self, *args, **options):
        try:
            counts = import_groups(options["file"])
        except TableError as error:
            raise CommandError(f"Không nhập dòng nào.\n{error.message}") from None
        self.stdout.write(
            f"Đã nhập {counts.total} nhóm: {counts.created} mới, {counts.updated} sửa, "
            f"{counts.unchanged} giữ nguyên."
        )
