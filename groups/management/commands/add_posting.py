"""Post a user to a unit from the server: how the first administrator of an installation comes about."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from groups.enums import Role
from groups.models import Unit
from groups.services.postings import open_posting


class Command(BaseCommand):
    help = (
        "Phân công một tài khoản vào một đơn vị, ví dụ: add_posting hoang.long --unit 68 --role administrator"
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--unit", required=True, metavar="CODE", help="mã đơn vị")
        parser.add_argument("--role", required=True, choices=Role.values)

    def handle(self, *args, username, unit, role, **options):
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"Không có tài khoản {username}.")
        found = Unit.objects.filter(code=unit).first()
        if found is None:
            raise CommandError(f"Không có đơn vị mã {unit}.")
        try:
            posting = open_posting(user, unit=found, role=role, by=None)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"Đã phân công: {posting}.")
