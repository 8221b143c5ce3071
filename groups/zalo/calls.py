"""One authorised call to the OA API: token, envelope, rate headers, and what a lost answer means.

No models, no Celery, no retries, no queueing. Two exceptions to "no retries" live here because nobody above
could do them: a rejected access token is renewed once, and a call that may be made twice without harm
(``_repeatable``) reports a lost answer as ``Temporary`` instead of ``OutcomeUnknown``.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from groups.zalo.envelope import open_envelope
from groups.zalo.errors import ChannelStopped, NotSent, OutcomeUnknown, Temporary, TokenRejected
from groups.zalo.http import Reply, exchange
from groups.zalo.records import number

logger = logging.getLogger(__name__)


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

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember the two rate headers when an answer has them."""
        if "x-ratelimit-limit" in headers:
            self.limit = number(headers["x-ratelimit-limit"])
        if "x-ratelimit-remain" in headers:
            self.remaining = number(headers["x-ratelimit-remain"])


class Calls:
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

    async def _read(self, path: str, **params: Any) -> Any:
        """A GET with plain query parameters, as the group calls want them."""
        return await self._repeatable("GET", path, lambda: {"params": params})

    async def _read_json(self, path: str, **fields: Any) -> Any:
        """A GET with one parameter ``data`` that holds JSON, as the calls about people want it."""
        data = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return await self._repeatable("GET", path, lambda: {"params": {"data": data}})

    async def _write(self, path: str, body: dict[str, Any]) -> Any:
        """A POST that must not be made twice: a lost answer is ``OutcomeUnknown``."""
        return await self._call("POST", path, lambda: {"json": body})

    async def _write_json(self, path: str, body: str) -> Any:
        """The same for a body that is JSON already, for the one call that is made ten thousand times."""

        def payload() -> dict[str, Any]:
            return {"data": aiohttp.BytesPayload(body.encode(), content_type="application/json")}

        return await self._call("POST", path, payload)

    async def _write_again(self, path: str, body: dict[str, Any]) -> Any:
        """A POST that leaves the same state however often it is made."""
        return await self._repeatable("POST", path, lambda: {"json": body})

    async def _repeatable(self, method: str, path: str, body: Callable[[], dict[str, Any]]) -> Any:
        """A call that may be made twice without harm, so a lost answer is only a reason to ask again."""
        try:
            return await self._call(method, path, body)
        except OutcomeUnknown as error:
            lost = Temporary(error.code, error.message)
        raise lost

    async def _call(self, method: str, path: str, body: Callable[[], dict[str, Any]]) -> Any:
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


def mapping(value: Any) -> dict[str, Any]:
    """``value`` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
