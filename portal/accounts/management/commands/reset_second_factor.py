"""``reset_second_factor USER``: for somebody who lost the phone and the recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.accounts.services import reset_second_factor


class Command(BaseCommand):
    """The user sets up a new second factor at the next log-in."""

    help = "Xóa xác thực hai lớp của một tài khoản (mất điện thoại)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"không có tài khoản tên {username!r}")
        reset_second_factor(user)
        self.stdout.write(f"{username}: đã xóa xác thực hai lớp")
