"""The Bot Platform of the simulated host: ``/bot<token>/<method>``, Telegram-like answers.

A bot is an account whose id is the first part of its token (``<id>:<secret>``); its token never runs out.
Its groups are ordinary ones in the same world, so members' phones show its posts like any other. What a bot
hears is only what names it (``@name``), as in the closed trial; it is fetched, never pushed.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from groups.zalo.simulator import faults
from groups.zalo.simulator.calls import Call
from groups.zalo.simulator.posting import MAX_TEXT, content_type_of
from groups.zalo.simulator.records import Account, Group, Message, Refusal
from groups.zalo.simulator.state import World

TOKEN = re.compile(r"(?P<bot_id>[0-9A-Za-z_]{1,40}):[0-9A-Za-z_-]{1,200}")
FOR_EVER = 2**53
FETCH_SECONDS = 5
LARGEST_PICTURE = 5 * 1024 * 1024
SECRET_SIZES = range(8, 257)
# What a fault that speaks in the OA's codes means here.
FAULT_CODES = {"rate_limit": 429, "token_rejected": 401, "failed_before": 500, "failed_after": 500}
REFUSED_AS = {-201: 400, -210: 400, -32: 429, -403: 403, -237: 403}

Method = Callable[[Account, dict[str, Any]], Awaitable[Any]]


class Bots:
    """Answers for every bot of the world."""

    def __init__(self, world: World):
        self.world = world
        self.webhooks: dict[str, str] = {}
        self.heard_up_to: dict[str, int] = {}
        self.methods: dict[str, Method] = {
            "getMe": self.get_me,
            "sendMessage": self.send_message,
            "sendPhoto": self.send_photo,
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.webhook_info,
            "getUpdates": self.updates,
        }

    def routes(self) -> list[web.RouteDef]:
        return [web.post(r"/bot{token:[^/]+:[^/]+}/{method}", self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, counted under its method, through whatever fault is switched on for it."""
        call = await Call.read(request)
        path, outcome = f"/bot/{request.match_info['method']}", "aborted"
        self.world.stats.begin()
        try:
            response, outcome = await self._answer(request, path, call.fields)
            return response
        finally:
            self.world.stats.end(path, outcome)

    async def _answer(
        self, request: web.Request, path: str, fields: dict[str, Any]
    ) -> tuple[web.StreamResponse, str]:
        world, token = self.world, request.match_info["token"]
        if world.is_out:
            return faults.hang_up(request), "outage"
        chat_id = fields.get("chat_id")
        group_id = chat_id if isinstance(chat_id, str) else ""
        now, dice = world.clock.now(), world.random
        fault = world.board.take(path, group_id, token.partition(":")[0], now=now, dice=dice)
        answer: dict[str, Any] = {}
        if fault is None or fault.takes_effect:
            answer = await self._execute(token, request.match_info["method"], fields)
            if fault is not None and fault.kind == "duplicate":
                await self._execute(token, request.match_info["method"], fields)
        if world.delay_ms:
            await asyncio.sleep(world.delay_ms / 1000)
        if fault is None or fault.kind in {"slow", "duplicate", "text_error"}:
            await asyncio.sleep(fault.delay_ms / 1000 if fault else 0)
        elif fault.kind in FAULT_CODES or fault.kind == "error":
            answer = _refusal(FAULT_CODES.get(fault.kind, fault.code), f"simulated {fault.kind}")
        elif fault.kind == "no_data":
            answer.pop("result", None)
        else:
            return await faults.play(fault, request, answer, {})
        return faults.reply(answer, {}), str(answer.get("error_code", "ok"))

    async def _execute(self, token: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        bot = self._bot(token)
        if bot is None:
            return _refusal(401, "Unauthorized")
        method = self.methods.get(name)
        if method is None:
            return _refusal(404, "Not Found")
        try:
            self.world.count_call(bot)
            if bot.blocked_code:
                return _refusal(abs(bot.blocked_code), "blocked by the simulator's operator")
            return {"ok": True, "result": await method(bot, fields)}
        except Refusal as refusal:
            return _refusal(REFUSED_AS.get(refusal.code, 400), refusal.message)

    def _bot(self, token: str) -> Account | None:
        """The bot of a token; in open mode one that nobody registered comes into being."""
        world, shape = self.world, TOKEN.fullmatch(token)
        if shape is None:
            return None
        if token not in world.grants and world.is_open and shape["bot_id"] not in world.accounts:
            world.register_account(shape["bot_id"], f"Bot {shape['bot_id'][-6:]}")
            world.grants[token] = (shape["bot_id"], FOR_EVER)
        owner = world.grants.get(token, ("", 0))[0]
        return world.accounts.get(owner) if owner == shape["bot_id"] else None

    # --- Methods -----------------------------------------------------------------------------------------

    async def get_me(self, bot: Account, fields: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": bot.oa_id,
            "account_name": f"bot.{bot.oa_id[-8:]}",
            "account_type": "BASIC",
            "can_join_groups": True,
            "display_name": bot.name,
        }

    async def send_message(self, bot: Account, fields: dict[str, Any]) -> dict[str, Any]:
        group = self._chat(bot, fields)
        message = self.world.post(bot, group, {"text": fields.get("text")})
        return _receipt(message)

    async def send_photo(self, bot: Account, fields: dict[str, Any]) -> dict[str, Any]:
        """The host fetches the picture itself, as the real one does."""
        group, caption = self._chat(bot, fields), fields.get("caption") or ""
        if not isinstance(caption, str) or len(caption) > MAX_TEXT:
            raise Refusal(-210, "caption is over its limit")
        content = await _fetch(fields.get("photo"))
        picture = self.world.keep(bot.oa_id, content, content_type_of(content, "image"))
        return _receipt(
            self.world.add_message(group, caption, kind="photo", attachment_id=picture, from_id=bot.oa_id)
        )

    async def set_webhook(self, bot: Account, fields: dict[str, Any]) -> dict[str, Any]:
        url, secret = fields.get("url"), fields.get("secret_token")
        if not isinstance(url, str) or not url.startswith(("https://", "http://127.0.0.1")):
            raise Refusal(-201, "url is invalid")
        if not isinstance(secret, str) or len(secret) not in SECRET_SIZES:
            raise Refusal(-201, "secret_token is invalid")
        self.webhooks[bot.oa_id] = url
        return await self.webhook_info(bot, fields)

    async def delete_webhook(self, bot: Account, fields: dict[str, Any]) -> dict[str, Any]:
        self.webhooks.pop(bot.oa_id, None)
        return await self.webhook_info(bot, fields)

    async def webhook_info(self, bot: Account, fields: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.webhooks.get(bot.oa_id, ""), "updated_at": self.world.clock.now()}

    async def updates(self, bot: Account, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """Messages that name the bot, each handed out once; refused while a webhook is set."""
        if bot.oa_id in self.webhooks:
            raise Refusal(-201, "getUpdates is not available while a webhook is set")
        since = self.heard_up_to.get(bot.oa_id, 0)
        news = [
            (group, message)
            for group in self.world.groups_of(bot)
            for message in group.messages
            if not message.is_ours and message.at > since and f"@{bot.name}" in message.text
        ]
        news.sort(key=lambda found: found[1].at)
        if news:
            self.heard_up_to[bot.oa_id] = news[-1][1].at
        return [_update(group, message) for group, message in news]

    def _chat(self, bot: Account, fields: dict[str, Any]) -> Group:
        chat_id = fields.get("chat_id")
        if not isinstance(chat_id, str) or not chat_id:
            raise Refusal(-201, "chat_id is invalid")
        group = self.world.group_of(bot, chat_id)
        if group.status != "enabled":
            raise Refusal(-237, "bot was removed from the group")
        return group


async def _fetch(url: object) -> bytes:
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise Refusal(-201, "photo is invalid")
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            content = await response.content.read(LARGEST_PICTURE + 1)
            if response.status == 200 and len(content) <= LARGEST_PICTURE:
                return content
    except (aiohttp.ClientError, OSError):
        pass
    raise Refusal(-201, "photo cannot be fetched")


def _refusal(code: int, description: str) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description}


def _receipt(message: Message) -> dict[str, Any]:
    return {"message_id": message.message_id, "date": message.at}


def _update(group: Group, message: Message) -> dict[str, Any]:
    return {
        "event_name": "message.text.received",
        "message": {
            "message_id": message.message_id,
            "date": message.at,
            "text": message.text,
            "chat": {"id": group.group_id, "chat_type": "GROUP"},
            "from": {"id": message.from_id, "display_name": message.from_name, "is_bot": False},
        },
    }
