"""``create_api_token USER``: prints a new API token and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.accounts.services import create_api_token


class Command(BaseCommand):
    """The token is shown this once; the database keeps its hash."""

    help = "Tạo khóa API cho một tài khoản; chỉ in ra khóa."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--days", type=int, help="số ngày có hiệu lực (mặc định: đến khi thu hồi)")

    def handle(self, *args: Any, username: str, days: int | None, **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"không có tài khoản đang hoạt động tên {username!r}")
        self.stdout.write(create_api_token(user, days=days))
