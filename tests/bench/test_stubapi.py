"""The stub of Zalo's message call speaks HTTP to a real client and counts what it is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bench.rawclient import send_all
from bench.stubapi import Faults, Stub, serve
from groups.zalo.client import ZaloClient
from groups.zalo.errors import OutcomeUnknown, Permanent, Temporary
from groups.zalo.http import open_session


class Token:
    async def get(self) -> str:
        return "token"

    async def renew(self, rejected_token: str) -> str:
        raise AssertionError("the stub rejects no token")


def with_stub(faults: Faults, use: Callable[[Stub, str], Awaitable[Any]]) -> Any:
    """Run ``use(stub, url)`` while the stub listens."""

    async def run() -> Any:
        stub = Stub(faults)
        server = await serve(stub, 0)
        async with server:
            return await use(stub, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    return asyncio.run(run())


def post(faults: Faults, *groups: str, text: str = "Tin\nTB-2611-0001") -> tuple[list, dict]:
    """Post ``text`` to each group by the portal's own client; message ids or errors, and what was counted."""

    async def use(stub: Stub, url: str) -> tuple[list, dict]:
        async with open_session(1) as session:
            client = ZaloClient(session, Token(), url)
            ends = []
            for group in groups:
                ends += await asyncio.gather(client.send_group_text(group, text), return_exceptions=True)
        return ends, stub.stats()

    return with_stub(faults, use)


def test_message_posted_is_answered_in_zalos_envelope_and_counted():
    ends, stats = post(Faults(), "g1", "g2")
    assert [end.message_id for end in ends] == ["stub1", "stub2"]
    assert (stats["total"], stats["unique"], stats["dup"]) == (2, 2, 0)


def test_same_code_twice_to_one_group_counts_as_duplicate():
    _ends, stats = post(Faults(), "g1", "g1")
    assert (stats["unique"], stats["dup"]) == (1, 1)


def test_code_of_the_last_line_names_the_message():
    """A correction quotes the code of what it corrects."""

    async def use(stub: Stub, url: str) -> dict:
        async with open_session(1) as session:
            client = ZaloClient(session, Token(), url)
            for text in ("Tin\nTB-2611-0001", "Đính chính TB-2611-0001\nTB-2611-0002", "Tin\nTB-2611-0002"):
                await client.send_group_text("g1", text)
        return stub.stats()

    stats = with_stub(Faults(), use)
    assert (stats["posted"], stats["unique"], stats["dup"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("faults", "error", "posted"),
    [
        (Faults(fail_every=1), Permanent, 0),
        (Faults(http500_every=1), OutcomeUnknown, 0),
        (Faults(drop_every=1), OutcomeUnknown, 1),
    ],
)
def test_fault_reaches_the_client_as_its_class(faults: Faults, error: type[Exception], posted: int):
    ends, stats = post(faults, "g1")
    assert isinstance(ends[0], error)
    assert (stats["failed"], stats["posted"]) == (1, posted)


def test_rate_limit_exceeded_answers_429_with_retry_after():
    ends, stats = post(Faults(max_rps=1), "g1", "g2")
    assert isinstance(ends[1], Temporary)
    assert ends[1].wait_seconds == 1
    assert stats["limited"] == 1


def test_delay_keeps_calls_in_flight_together():
    async def use(stub: Stub, url: str) -> tuple[float, dict]:
        return await send_all(url, count=20, conc=10, code="TB-2611-0001"), stub.stats()

    seconds, stats = with_stub(Faults(delay_ms=20), use)
    assert seconds >= 0.04
    assert (stats["total"], stats["max_in_flight"]) == (20, 10)


def test_conversation_shows_what_was_posted_to_the_group():
    async def use(_stub: Stub, url: str) -> list:
        async with open_session(1) as session:
            client = ZaloClient(session, Token(), url)
            for number in (1, 2):
                await client.send_group_text("g1", f"Tin\nTB-2611-000{number}")
            await client.send_group_text("g2", "Tin\nTB-2611-0003")
            return await client.get_conversation("g1")

    items = with_stub(Faults(), use)
    assert [item.text for item in items] == ["TB-2611-0002", "TB-2611-0001"]
    assert all(item.is_ours for item in items)


def test_setting_options_starts_the_counting_anew():
    async def use(stub: Stub, url: str) -> tuple[dict, dict]:
        await send_all(url, count=3, conc=1, code="TB-2611-0001")
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}/__set", json={"delay_ms": 5}) as response:
                options = await response.json(content_type=None)
            async with session.get(f"{url}/__stats") as response:
                return options, await response.json(content_type=None)

    options, stats = with_stub(Faults(max_rps=1000), use)
    assert (options["delay_ms"], options["max_rps"], stats["total"]) == (5, 1000, 0)


def test_request_in_pieces_and_two_in_one_are_both_read():
    body = b'{"recipient":{"group_id":"g"},"message":{"text":"TB-2611-0001"}}'
    head = b"POST /v3.0/oa/group/message HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def use(stub: Stub, url: str) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        for piece in (head[:20], head[20:] + body[:5], body[5:] + head + body):
            writer.write(piece)
            await asyncio.sleep(0.01)
        answers = 0
        while answers < 2:
            answers += (await reader.readuntil(b"\r\n\r\n")).count(b"200 OK")
        writer.close()
        return stub.stats()["total"]

    assert with_stub(Faults(), use) == 2


def test_fullest_minute_is_counted_for_each_account_and_slides():
    stub = Stub(Faults())
    for account, moment in ((b"a", 0.0), (b"a", 59.0), (b"b", 59.5), (b"a", 60.0), (b"a", 61.0)):
        stub.arrived(account, 1000 + moment)

    assert (stub.stats()["accounts"], stub.stats()["max_minute"], stub.stats()["seconds"]) == (2, 3, 61.0)
