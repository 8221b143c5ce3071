"""Webhooks of the simulated platform: signed over the exact bytes, tried again by the platform's ladder.

Anything but HTTP 200 within two seconds is a failure; after the sixth the account's hook is switched off
until somebody switches it on again. ``mac`` is the SHA-256 of app id + body + timestamp + OA secret key, not
an HMAC. The body is UTF-8 with Vietnamese letters unescaped, so a receiver that re-serialises it before
checking fails. Faults of the family ``webhook`` spoil events on their way.
"""

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import aiohttp

from groups.zalo.simulator import assets, events
from groups.zalo.simulator.faults import Fault
from groups.zalo.simulator.people import Person
from groups.zalo.simulator.records import DAY_MS, HOUR_MS, Account, Group, Message
from groups.zalo.simulator.state import World

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 2
# Seconds from one try to the next; waits run on the movable clock.
LADDER = (30, 300, 900, 1800, 3600)
DELAY_MS = 60_000
# How long an event is held back for a later one to overtake it.
OVERTAKEN_MS = 5_000
HUGE_TEXT = "x" * 2 * 1024 * 1024
OTHER_APP = "9999999999999999999"


@dataclass(slots=True)
class Delivery:
    """One event on its way: same body and signature at every try. ``mac`` None: no header at all."""

    oa_id: str
    url: str
    body: bytes
    mac: str | None
    failures: int = 0
    due_at: int = 0


