"""Zalo's OAuth v4 for official accounts: getting the first token pair, and the next one.

Only the calls. A refresh token works once, so whoever calls ``refresh`` must be the only one doing so, must
commit the new pair before using it, and decides what to do when the answer got lost (``OutcomeUnknown``: try
once more with the same token; if it is spent by now, Zalo says so and an administrator must authorise again).
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
from django.utils.translation import gettext_lazy as _

from groups.zalo.envelope import black_out, read_code, read_object
from groups.zalo.errors import (
    ChannelStopped,
    OutcomeUnknown,
    ReauthorisationNeeded,
    ZaloError,
    classify,
)
from groups.zalo.http import Reply, exchange
from groups.zalo.records import number, text

AUTHORISE_PATH = "/v4/oa/permission"
TOKEN_PATH = "/v4/oa/access_token"
SECRET_FIELDS = ("refresh_token", "code", "code_verifier")
# The one error code that the API and the token endpoint share: too many calls in this minute.
CALL_LIMIT = -32
# When the answer does not say how long the token lives: short enough to be refreshed soon.
CAUTIOUS_LIFE_SECONDS = 3600
# Whatever the answer says: the old token is spent by now, so a strange number must not lose the new pair.
SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS = 60, 90 * 24 * 3600

SET_UP_ERRORS = {
    -14002: _("Mã ứng dụng Zalo không đúng hoặc ứng dụng chưa được kích hoạt."),
    -14003: _("Địa chỉ nhận kết quả đăng nhập không khớp với địa chỉ đã khai với Zalo."),
    -14004: _("Khóa bí mật của ứng dụng Zalo không đúng."),
}


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A fresh pair of tokens; neither shows in a repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int


@dataclass(frozen=True, slots=True)
class PkcePair:
    """A PKCE verifier, kept in the session, and the challenge that goes to Zalo (RFC 7636, S256)."""

    verifier: str = field(repr=False)
    challenge: str


def pkce_pair(verifier: str | None = None) -> PkcePair:
    """A new pair; or the challenge of a given verifier."""
    verifier = verifier or _unpadded(secrets.token_bytes(32))
    return PkcePair(verifier, _unpadded(hashlib.sha256(verifier.encode()).digest()))


def authorization_url(oauth_url: str, *, app_id: str, redirect_uri: str, challenge: str, state: str) -> str:
    """Where to send the account's administrator. ``redirect_uri`` must equal the one in Zalo's console."""
    query = urlencode(
        {"app_id": app_id, "redirect_uri": redirect_uri, "code_challenge": challenge, "state": state}
    )
    return f"{oauth_url.rstrip('/')}{AUTHORISE_PATH}?{query}"


async def exchange_code(
    session: aiohttp.ClientSession,
    oauth_url: str,
    *,
    app_id: str,
    app_secret: str,
    code: str,
    verifier: str,
) -> TokenPair:
    """The first pair, for the code Zalo sent to the callback (good for 10 minutes, once)."""
    form = {
        "code": code,
        "app_id": app_id,
        "grant_type": "authorization_code",
        "code_verifier": verifier,
    }
    return await _ask(session, oauth_url, app_secret, form)


async def refresh(
    session: aiohttp.ClientSession, oauth_url: str, *, app_id: str, app_secret: str, refresh_token: str
) -> TokenPair:
    """The next pair; ``refresh_token`` is spent by this call, whether or not its answer arrives.

    Raises ``ReauthorisationNeeded``, ``ChannelStopped`` (app id or secret wrong), ``NotSent`` (the token is
    still good) or ``OutcomeUnknown`` (it may be spent).
    """
    form = {"refresh_token": refresh_token, "app_id": app_id, "grant_type": "refresh_token"}
    return await _ask(session, oauth_url, app_secret, form)


async def _ask(
    session: aiohttp.ClientSession, oauth_url: str, app_secret: str, form: dict[str, str]
) -> TokenPair:
    url = oauth_url.rstrip("/") + TOKEN_PATH
    reply = await exchange(session, "POST", url, headers={"secret_key": app_secret}, data=form)
    return read_pair(reply, hide=(app_secret, *(form.get(name, "") for name in SECRET_FIELDS)))


def read_pair(reply: Reply, *, hide: tuple[str, ...] = ()) -> TokenPair:
    """The pair in an answer of the token endpoint, its life between a minute and 90 days.

    No ``access_token`` means failure, whatever the status.
    """
    answer = read_object(reply.body) or {}
    access, refresh_token = text(answer.get("access_token")), text(answer.get("refresh_token"))
    if access and refresh_token:
        life = number(answer.get("expires_in")) or CAUTIOUS_LIFE_SECONDS
        life = min(max(life, SHORTEST_LIFE_SECONDS), LONGEST_LIFE_SECONDS)
        return TokenPair(access, refresh_token, life)
    raise _refusal(reply, read_code(answer.get("error")), black_out(_reason(answer), hide))


def _refusal(reply: Reply, code: int | None, reason: str) -> ZaloError:
    if code in SET_UP_ERRORS:
        return ChannelStopped(code, reason, SET_UP_ERRORS[code])
    if code == CALL_LIMIT:
        return classify(code, reason)
    if code is not None and -15000 < code <= -14000:
        # Spent, expired or unknown token or code: all end at the administrator's desk.
        return ReauthorisationNeeded(code, reason)
    if code:
        # A platform in trouble says nothing about the token: ask again before bothering a person.
        return OutcomeUnknown(code, reason)
    return OutcomeUnknown(reply.status, f"HTTP {reply.status} without a token, {len(reply.body)} bytes")


def _reason(answer: dict) -> str:
    """What Zalo says went wrong. Of five fields that may be absent, the first that speaks."""
    names = ("error_description", "error_reason", "error_name", "message")
    return next((value for name in names if (value := text(answer.get(name)))), "")


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
