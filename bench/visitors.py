"""Visitors of a web form: open the page, read its hidden fields, send it. Cheap: the server is measured.

A visit is a GET and a POST with a cookie of its own and an address of its own (in a header that the portal
trusts here), over a connection that is kept for the next visit.
"""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

HIDDEN = re.compile(rb'<input type="hidden" name="([^"]+)" value="([^"]*)"')
COOKIE = re.compile(rb"^set-cookie: *(?:__Host-csrf|csrftoken)=([^;\r]+)", re.IGNORECASE | re.MULTILINE)
LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
CLOSES = re.compile(rb"^connection: *close", re.IGNORECASE | re.MULTILINE)
COOKIE_NAME = "csrftoken"


@dataclass(frozen=True)
class Target:
    """A form: where it is, what to fill in, and what tells that it was taken."""

    port: int
    path: str
    fill: Callable[[int], dict[str, str]]
    is_accepted: Callable[[int, bytes], bool]


@dataclass
class Tally:
    """What visitors saw, and what it cost the web server. Times in seconds."""

    gets: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    example: bytes = b""

    @property
    def rate(self) -> float:
        """Visits in a second that ended with the form being taken."""
        return (len(self.posts) - self.refused) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Processor time of the web server for one visit, milliseconds."""
        return self.cpu_seconds * 1000 / len(self.posts)


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of all stay at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def visit(target: Target, *, visitors: int, seconds: float, first: int = 0) -> Tally:
    """Let ``visitors`` visit again and again for ``seconds``; visits are numbered from ``first``."""
    return asyncio.run(_visit(target, visitors, seconds, first))


async def _visit(target: Target, visitors: int, seconds: float, first: int) -> Tally:
    tally, numbers = Tally(), iter(range(first, first + 10**9))
    started = time.perf_counter()
    deadline = started + seconds
    await asyncio.gather(*(_visitor(target, tally, numbers, deadline) for _ in range(visitors)))
    tally.seconds = time.perf_counter() - started
    return tally


async def _visitor(target: Target, tally: Tally, numbers: object, deadline: float) -> None:
    browser = Browser(target.port)
    for number in numbers:
        if time.perf_counter() >= deadline:
            break
        await _one_visit(browser, target, tally, number)
    browser.close()


async def _one_visit(browser: "Browser", target: Target, tally: Tally, number: int) -> None:
    # A network of its own for each: limits count by network.
    address = f"X-Forwarded-For: fd00:{number >> 16:x}:{number & 0xFFFF:x}::1\r\n"
    started = time.perf_counter()
    _status, head, page = await browser.ask("GET", target.path, address)
    opened = time.perf_counter()
    cookie = COOKIE.search(head)
    token = cookie[1].decode() if cookie else ""
    hidden = {name.decode(): value.decode() for name, value in HIDDEN.findall(page)}
    body = urlencode({**hidden, **target.fill(number)}).encode()
    headers = f"{address}Cookie: {COOKIE_NAME}={token}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    status, _head, answer = await browser.ask("POST", target.path, headers, body)
    tally.gets.append(opened - started)
    tally.posts.append(time.perf_counter() - opened)
    if not target.is_accepted(status, answer):
        tally.refused += 1
        tally.example = tally.example or b"%d " % status + answer


class Browser:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int):
        self.port = port
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, headers: str, body: bytes = b"") -> tuple[int, bytes, bytes]:
        """One request; status, head and body of the answer.

        Asked once more on a fresh connection when the kept one turns out to be closed.
        """
        first = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        request = f"{first}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
        for is_last in (False, True):
            is_fresh = self.writer is None
            try:
                if is_fresh:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.writer.write(request)
                return await self._answer()
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if is_fresh or is_last:
                    raise
        raise AssertionError("unreachable")

    async def _answer(self) -> tuple[int, bytes, bytes]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await self.reader.readexactly(int(length[1]) if length else 0)
        if CLOSES.search(head):
            self.close()
        return int(head.split(b" ", 2)[1]), head, body

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None
