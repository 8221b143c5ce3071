"""The OA API of the simulated platform: paths, parameters and answers in the real shapes.

HTTP 200 for refusals too, ``text/json``, rate headers on every answer, 404 for unknown paths, the token only
from the header ``access_token``.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from groups.zalo.simulator import faults, grants, people
from groups.zalo.simulator.state import (
    CONVERSATION_CAP,
    PAGE_CAP,
    Account,
    Group,
    Message,
    Refusal,
    World,
)
from groups.zalo.simulator.webhooks import Hooks

KINDS = {"text": "text", "photo": "photo", "file": "link"}


@dataclass(slots=True)
class Call:
    """A request taken apart: what every handler needs to know of it."""

    path: str
    method: str
    token: str
    fields: dict[str, Any] = field(default_factory=dict)
    file: bytes | None = None

    @property
    def group_id(self) -> str:
        """The group the call is about, wherever the caller put it."""
        recipient = self.fields.get("recipient")
        value = recipient.get("group_id") if isinstance(recipient, dict) else self.fields.get("group_id")
        return value if isinstance(value, str) else ""

    @classmethod
    async def read(cls, request: web.Request) -> "Call":
        call = cls(request.path, request.method, request.headers.get("access_token", ""))
        if request.method == "GET":
            call.fields = dict(request.query)
        elif request.content_type == "multipart/form-data":
            part = (await request.post()).get("file")
            call.file = part.file.read() if isinstance(part, web.FileField) else None
        else:
            call.fields = _json_object(await request.read())
        return call

    def number(self, name: str, default: int) -> int:
        value = str(self.fields.get(name, default))
        if not value.isdecimal():
            raise Refusal(-201, f"{name} is invalid!")
        return int(value)


class OpenApi:
    """Answers ``/v2.0/oa/...`` and ``/v3.0/oa/...``."""

    def __init__(self, world: World, board: faults.FaultBoard, hooks: Hooks):
        self.world = world
        self.board = board
        self.hooks = hooks
        self.paths = {
            ("POST", "/v3.0/oa/group/message"): self.send,
            ("POST", "/v3.0/oa/message/cs"): self.send_private,
            ("GET", "/v3.0/oa/group/getgroupsofoa"): self.list_groups,
            ("GET", "/v3.0/oa/group/getgroup"): self.get_group,
            ("GET", "/v3.0/oa/group/listmember"): self.list_members,
            ("GET", "/v3.0/oa/group/conversation"): self.conversation,
            ("POST", "/v2.0/oa/upload/image"): self.upload_image,
            ("GET", "/v2.0/oa/getoa"): self.get_oa,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, counted, through whatever fault is switched on for it."""
        call = await Call.read(request)
        outcome = "aborted"
        self.world.stats.begin()
        try:
            response, outcome = await self._answer(request, call)
            return response
        finally:
            self.world.stats.end(call.path, outcome)

    async def _answer(self, request: web.Request, call: Call) -> tuple[web.StreamResponse, str]:
        world = self.world
        if world.is_out:
            return faults.hang_up(request), "outage"
        if (call.method, call.path) not in self.paths:
            return web.Response(status=404, text="404 page not found"), "http_404"
        owner = world.grants.get(call.token, ("", 0))[0]
        fault = self.board.take(call.path, call.group_id, owner, now=world.clock.now(), dice=world.random)
        envelope: dict[str, Any] = {}
        headers: dict[str, str] = {}
        if fault is None or fault.takes_effect:
            envelope, headers = self._execute(call)
            if fault is not None and fault.kind == "duplicate":
                self._execute(call)
        if world.delay_ms:
            await asyncio.sleep(world.delay_ms / 1000)
        if fault is None or fault.kind in {"slow", "duplicate"}:
            await asyncio.sleep(fault.delay_ms / 1000 if fault else 0)
            return faults.reply(envelope, headers), str(envelope["error"])
        return await faults.play(fault, request, envelope, headers)

    def _execute(self, call: Call) -> tuple[dict[str, Any], dict[str, str]]:
        """Run the call; the envelope and the rate headers."""
        headers: dict[str, str] = {}
        try:
            account = grants.account_of(self.world, call.token)
            headers["X-RateLimit-Limit"] = str(account.rate_per_minute)
            headers["X-RateLimit-Remain"] = "0"
            headers["X-RateLimit-Remain"] = str(self.world.count_call(account))
            if account.blocked_code:
                raise Refusal(account.blocked_code, "blocked by the simulator's operator")
            data = self.paths[call.method, call.path](account, call)
        except Refusal as refusal:
            return {"error": refusal.code, "message": refusal.message}, headers
        return {"error": 0, "message": "Success", "data": data}, headers

    # --- Handlers ----------------------------------------------------------------------------------------

    def send(self, account: Account, call: Call) -> dict[str, Any]:
        message = call.fields.get("message")
        if not isinstance(message, dict):
            raise Refusal(-201, "message is invalid!")
        group = self.world.group_of(account, call.group_id)
        posted = self.world.post(account, group, message)
        self.hooks.echo(account, group, posted)
        return {"message_id": posted.message_id, "group_id": group.group_id}

    def send_private(self, account: Account, call: Call) -> dict[str, Any]:
        recipient = call.fields.get("recipient")
        user_id = recipient.get("user_id") if isinstance(recipient, dict) else None
        person, message, quota = people.answer(self.world, account, user_id, call.fields.get("message"))
        self.hooks.private(account, person, message)
        return {"message_id": message.message_id, "user_id": person.user_id, "quota": quota}

    def list_groups(self, account: Account, call: Call) -> dict[str, Any]:
        groups = self.world.groups_of(account)
        offset, page = _page(call, groups)
        return {
            "offset": offset,
            "count": len(page),
            "total": len(groups),
            "group_count": len(page),
            "groups": [_group_row(group) for group in page],
        }

    def get_group(self, account: Account, call: Call) -> dict[str, Any]:
        group = self.world.group_of(account, call.group_id)
        info = _group_row(group) | {"max_member": "100", "auto_delete_date": ""}
        asset = {
            "asset_type": "gmf100",
            "asset_id": f"as_{group.group_id[:6]}",
            "valid_through": "31/12/2026",
            "auto_renew": "true",
        }
        settings = {
            "lock_send_msg": False,
            "join_appr": True,
            "enable_msg_history": False,
            "enable_link_join": True,
        }
        return {"group_info": info, "asset_info": asset, "group_setting": settings}

    def list_members(self, account: Account, call: Call) -> dict[str, Any]:
        group = self.world.group_of(account, call.group_id)
        members = [{"oa_id": account.oa_id, "name": account.name, "avatar": ""}]
        members += [{"avatar": "", **member} for member in group.members]
        offset, page = _page(call, members)
        return {
            "offset": offset,
            "count": len(page),
            "total": len(members),
            "member_count": len(page),
            "members": page,
        }

    def conversation(self, account: Account, call: Call) -> list[dict[str, Any]]:
        group = self.world.group_of(account, call.group_id)
        newest = self.world.clock.now() - self.world.visible_after_ms
        visible = [message for message in reversed(group.messages) if message.at <= newest]
        _offset, page = _page(call, visible, cap=CONVERSATION_CAP)
        return [_conversation_row(account, group, message) for message in page]

    def upload_image(self, account: Account, call: Call) -> dict[str, Any]:
        if call.file is None:
            raise Refusal(-201, "file is invalid!")
        return {"attachment_id": self.world.add_upload(account, call.file)}

    def get_oa(self, account: Account, call: Call) -> dict[str, Any]:
        return {
            "oa_id": account.oa_id,
            "name": account.name,
            "description": "",
            "oa_alias": "",
            "is_verified": True,
            "oa_type": account.oa_type,
            "cate_name": "Cơ quan nhà nước" if account.oa_type == 4 else "Doanh nghiệp",
            "num_follower": sum(group.size for group in self.world.groups_of(account)),
            "avatar": "",
            "cover": "",
            "package_name": "Tăng trưởng",
            "package_valid_through_date": "31/12/2026",
            "package_auto_renew_date": "",
            "linked_ZCA": "",
        }


def _page(call: Call, items: list, *, cap: int = PAGE_CAP) -> tuple[int, list]:
    offset, size = call.number("offset", 0), min(call.number("count", 5), cap)
    return offset, items[offset : offset + size]


def _group_row(group: Group) -> dict[str, Any]:
    return {
        "group_id": group.group_id,
        "name": group.name,
        "avatar": "",
        "group_link": f"https://zalo.me/g/{group.group_id[:9]}",
        "group_description": "",
        "status": group.status,
        "total_member": group.size,
    }


def _conversation_row(account: Account, group: Group, message: Message) -> dict[str, Any]:
    return {
        "src": 0 if message.is_ours else 1,
        "time": message.at,
        "type": KINDS[message.kind],
        "message": message.text,
        "message_id": message.message_id,
        "group_id": group.group_id,
        "from_id": message.from_id,
        "from_display_name": message.from_name or account.name,
        "from_avatar": "",
    }


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