class Hooks:
    """Posts events of all accounts in the background."""

    def __init__(self, world: World):
        self.world = world
        self.echoes = True
        self.waiting: list[Delivery] = []
        self.held: list[Delivery] = []
        self._early: list[asyncio.Task] = []
        self._tasks: set[asyncio.Task] = set()
        self._session: aiohttp.ClientSession | None = None
        world.tell = self.group_changed

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))

    async def close(self) -> None:
        """Drop what is still on its way; the platform would deliver it later."""
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()

    def forget(self) -> None:
        """Drop what waits, and echo again."""
        self.echoes = True
        self.waiting.clear()
        self.held.clear()

    @property
    def backlog(self) -> int:
        """Events not yet taken: waiting for their next try, held back, or on the wire."""
        return len(self.waiting) + len(self.held) + len(self._tasks)

    # --- What happened -----------------------------------------------------------------------------------

    def said_in_group(self, account: Account, group: Group, message: Message) -> None:
        """A member wrote, or the account posted: then this is the echo."""
        if not message.is_ours or self.echoes:
            self.post(account, events.in_group(self.world, account, group, message))

    def said_in_private(self, account: Account, person: Person, message: Message) -> None:
        """A person wrote to the account, or the account answered: then this is the echo."""
        if not message.is_ours or self.echoes:
            self.post(account, events.in_private(self.world, account, person, message))

    def followed(self, account: Account, person: Person) -> None:
        """A person follows the account, or no longer does."""
        self.post(account, events.follow(account, person, self.world.clock.now()))

    def withdrawn(self, account: Account, person: Person) -> None:
        """A person takes back their consent to the use of their data."""
        self.post(account, events.withdrawn(account, person, self.world.clock.now()))

    def group_changed(self, name: str, group: Group, users: list[str]) -> None:
        """A step in the life of a group."""
        account = self.world.accounts[group.oa_id]
        self.post(account, events.of_group(account, name, group, users, self.world.clock.now()))

    def revoked(self, account: Account) -> None:
        """The account's administrator has withdrawn the grant."""
        self.post(account, events.of_account(account, "permission_revoked", self.world.clock.now()))

    # --- On the way --------------------------------------------------------------------------------------

    def post(self, account: Account, event: dict[str, Any]) -> None:
        """Post ``event`` to the account's address, or the world's, in the background."""
        url = account.webhook_url or self.world.webhook_url
        name = event["event_name"]
        if not url or not any(fnmatchcase(name, ticked) for ticked in account.events):
            return
        if account.is_hook_off:
            self.world.stats.webhooks["dropped"] += 1
            return
        now, dice = self.world.clock.now(), self.world.random
        group_id = event.get("group_id") or event.get("recipient", {}).get("id", "")
        fault = self.world.board.take(name, group_id, account.oa_id, now=now, dice=dice, family="webhook")
        if fault is None:
            self._send(self._signed(account, url, event))
        else:
            self._spoil(fault, account, url, event)

    def advance(self, seconds: float) -> None:
        """Move the clock, and let happen what was waiting for it."""
        self.world.clock.advance(seconds)
        self.tick()

    def tick(self) -> None:
        """End what has run out, try again what is due."""
        assets.sweep(self.world)
        self.retry_due()

    def retry_due(self) -> None:
        """Start the tries whose time has come; release events nothing has overtaken."""
        now = self.world.clock.now()
        due = [delivery for delivery in self.waiting if delivery.due_at <= now]
        due += [delivery for delivery in self.held if delivery.due_at <= now]
        self.waiting = [delivery for delivery in self.waiting if delivery.due_at > now]
        self.held = [delivery for delivery in self.held if delivery.due_at > now]
        for delivery in due:
            self._start(delivery)

    def switch_on(self, account: Account) -> None:
        """What a person does in the console after the platform has given up."""
        account.is_hook_off = False
        self.world.version += 1

    async def early(self) -> None:
        """Wait for events that must arrive before the answer to the call that caused them."""
        early, self._early = self._early, []
        if early:
            await asyncio.wait(early)

    def _signed(self, account: Account, url: str, event: dict[str, Any]) -> Delivery:
        escaped = self.world.switches.escape_webhooks
        body = json.dumps(event, ensure_ascii=escaped, separators=(",", ":")).encode()
        return Delivery(account.oa_id, url, body, sign(account, body, event["timestamp"], event["app_id"]))

    def _spoil(self, fault: Fault, account: Account, url: str, event: dict[str, Any]) -> None:
        """Send an event the way ``fault`` wants it."""
        now, kind = self.world.clock.now(), fault.kind
        delivery = self._signed(account, url, _changed(event, kind, now))
        if kind == "webhook_lost":
            self.world.stats.webhooks["lost"] += 1
        elif kind == "webhook_delay":
            delivery.due_at = now + (fault.delay_ms or DELAY_MS)
            self.waiting.append(delivery)
        elif kind == "webhook_reorder":
            delivery.due_at = now + (fault.delay_ms or OVERTAKEN_MS)
            self.held.append(delivery)
        elif kind == "webhook_early":
            task = self._start(delivery)
            if task is not None:
                self._early.append(task)
        elif kind in {"webhook_wrong_mac", "webhook_no_mac"}:
            self._send(replace(delivery, mac="0" * 64 if kind == "webhook_wrong_mac" else None))
        else:
            self._send(delivery)
            for extra in self._extra(kind, account, url, event):
                self._send(extra)

    def _extra(self, kind: str, account: Account, url: str, event: dict[str, Any]) -> list[Delivery]:
        """What comes besides the event itself."""
        if kind == "webhook_duplicate":
            return [self._signed(account, url, event)]
        if kind == "webhook_unknown":
            news = {"event_name": "user_something_nobody_knows", "surprise": {"deep": [1, None, "ạ"]}}
            return [self._signed(account, url, event | news)]
        if kind == "webhook_huge":
            return [self._signed(account, url, event | {"message": {"msg_id": "huge", "text": HUGE_TEXT}})]
        if kind == "webhook_not_json":
            body = b"<html>not json</html>"
            return [
                Delivery(account.oa_id, url, body, sign(account, body, event["timestamp"], account.app_id))
            ]
        return []

    def _send(self, delivery: Delivery) -> None:
        """Start a delivery; an event held back goes out behind it."""
        held, self.held = self.held, []
        first = self._start(delivery)
        for late in held:
            self._start(late, after=first)

    def _start(self, delivery: Delivery, *, after: asyncio.Task | None = None) -> asyncio.Task | None:
        if self._session is None:
            return None
        task = asyncio.get_running_loop().create_task(self._try(delivery, after))
        # The loop keeps only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _try(self, delivery: Delivery, after: asyncio.Task | None) -> None:
        if after is not None:
            await asyncio.wait([after])
        headers = {"Content-Type": "application/json"}
        if delivery.mac is not None:
            headers["X-ZEvent-Signature"] = f"mac={delivery.mac}"
        if delivery.failures:
            headers["num_retry"] = str(delivery.failures)
        try:
            async with self._session.post(delivery.url, data=delivery.body, headers=headers) as response:
                outcome = str(response.status)
        except (aiohttp.ClientError, OSError) as error:
            outcome = type(error).__name__
        self.world.stats.webhooks[outcome] += 1
        if outcome != "200":
            self._failed(delivery)

    def _failed(self, delivery: Delivery) -> None:
        delivery.failures += 1
        if delivery.failures <= len(LADDER):
            delivery.due_at = self.world.clock.now() + LADDER[delivery.failures - 1] * 1000
            self.waiting.append(delivery)
            return
        account = self.world.accounts.get(delivery.oa_id)
        if account is not None:
            account.is_hook_off = True
            self.world.version += 1


def sign(account: Account, body: bytes, timestamp: str, app_id: str = "") -> str:
    """The signature the real platform sends for ``body``."""
    signed = (app_id or account.app_id).encode() + body + timestamp.encode() + account.oa_secret.encode()
    return hashlib.sha256(signed).hexdigest()


def _changed(event: dict[str, Any], kind: str, now: int) -> dict[str, Any]:
    """The event as faults that change its contents make it; correctly signed all the same."""
    if kind == "webhook_other_app":
        return event | {"app_id": OTHER_APP}
    if kind == "webhook_old":
        return event | {"timestamp": str(now - DAY_MS - HOUR_MS)}
    return event
