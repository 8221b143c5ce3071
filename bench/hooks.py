"""Zalo's side of the webhook: signed events, posted over kept connections as fast as they are answered."""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.visitors import Browser
from bench.world import WEBHOOK_KEY
from groups.models import Group

PATH = "/zalo/webhook/"


@dataclass(frozen=True)
class Event:
    """A body and what proves it."""

    body: bytes
    headers: str


@dataclass
class Tally:
    """What Zalo saw: seconds of each answer, and how many were no 200."""

    answers: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0
    example: bytes = b""

    @property
    def rate(self) -> float:
        """Events accepted in a second."""
        return (len(self.answers) - self.refused) / self.seconds


class Writer:
    """Writes events of some groups: every second one copies a post, the rest are joins and leaves."""

    def __init__(self, groups: list[Group], text: str):
        self.groups, self.text, self._number = groups, text, 0

    def events(self, count: int, *, twice_percent: float = 0) -> list[Event]:
        """``count`` different events of this moment; ``twice_percent`` of them stand in the list twice."""
        found: list[Event] = []
        for number in range(count):
            found.append(self._event())
            if twice_percent and number % max(1, round(100 / twice_percent)) == 0:
                found.append(found[-1])
        return found

    def _event(self) -> Event:
        self._number += 1
        group = self.groups[self._number % len(self.groups)]
        account = group.official_account
        timestamp = str(int(time.time() * 1000))
        body = {"app_id": account.app_id, "oa_id": account.oa_id, "timestamp": timestamp, **self._kind(group)}
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        plain = account.app_id.encode() + raw + timestamp.encode() + WEBHOOK_KEY.encode()
        mac = hashlib.sha256(plain).hexdigest()
        return Event(raw, f"Content-Type: application/json\r\nX-ZEvent-Signature: mac={mac}\r\n")

    def _kind(self, group: Group) -> dict:
        number = self._number
        if number % 2:
            message = {"text": f"{self.text} {number}", "msg_id": f"{number:020x}"}
            sides = {"sender": {"id": group.official_account.oa_id}, "recipient": {"id": group.zalo_group_id}}
            return {"event_name": "oa_send_group_text", "message": message, **sides}
        name = "user_join_group" if number % 4 else "user_out_group"
        return {"event_name": name, "group_id": group.zalo_group_id, "users": [{"id": f"u{number}"}]}


def deliver(port: int, events: list[Event], *, connections: int, path: str = PATH) -> Tally:
    """Post ``events`` over ``connections`` at once, as fast as the answers come."""
    return asyncio.run(_deliver(port, iter(events), connections, path))


def deliver_steadily(port: int, events: list[Event], *, rate: float, connections: int) -> Tally:
    """Post ``events`` at ``rate`` a second, whether or not the earlier ones are answered."""
    return asyncio.run(_steadily(port, events, rate, connections))


async def _deliver(port: int, events: Iterator[Event], connections: int, path: str) -> Tally:
    tally = Tally()

    async def connection() -> None:
        browser = Browser(port)
        for event in events:
            await _post(browser, path, event, tally)
        browser.close()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(connections)))
    tally.seconds = time.perf_counter() - started
    return tally


async def _steadily(port: int, events: list[Event], rate: float, connections: int) -> Tally:
    tally, free = Tally(), asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(Browser(port))

    async def post(event: Event, due: float) -> None:
        browser = await free.get()
        # Counted from when it should have left: a queue before the door is part of the answer's time.
        await _post(browser, PATH, event, tally, started=due)
        free.put_nowait(browser)

    started, posts = time.perf_counter(), []
    for number, event in enumerate(events):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        posts.append(asyncio.create_task(post(event, max(due, time.perf_counter()))))
    await asyncio.gather(*posts)
    tally.seconds = time.perf_counter() - started
    while not free.empty():
        free.get_nowait().close()
    return tally


async def _post(
    browser: Browser, path: str, event: Event, tally: Tally, *, started: float | None = None
) -> None:
    started = time.perf_counter() if started is None else started
    status, _head, answer = await browser.ask("POST", path, event.headers, event.body)
    tally.answers.append(time.perf_counter() - started)
    if status != 200:
        tally.refused += 1
        tally.example = tally.example or b"%d " % status + answer
