"""The OA API as Python calls: builds the payload, parses only the fields we need, raises one of a few errors.

No models, no Celery, no retries, no queueing. Two exceptions to "no retries" live here because nobody above
could do them: a rejected access token is renewed once, and a read whose answer got lost is reported as
``Temporary``, since asking again harms nobody.

Addresses and limits: Zalo OA OpenAPI v3.0 for groups, v2.0 for uploads and the profile. All base addresses
are arguments, so the simulator is only another host.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from groups.zalo import text as texts
from groups.zalo.envelope import open_envelope
from groups.zalo.errors import (
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    Permanent,
    Temporary,
    TokenRejected,
)
from groups.zalo.http import Reply, exchange
from groups.zalo.records import (
    AccountProfile,
    ConversationItem,
    GroupInfo,
    Member,
    Page,
    SentMessage,
    number,
    text,
)

logger = logging.getLogger(__name__)

IMAGE_TYPES = frozenset({"image/jpeg", "image/png"})
MAX_IMAGE_BYTES = 1024 * 1024
LARGEST_CONVERSATION_PAGE = 10


class TokenSource(Protocol):
    """Where a client gets the token of its one account. Both calls may come from many tasks at once."""

    async def get(self) -> str:
        """The present token."""

    async def renew(self, rejected_token: str) -> str:
        """A token other than ``rejected_token``: the stored one if somebody renewed it meanwhile, else a new
        one.

        Raises ``ReauthorisationNeeded`` when only a person can help, ``Temporary`` when trying later may.
        """


@dataclass(slots=True)
class RateLimit:
    """What the last answer said about the account's calls in this minute; None before the first answer."""

    limit: int | None = None
    remaining: int | None = None

    def note(self, headers: dict[str, str]) -> None:
        """Remember the two rate headers when an answer has them."""
        if "x-ratelimit-limit" in headers:
            self.limit = number(headers["x-ratelimit-limit"])
        if "x-ratelimit-remain" in headers:
            self.remaining = number(headers["x-ratelimit-remain"])


