"""``restore PATH``: put a copy made by ``backup`` back; sending stays paused until a person resumes it."""

import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.environment import upload_dir
from portal.site import backups


class Command(BaseCommand):
    """Every file is checked against the manifest before anything is changed."""

    help = "Khôi phục từ bản sao lưu. Dừng web, worker, beat trước; sau đó mọi hộp gửi ở trạng thái tạm dừng."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="thư mục hoặc tệp .tar do lệnh backup tạo")
        parser.add_argument("--force", action="store_true", help="thay cả dữ liệu đang có")

    def handle(self, *args: Any, path: Path, force: bool, **options: Any) -> None:
        if not force and backups.has_data():
            raise CommandError("Cơ sở dữ liệu đang có dữ liệu. Thêm --force để thay bằng bản sao lưu.")
        try:
            if path.is_file():
                with tempfile.TemporaryDirectory(dir=upload_dir()) as name:
                    restored = backups.put_back(self._unpack(path, Path(name)))
            else:
                restored = backups.put_back(path)
        except (backups.BackupError, OSError, tarfile.TarError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Đã khôi phục từ {path}. {restored.paused} hộp gửi đang tạm dừng.")
        self.stdout.write(
            f"{restored.doubted} lượt gửi chưa rõ đã vào nhóm hay chưa; "
            f"{restored.held} bài đã đến giờ đang tạm dừng."
        )
        self.stdout.write(
            "Khởi động lại các tiến trình, so lại bài đã gửi rồi mở từng hộp gửi trong trang quản trị:"
            " hệ thống đọc lại các nhóm trước khi gửi tiếp."
        )
        self.stdout.write(
            "Mã truy cập Zalo trong bản sao có thể đã cũ: "
            "tài khoản nào báo cần cấp quyền lại thì kết nối lại (connect_oa)."
        )

    def _unpack(self, path: Path, folder: Path) -> Path:
        """The files of a packed copy; ``verify`` judges them."""
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and Path(member.name).name == member.name:
                    archive.extract(member, folder, set_attrs=False)
        return folder
