"""Files that people send to an account: fetched from Zalo's own hosts, and from nowhere else.

An event names an address, and whoever can make us open addresses reaches what only we can reach. So: https,
a host of the list, a public IPv4 address (checked where the connection is made), no redirect, no more bytes
and seconds than said. Needs no token.
"""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any, BinaryIO
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 60.0
CHUNK = 64 * 1024
LONGEST_ADDRESS = 2000


class MediaRefused(Exception):
    """The file will never come from this address; the message says why, without the address."""


class MediaWaits(Exception):
    """The host was away, slow or in trouble: later it may come."""


class PublicResolver(ThreadedResolver):
    """Resolves names to addresses of the public internet only."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        public = [answer for answer in found if is_public(answer["host"])]
        if not public:
            raise OSError("no public address")
        return public


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's, for one machine."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast


def is_allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether ``url`` is https on a host of ``hosts`` or below one, at the usual port, without a login."""
    parts = _split(url)
    if parts is None or parts.scheme != "https" or parts.username is not None or parts.password is not None:
        return False
    name = (parts.hostname or "").rstrip(".")
    return parts.port in (None, 443) and any(name == host or name.endswith(f".{host}") for host in hosts)


def is_at(url: str, origin: str) -> bool:
    """Whether ``url`` lies at ``origin``: the same scheme, host and port. For the simulator."""
    one, other = _split(url), _split(origin)
    return one is not None and other is not None and one[:2] == other[:2]


async def fetch(
    url: str, sink: BinaryIO, *, hosts: Sequence[str], most_bytes: int, simulator: str = ""
) -> None:
    """Write what lies at ``url`` into ``sink``.

    ``simulator`` is an origin that needs neither https nor a public address; empty outside development.
    Raises ``MediaRefused`` or ``MediaWaits``.
    """
    is_simulated = bool(simulator) and is_at(url, simulator)
    if not is_simulated and not is_allowed(url, hosts):
        raise MediaRefused("address")
    resolver = ThreadedResolver() if is_simulated else PublicResolver()
    connector = aiohttp.TCPConnector(family=socket.AF_INET, resolver=resolver)
    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
    plain: dict[str, Any] = {
        "trust_env": False,
        "auto_decompress": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
    }
    headers = {"Accept-Encoding": "identity"}
    try:
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=headers, **plain
        ) as session:
            async with session.get(url, allow_redirects=False) as response:
                _check(response, most_bytes)
                await _copy(response, sink, most_bytes)
    except aiohttp.InvalidURL:
        raise MediaRefused("address") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise MediaWaits(type(error).__name__) from None


def _check(response: aiohttp.ClientResponse, most_bytes: int) -> None:
    if response.status >= 500 or response.status == 429:
        raise MediaWaits(f"status {response.status}")
    if response.status != 200:
        raise MediaRefused(f"status {response.status}")
    if (response.content_length or 0) > most_bytes:
        raise MediaRefused("too large")


async def _copy(response: aiohttp.ClientResponse, sink: BinaryIO, most_bytes: int) -> None:
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > most_bytes:
            raise MediaRefused("too large")
        sink.write(chunk)


def _split(url: str) -> SplitResult | None:
    """The parts of an address; None when it is none, or its port is none."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return None
    return parts if len(url) <= LONGEST_ADDRESS and url.isascii() and url.isprintable() else None
