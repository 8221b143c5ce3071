"""A request to the OA API taken apart: what every handler needs to know of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from groups.zalo.simulator.records import Refusal

PAGE_CAP = 50


@dataclass(slots=True)
class Call:
    """Path, token and parameters, wherever the caller put them."""

    path: str
    method: str
    token: str
    fields: dict[str, Any] = field(default_factory=dict)
    file: bytes | None = None

    @property
    def group_id(self) -> str:
        """The group the call is about."""
        recipient = self.fields.get("recipient")
        value = recipient.get("group_id") if isinstance(recipient, dict) else self.fields.get("group_id")
        return value if isinstance(value, str) else ""

    @property
    def data(self) -> dict[str, Any]:
        """The one query parameter ``data`` of the calls about users: JSON; -201 when it is not an object."""
        raw = self.fields.get("data")
        data = _json_object(raw.encode()) if isinstance(raw, str) else None
        if data is None:
            raise Refusal(-201, "data is invalid!")
        return data

    @classmethod
    async def read(cls, request: web.Request) -> "Call":
        call = cls(request.path, request.method, request.headers.get("access_token", ""))
        if request.method == "GET":
            call.fields = dict(request.query)
        elif request.content_type == "multipart/form-data":
            part = (await request.post()).get("file")
            call.file = part.file.read() if isinstance(part, web.FileField) else None
        else:
            call.fields = _json_object(await request.read()) or {}
        return call

    def number(self, name: str, default: int) -> int:
        return number(self.fields, name, default)


def number(fields: dict[str, Any], name: str, default: int) -> int:
    """A whole number, also as digits in a string; -201 for anything else."""
    value = str(fields.get(name, default))
    if not value.isdecimal():
        raise Refusal(-201, f"{name} is invalid!")
    return int(value)


def page_of(call: Call, items: list, *, cap: int = PAGE_CAP) -> tuple[int, list]:
    """``offset`` and the page of ``count`` items (5 unless told) that begins there."""
    offset, size = call.number("offset", 0), min(call.number("count", 5), cap)
    return offset, items[offset : offset + size]


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
