"""Connect a Zalo official account to a unit, or give a connected one new secrets."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from groups.models import Unit
from groups.services.accounts import connect_account


class Command(BaseCommand):
    help = "Kết nối tài khoản Zalo OA của một đơn vị; chạy lại với cùng --oa-id để thay khóa và mã truy cập."

    def add_arguments(self, parser):
        parser.add_argument("--unit", required=True, metavar="CODE", help="mã đơn vị")
        parser.add_argument("--oa-id", required=True)
        parser.add_argument("--app-id", required=True)
        parser.add_argument("--app-secret", required=True, help="khóa của ứng dụng")
        parser.add_argument("--oa-secret", required=True, help="khóa webhook của OA")
        parser.add_argument("--access-token", required=True)
        parser.add_argument("--refresh-token", required=True)
        parser.add_argument("--rate", type=int, help="số lượt gọi mỗi phút theo gói, mặc định 100")
        parser.add_argument("--expires-at", help="lúc mã truy cập hết hạn, ISO 8601; mặc định một giờ nữa")
        parser.add_argument("--name", default="", help="tên hiện trong phần quản trị")

    def handle(self, *args, **options):
        unit = Unit.objects.filter(code=options["unit"]).first()
        if unit is None:
            raise CommandError(f"Không có đơn vị mã {options['unit']}. Đã chạy import_units chưa?")
        secrets = ("oa_id", "app_id", "app_secret", "oa_secret", "access_token", "refresh_token")
        try:
            account = connect_account(
                unit,
                **{name: options[name] for name in secrets},
                expires_at=self._expires_at(options["expires_at"]),
                rate_per_minute=options["rate"],
                name=options["name"],
                by=None,
            )
        except ValidationError as error:
            lines = [f"{key}: {' '.join(found)}" for key, found in error.message_dict.items()]
            raise CommandError("\n".join(lines)) from None
        self.stdout.write(
            f"Đã kết nối OA {account.oa_id} cho {unit.full_name}, {account.rate_per_minute} lượt mỗi phút."
        )

    def _expires_at(self, text):
        if not text:
            return None
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            raise CommandError("--expires-at cần dạng 2026-11-22T08:00:00+07:00.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
