"""The Zalo Bot Platform behind the calls the sending engine makes: text and picture to a group.

Another product than the official account: Telegram-like answers (``ok``, ``error_code``), one token that
lives until it is changed by hand, pictures only by public address, no reading of groups. So a lost answer
cannot be settled by looking: it stays unknown until an officer has looked.
"""

from typing import Any

import aiohttp
from django.utils.translation import gettext_lazy as _

from groups.zalo import text as texts
from groups.zalo.calls import RateLimit, TokenSource, mapping
from groups.zalo.envelope import black_out, read_code, read_object, retry_after, unreadable
from groups.zalo.errors import (
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    Permanent,
    Scope,
    Temporary,
    TokenRejected,
    ZaloError,
)
from groups.zalo.http import Reply, exchange
from groups.zalo.records import BotProfile, ConversationItem, SentMessage, text

TOKEN_WRONG = _("Mã của bot Zalo không còn hiệu lực. Quản trị viên cần nhập mã mới.")
NOT_IN_GROUP = _("Bot không còn ở trong nhóm này. Cần thêm lại bot hoặc chuyển nhóm sang đăng thủ công.")
TOO_MANY = _("Bot đã dùng hết số lượt gọi lúc này. Hệ thống chờ rồi gửi tiếp.")
CANNOT_READ = _("Bot không đọc được tin trong nhóm. Cần cán bộ xem nhóm.")


class BotClient:
    """Calls on behalf of one bot, over a session shared with others. Made and called like ``ZaloClient``."""

    takes_uploads = False

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: TokenSource,
        api_url: str,
        *,
        timeout: aiohttp.ClientTimeout | None = None,
    ):
        self.rate_limit = RateLimit()
        self._session = session
        self._tokens = tokens
        self._api_url = api_url.rstrip("/")
        self._timeout = timeout

    async def send_group_text(self, group_id: str, content: str) -> SentMessage:
        """Post ``content``, cleaned by ``text.prepare``, to a group."""
        return await self._send("sendMessage", {"chat_id": group_id, "text": texts.prepare(content)})

    async def send_group_image(self, group_id: str, caption: str, address: str) -> SentMessage:
        """Post the picture that Zalo finds at a public ``address``; ``caption`` may be empty."""
        fields = {"chat_id": group_id, "photo": address}
        if texts.clean(caption):
            fields["caption"] = texts.prepare(caption)
        return await self._send("sendPhoto", fields)

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = 10
    ) -> list[ConversationItem]:
        """Never works: the platform shows a bot only what is addressed to it. Raises without a call."""
        raise Permanent(None, "a bot cannot read groups", CANNOT_READ)

    async def get_me(self) -> BotProfile:
        """The bot behind the token: a check that the token works. Repeatable."""
        try:
            return BotProfile.read(mapping(await self._call("getMe", {})))
        except OutcomeUnknown as error:
            lost = Temporary(error.code, error.message)
        raise lost

    async def _send(self, method: str, fields: dict[str, str]) -> SentMessage:
        message_id = text(mapping(await self._call(method, fields)).get("message_id"))
        if not message_id:
            raise OutcomeUnknown(None, "success without a message id")
        return SentMessage(message_id)

    async def _call(self, method: str, fields: dict[str, str]) -> Any:
        try:
            token = await self._tokens.get()
        except OutcomeUnknown as error:
            not_sent = NotSent(error.code, f"token: {error.message}")
        else:
            # The token is part of the address, which no error and no log line of ours ever carries.
            url = f"{self._api_url}/bot{token}/{method}"
            reply = await exchange(self._session, "POST", url, headers={}, timeout=self._timeout, json=fields)
            return read_answer(reply, hide=(token,))
        raise not_sent


def read_answer(reply: Reply, *, hide: tuple[str, ...] = ()) -> Any:
    """The ``result`` of a success, else the error raised. ``hide``: secrets to black out."""
    document = read_object(reply.body) or {}
    if document.get("ok") is True and reply.status < 500:
        return document.get("result")
    code = read_code(document.get("error_code"))
    if document.get("ok") is not False or code is None:
        error = unreadable(reply)
        if isinstance(error, TokenRejected):
            error = ChannelStopped(error.code, error.message, TOKEN_WRONG)
        raise error
    raise _classify(code, black_out(text(document.get("description")), hide), reply)


def _classify(code: int, message: str, reply: Reply) -> ZaloError:
    if code == 401:
        return ChannelStopped(code, message, TOKEN_WRONG)
    if code == 403:
        return ChannelStopped(code, message, NOT_IN_GROUP, scope=Scope.GROUP)
    if code == 429:
        wait = retry_after(reply)
        return Temporary(code, message, TOO_MANY, scope=Scope.ACCOUNT, wait_seconds=wait)
    if 400 <= code < 500 and code != 408:
        return Permanent(code, message)
    return OutcomeUnknown(code, message)
