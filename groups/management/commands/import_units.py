"""Load administrative units: the national list, or a CSV file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from groups.services.tables import TableError
from groups.services.unit_import import NATIONAL_LIST, import_units


class Command(BaseCommand):
    help = (
        "Nhập danh mục đơn vị hành chính. Không có tệp: danh mục cả nước. Tệp CSV cần các cột "
        "code,name,kind,level,parent_code và có thể có households,population. Chạy lại không sinh dòng trùng."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path, default=NATIONAL_LIST, metavar="FILE.csv")

    def handle(self, *args, **options):
        try:
            counts = import_units(options["file"])
        except TableError as error:
            raise CommandError(f"Không nhập dòng nào.\n{error.message}") from None
        self.stdout.write(
            f"Đã nhập {counts.total} đơn vị: {counts.created} mới, {counts.updated} sửa, "
            f"{counts.unchanged} giữ nguyên."
        )
