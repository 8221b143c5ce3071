"""Connect a bot of the Zalo Bot Platform to a unit, or give a connected one its new token."""

import asyncio

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from groups.models import Unit
from groups.services.bots import check_token, connect_bot
from groups.zalo.bot import BotClient
from groups.zalo.errors import ZaloError
from groups.zalo.http import open_session
from groups.zalo.records import BotProfile


class Command(BaseCommand):
    help = "Kết nối một bot Zalo cho đơn vị; chạy lại để thay mã. Bot chỉ gửi khi ZALO_BOT_ENABLED=1."

    def add_arguments(self, parser):
        parser.add_argument("--unit", required=True, metavar="CODE", help="mã đơn vị")
        parser.add_argument("--bot-token", required=True, help="mã của bot, lấy từ Zalo Bot Creator")
        parser.add_argument("--rate", type=int, help="số lượt gọi mỗi phút, mặc định 100")
        parser.add_argument("--name", default="", help="tên hiện trong phần quản trị")
        parser.add_argument("--no-check", action="store_true", help="không hỏi Zalo xem mã có đúng không")

    def handle(self, *args, **options):
        unit = Unit.objects.filter(code=options["unit"]).first()
        if unit is None:
            raise CommandError(f"Không có đơn vị mã {options['unit']}. Đã chạy import_units chưa?")
        token = options["bot_token"]
        try:
            check_token(token)
            name = options["name"] or ("" if options["no_check"] else asyncio.run(_profile(token)).name)
            bot = connect_bot(unit, token=token, name=name, rate_per_minute=options["rate"], by=None)
        except ValidationError as error:
            lines = [f"{key}: {' '.join(found)}" for key, found in error.message_dict.items()]
            raise CommandError("\n".join(lines)) from None
        except ZaloError as error:
            raise CommandError(str(error.detail_vi)) from None
        self.stdout.write(f"Đã kết nối {bot.name} ({bot.oa_id}) cho {unit.full_name}.")
        if not settings.ZALO_BOT_ENABLED:
            self.stdout.write("Bot đang tắt: nhóm của bot vẫn do người đăng. Bật bằng ZALO_BOT_ENABLED=1.")


class _Token:
    """The token source of a bot that is not connected yet."""

    def __init__(self, token: str):
        self._token = token

    async def get(self) -> str:
        return self._token


async def _profile(token: str) -> BotProfile:
    async with open_session(concurrency=1) as session:
        return await BotClient(session, _Token(token), settings.ZALO_BOT_URL).get_me()