class ZaloClient:
    """Calls on behalf of one official account, over a session shared with others. Cheap to make."""

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
        self._renewing = asyncio.Lock()

    # --- Sending -----------------------------------------------------------------------------------------

    async def send_group_text(self, group_id: str, content: str) -> SentMessage:
        """Post ``content``, cleaned by ``text.prepare``, to a group."""
        return await self._send(group_id, {"text": texts.prepare(content)})

    async def send_group_image(self, group_id: str, caption: str, attachment_id: str) -> SentMessage:
        """Post an uploaded picture; ``caption`` may be empty."""
        element = {"media_type": "image", "attachment_id": attachment_id}
        payload = {"template_type": "media", "elements": [element]}
        message: dict[str, Any] = {"attachment": {"type": "template", "payload": payload}}
        if texts.clean(caption):
            message["text"] = texts.prepare(caption)
        return await self._send(group_id, message)

    async def send_group_file(self, group_id: str, token: str) -> SentMessage:
        """Post an uploaded file by the token its upload returned."""
        return await self._send(group_id, {"attachment": {"type": "file", "payload": {"token": token}}})

    async def send_user_text(self, user_id: str, content: str) -> SentMessage:
        """Answer a person in private. Zalo allows it for 7 days after the person last wrote (-230 later)."""
        return await self._post("/v3.0/oa/message/cs", {"user_id": user_id}, {"text": texts.prepare(content)})

    async def upload_image(self, content: bytes, filename: str, content_type: str) -> str:
        """Upload a JPEG or PNG of at most 1 MB; returns its attachment id, good for 7 days."""
        if content_type not in IMAGE_TYPES or len(content) > MAX_IMAGE_BYTES:
            raise Permanent(None, f"{content_type}, {len(content)} bytes: only JPEG or PNG up to 1 MB")

        def form() -> dict[str, Any]:
            # A form is used up by sending it, so each try builds its own.
            part = aiohttp.FormData()
            part.add_field("file", content, filename=filename, content_type=content_type)
            return {"data": part}

        data = await self._repeatable("POST", "/v2.0/oa/upload/image", form)
        attachment_id = text(_mapping(data).get("attachment_id"))
        if not attachment_id:
            raise Temporary(None, "upload answered without an attachment id")
        return attachment_id

    # --- Reading -----------------------------------------------------------------------------------------

    async def get_oa(self) -> AccountProfile:
        """The account behind the token: also the cheapest check that the token works."""
        return AccountProfile.read(_mapping(await self._read("/v2.0/oa/getoa")))

    async def list_groups(self, offset: int = 0, count: int = 50) -> Page[GroupInfo]:
        """One page of the account's groups."""
        data = _mapping(await self._read("/v3.0/oa/group/getgroupsofoa", offset=offset, count=count))
        groups = [GroupInfo.read(raw) for raw in _mappings(data.get("groups"))]
        return Page(groups, number(data.get("total"), default=len(groups)), offset)

    async def get_group(self, group_id: str) -> GroupInfo:
        """One group of the account."""
        data = _mapping(await self._read("/v3.0/oa/group/getgroup", group_id=group_id))
        return GroupInfo.read(_mapping(data.get("group_info")) or data)

    async def list_members(self, group_id: str, offset: int = 0, count: int = 50) -> Page[Member]:
        """One page of a group's members, the account itself among them."""
        data = _mapping(
            await self._read("/v3.0/oa/group/listmember", group_id=group_id, offset=offset, count=count)
        )
        members = [Member.read(raw) for raw in _mappings(data.get("members"))]
        return Page(members, number(data.get("total"), default=len(members)), offset)

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        """The newest messages of a group, newest first. Zalo may return fewer than ``count``."""
        data = await self._read("/v3.0/oa/group/conversation", group_id=group_id, offset=offset, count=count)
        return [ConversationItem.read(raw) for raw in _mappings(data)]

    # --- The call ----------------------------------------------------------------------------------------

    async def _send(self, group_id: str, message: dict[str, Any]) -> SentMessage:
        return await self._post("/v3.0/oa/group/message", {"group_id": group_id}, message)

    async def _post(self, path: str, recipient: dict[str, str], message: dict[str, Any]) -> SentMessage:
        body = {"recipient": recipient, "message": message}
        data = await self._call("POST", path, lambda: {"json": body})
        message_id = text(_mapping(data).get("message_id"))
        if not message_id:
            raise OutcomeUnknown(None, "success without a message id")
        return SentMessage(message_id)

    async def _read(self, path: str, **params: Any) -> Any:
        return await self._repeatable("GET", path, lambda: {"params": params})

    async def _repeatable(self, method: str, path: str, body: Any) -> Any:
        """A call that may be made twice without harm, so a lost answer is only a reason to ask again."""
        try:
            return await self._call(method, path, body)
        except OutcomeUnknown as error:
            lost = Temporary(error.code, error.message)
        raise lost

    async def _call(self, method: str, path: str, body: Any) -> Any:
        token = await self._token()
        try:
            return await self._exchange(method, path, body(), token)
        except TokenRejected as error:
            logger.info("zalo: access token rejected (%s), renewing", error.code)
        token = await self._renewed(token)
        try:
            return await self._exchange(method, path, body(), token)
        except TokenRejected as error:
            stopped = ChannelStopped(error.code, error.message)
        raise stopped

    async def _exchange(self, method: str, path: str, body: dict[str, Any], token: str) -> Any:
        reply: Reply = await exchange(
            self._session,
            method,
            self._api_url + path,
            headers={"access_token": token},
            timeout=self._timeout,
            **body,
        )
        self.rate_limit.note(reply.headers)
        return open_envelope(reply, hide=(token,))

    async def _token(self) -> str:
        try:
            return await self._tokens.get()
        except OutcomeUnknown as error:
            not_sent = NotSent(error.code, f"token: {error.message}")
        # A token call whose outcome is unknown says nothing about the message, which surely did not go out.
        raise not_sent

    async def _renewed(self, rejected: str) -> str:
        # One at a time: a hundred sends meet the same void token at once, one renewal serves them all.
        async with self._renewing:
            try:
                return await self._tokens.renew(rejected)
            except OutcomeUnknown as error:
                not_sent = NotSent(error.code, f"token: {error.message}")
        raise not_sent


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
