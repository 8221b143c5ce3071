"""Load members of groups from a CSV file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from groups.services.member_import import import_members
from groups.services.tables import TableError


class Command(BaseCommand):
    help = (
        "Nhập thành viên từ tệp CSV: unit_code,group,zalo_group_id,display_name,role,phone,household,"
        "joined_on,consent_on. Nhóm nhận ra bằng unit_code và group (tên nhóm), hoặc bằng zalo_group_id. "
        "Ghi số điện thoại cần ngày đồng ý. Chạy lại không sinh dòng trùng."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE.csv")

    def handle(self, *args, **options):
        try:
            counts = import_members(options["file"])
        except TableError as error:
            raise CommandError(f"Không nhập dòng nào.\n{error.message}") from None
        self.stdout.write(
            f"Đã nhập {counts.total} thành viên: {counts.created} mới, {counts.updated} sửa, "
            f"{counts.unchanged} giữ nguyên."
        )
