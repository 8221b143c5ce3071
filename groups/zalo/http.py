"""The lowest floor: one HTTP exchange, with time-outs, a size cap, and four possible ends.

A reply, ``NotSent`` (no connection was made), ``OutcomeUnknown`` (the request may have been read, no complete
answer came), or ``ChannelStopped`` (the address itself cannot work). It does not know Zalo's envelope,
retries nothing and follows no redirect: a redirected POST would carry the token to a host we did not choose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from django.utils.translation import gettext_lazy as _

from groups.zalo.errors import ChannelStopped, NotSent, OutcomeUnknown, ZaloError

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MAX_BODY = 1024 * 1024
# Shorter than any server's own idle limit, so that a message is not written into a connection being closed.
KEEPALIVE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole and within the size cap."""

    status: int
    # The token endpoint's body is made of secrets, and replies end up in tracebacks.
    body: bytes = field(repr=False)
    # Their names in lower case, or a mapping that does not tell cases apart.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def timeouts(connect: float = CONNECT_SECONDS, total: float = TOTAL_SECONDS) -> aiohttp.ClientTimeout:
    """Seconds for getting a connection and for the whole exchange.

    The first must end before the second: a total that runs out while connecting would look like a lost
    answer.
    """
    if not 0 < connect < total:
        raise ValueError("connect time-out must be shorter than the total")
    return aiohttp.ClientTimeout(total=total, connect=connect)


def open_session(
    concurrency: int = 100, *, timeout: aiohttp.ClientTimeout | None = None
) -> aiohttp.ClientSession:
    """A session for ``concurrency`` calls at once, shared by all accounts of one drain. Close it with ``async
    with``.

    Needs a running loop. No cookies, no proxies or ``.netrc`` from the environment.
    """
    connector = aiohttp.TCPConnector(
        limit=concurrency, keepalive_timeout=KEEPALIVE_SECONDS, ttl_dns_cache=60, enable_cleanup_closed=False
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout or timeouts(),
        trust_env=False,
        headers={"Accept": "application/json, text/json"},
    )


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    timeout: aiohttp.ClientTimeout | None = None,
    **body: Any,
) -> Reply:
    """Send one request (``json=``, ``data=`` or ``params=``) and read the whole answer."""
    options = dict(body, headers=headers, allow_redirects=False)
    if timeout is not None:
        options["timeout"] = timeout
    # Raised outside the except block: an aiohttp error may hold the request's headers, hence the token, and
    # would stay reachable as __context__ for whatever logs the traceback.
    failure: ZaloError
    try:
        async with session.request(method, url, **options) as response:
            content = await _read(response)
            return Reply(response.status, content, response.headers)
    except ZaloError as error:
        failure = error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        failure = _failure(error)
    raise failure


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    while chunk := await response.content.readany():
        size += len(chunk)
        if size > MAX_BODY:
            response.close()
            raise OutcomeUnknown(response.status, f"answer longer than {MAX_BODY} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _failure(error: Exception) -> ZaloError:
    """The class of a transport error; only its type name is kept."""
    name = type(error).__name__
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return ChannelStopped(None, name, _("Địa chỉ máy chủ Zalo trong cấu hình không đúng."))
    # ClientConnectorError covers DNS, refused and TLS; ConnectionTimeoutError also the wait for a free slot.
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSent(None, name)
    if isinstance(error, aiohttp.ClientError | OSError):  # TimeoutError is an OSError
        return OutcomeUnknown(None, name)
    # What is left is a header that cannot be written: a token with a line break in it.
    return ChannelStopped(None, name, _("Mã truy cập Zalo đã lưu không hợp lệ. Cần kết nối lại OA."))
