"""The client that speaks for an account: of an official account, or of a bot."""

from typing import Any

import aiohttp
from django.conf import settings
from django.utils.module_loading import import_string

from groups.enums import AccountKind
from groups.zalo.calls import TokenSource


def make_client(kind: str, session: aiohttp.ClientSession, tokens: TokenSource) -> Any:
    """A ``ZaloClient`` or a ``BotClient``, as ``settings`` name them. Cheap."""
    if kind == AccountKind.BOT:
        return import_string(settings.ZALO_BOT_CLIENT)(session, tokens, settings.ZALO_BOT_URL)
    return import_string(settings.ZALO_CLIENT)(
        session, tokens, settings.ZALO_API_URL, old_private_path=settings.ZALO_OLD_PRIVATE_PATH
    )
