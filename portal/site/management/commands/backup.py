"""``backup [PATH]``: a copy of database and media, checked by ``restore`` before it is put back."""

import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.site import backups


class Command(BaseCommand):
    """Into a new folder, or into one file when PATH ends with ``.tar``."""

    help = "Sao lưu cơ sở dữ liệu và tệp đính kèm. Khóa mã hóa (FIELD_KEYS…) không nằm trong bản sao."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", nargs="?", type=Path, help="thư mục mới, hoặc tệp .tar (mặc định: var/backups/<giờ>)"
        )

    def handle(self, *args: Any, path: Path | None, **options: Any) -> None:
        name = f"{timezone.localtime():%Y%m%d-%H%M%S}"
        path = (path or Path(settings.VAR_DIR) / "backups" / name).absolute()
        try:
            manifest = self._pack(path) if path.suffix == ".tar" else backups.make(path)
        except (backups.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        megabytes = sum(file["bytes"] for file in manifest["files"].values()) / 1_000_000
        self.stdout.write(f"Đã sao lưu vào {path} ({megabytes:.1f} MB).")
        self.stdout.write("Khóa mã hóa không nằm trong bản sao: giữ FIELD_KEYS và IDENTITY_* ở nơi khác.")

    def _pack(self, path: Path) -> dict[str, Any]:
        """Build the copy beside ``path``, which appears whole or not at all."""
        if path.exists():
            raise CommandError(f"{path} đã có.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as name:
            folder, packed = Path(name, "copy"), Path(name, "packed.tar")
            manifest = backups.make(folder)
            packed.touch(mode=0o600)
            with tarfile.open(packed, "w") as archive:
                for file in sorted(folder.iterdir()):
                    archive.add(file, arcname=file.name)
            packed.rename(path)
        return manifest
