"""Visitors carry the page's tokens and cookie back, and notice a refusal."""

import asyncio
import re
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from bench.visitors import Target, percentile, visit

PAGE = (
    b'<input type="hidden" name="csrfmiddlewaretoken" value="T1"><input type="hidden" name="kept" value="K">'
)


class Site:
    """A form that keeps what it was sent, closes after each POST, and refuses every other one."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict]] = []
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),))

    async def _run(self) -> None:
        self.end = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        async with server:
            await self.end.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"").decode():
            body = await reader.readexactly(int(re.search(r"Content-Length: (\d+)", head)[1]))
            if head.startswith("GET"):
                writer.write(
                    b"HTTP/1.1 200 OK\r\nSet-Cookie: csrftoken=C1; Path=/\r\nContent-Length: %d\r\n"
                    % len(PAGE)
                )
                writer.write(b"\r\n" + PAGE)
                continue
            self.posts.append((head, parse_qs(body.decode())))
            status = b"302 Found" if len(self.posts) % 2 else b"429 Too Many Requests"
            writer.write(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status)
            writer.close()
            return


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    site.thread.start()
    site.ready.wait(60)
    yield site
    site.loop.call_soon_threadsafe(site.end.set)
    site.thread.join(120)


def test_visits_send_the_tokens_of_their_page_and_count_refusals(site: Site):
    target = Target(site.port, "/", lambda n: {"text": f"tin {n}"}, lambda status, _page: status == 302)
    tally = visit(target, visitors=1, seconds=0.05, first=70_000)
    head, form = site.posts[0]
    assert form == {"csrfmiddlewaretoken": ["T1"], "kept": ["K"], "text": ["tin 70000"]}
    assert "Cookie: csrftoken=C1" in head and "X-Forwarded-For: fd00:1:1170::1" in head
    assert len(tally.gets) == len(tally.posts) == len(site.posts)
    assert tally.refused == len(site.posts) // 2
    assert tally.rate == (len(tally.posts) - tally.refused) / tally.seconds


def test_percentile_is_a_value_that_was_measured():
    assert [percentile([3, 1, 2], share) for share in (0, 0.5, 0.99, 1)] == [1, 2, 3, 3]
