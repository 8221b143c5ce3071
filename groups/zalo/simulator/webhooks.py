"""Webhooks of the simulated platform: signed over the exact bytes, tried again by the platform's ladder.

Anything but HTTP 200 within two seconds is a failure; after the sixth the account's hook is switched off
until somebody switches it on again. ``mac`` is the SHA-256 of app id + body + timestamp + OA secret key, not
an HMAC. The body is UTF-8 with Vietnamese letters unescaped, so a receiver that re-serialises it before
checking fails.
"""

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Any

import aiohttp

from groups.zalo.simulator.people import Person
from groups.zalo.simulator.state import Account, Group, Message, World

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 2
# Seconds from one try to the next; waits run on the movable clock.
LADDER = (30, 300, 900, 1800, 3600)
EVENT_KINDS = {"text": "text", "photo": "image", "file": "file"}


@dataclass(slots=True)
class Delivery:
    """One event on its way: same body and signature at every try."""

    oa_id: str
    url: str
    body: bytes
    mac: str
    failures: int = 0
    due_at: int = 0


class Hooks:
    """Posts events of all accounts in the background."""

    def __init__(self, world: World):
        self.world = world
        self.echoes = True
        self.waiting: list[Delivery] = []
        self._tasks: set[asyncio.Task] = set()
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))

    async def close(self) -> None:
        """Drop what is still on its way; the platform would deliver it later."""
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()

    def echo(self, account: Account, group: Group, message: Message) -> None:
        """``oa_send_group_*``: tell the portal what its own account has just posted."""
        if not self.echoes:
            return
        body: dict[str, Any] = {"text": message.text, "msg_id": message.message_id}
        if message.attachment_id:
            body["attachments"] = [{"type": "image", "payload": {"id": message.attachment_id}}]
        event = {
            "app_id": account.app_id,
            "oa_id": account.oa_id,
            "event_name": f"oa_send_group_{EVENT_KINDS[message.kind]}",
            "sender": {"id": account.oa_id},
            "recipient": {"id": group.group_id},
            "message": body,
            "timestamp": str(message.at),
        }
        self.post(account, event)

    def private(self, account: Account, person: Person, message: Message) -> None:
        """``user_send_*`` for what a person wrote, ``oa_send_*`` for what the account answered."""
        sides = [{"id": person.user_id}, {"id": account.oa_id}]
        if message.is_ours:
            if not self.echoes:
                return
            sides.reverse()
        body: dict[str, Any] = {"msg_id": message.message_id, "text": message.text}
        if message.attachment_id:
            url = f"{self.world.base_url}/anh/{message.attachment_id}"
            body["attachments"] = [{"type": "image", "payload": {"thumbnail": url, "url": url}}]
        side = "oa" if message.is_ours else "user"
        event = {
            "app_id": account.app_id,
            "user_id_by_app": f"5{person.user_id[1:]}",
            "event_name": f"{side}_send_{EVENT_KINDS[message.kind]}",
            "sender": sides[0],
            "recipient": sides[1],
            "message": body,
            "timestamp": str(message.at),
        }
        self.post(account, event)

    def follow(self, account: Account, person: Person) -> None:
        """``follow``: a person has met the account."""
        event = {
            "app_id": account.app_id,
            "oa_id": account.oa_id,
            "user_id_by_app": f"5{person.user_id[1:]}",
            "event_name": "follow",
            "source": "oa_profile",
            "follower": {"id": person.user_id},
            "timestamp": str(self.world.clock.now()),
        }
        self.post(account, event)

    def revoked(self, account: Account) -> None:
        """``permission_revoked``: the account's administrator has withdrawn the grant."""
        event = {
            "app_id": account.app_id,
            "oa_id": account.oa_id,
            "event_name": "permission_revoked",
            "timestamp": str(self.world.clock.now()),
        }
        self.post(account, event)

    def post(self, account: Account, event: dict[str, Any]) -> None:
        """Post ``event`` to the account's address, or the world's, in the background."""
        url = account.webhook_url or self.world.webhook_url
        if not url:
            return
        if account.is_hook_off:
            self.world.stats.webhooks["dropped"] += 1
            return
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        self._start(Delivery(account.oa_id, url, body, sign(account, body, event["timestamp"])))

    def retry_due(self) -> None:
        """Start the tries whose time has come."""
        now = self.world.clock.now()
        due = [delivery for delivery in self.waiting if delivery.due_at <= now]
        self.waiting = [delivery for delivery in self.waiting if delivery.due_at > now]
        for delivery in due:
            self._start(delivery)

    def switch_on(self, account: Account) -> None:
        """What a person does in the console after the platform has given up."""
        account.is_hook_off = False
        self.world.version += 1

    def _start(self, delivery: Delivery) -> None:
        if self._session is None:
            return
        task = asyncio.get_running_loop().create_task(self._try(delivery))
        # The loop keeps only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json", "X-ZEvent-Signature": f"mac={delivery.mac}"}
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


def sign(account: Account, body: bytes, timestamp: str) -> str:
    """The signature the real platform sends for ``body``."""
    return hashlib.sha256(
        account.app_id.encode() + body + timestamp.encode() + account.oa_secret.encode()
    ).hexdigest()
