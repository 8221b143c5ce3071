"""Every way an answer can go wrong on its way back, switchable while the simulator runs.

A kind says two things: whether the call takes effect first, and what the caller gets to see instead of a
plain answer. That pair is the whole difficulty of sending without an idempotency key, so it is spelled out in
a table.
"""

import asyncio
import json
import socket
import struct
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

TOKEN_PATH = "/v4/oa/access_token"
HANG_MS = 60_000
HUGE_BYTES = 10 * 1024 * 1024

# kind -> whether the message is in the group all the same
TAKES_EFFECT = {
    "timeout_before": False,
    "timeout_after": True,
    "reset_before": False,
    "reset_after": True,
    "gateway_before": False,
    "gateway_after": True,
    "failed_before": False,
    "failed_after": True,
    "error": False,
    "rate_limit": False,
    "token_rejected": False,
    "unauthorized": False,
    "redirect": False,
    "truncated": True,
    "empty": True,
    "html": True,
    "huge": True,
    "no_data": True,
    "text_error": True,
    "slow": True,
    "trickle": True,
    "duplicate": True,
}
# What goes wrong with events on their way to the portal; ``path`` of such a fault names the event.
WEBHOOK_KINDS = (
    "webhook_lost",
    "webhook_duplicate",
    "webhook_reorder",
    "webhook_delay",
    "webhook_early",
    "webhook_wrong_mac",
    "webhook_no_mac",
    "webhook_other_app",
    "webhook_old",
    "webhook_unknown",
    "webhook_huge",
    "webhook_not_json",
)
# What goes wrong when the portal fetches a picture or file an event has named.
MEDIA_KINDS = (
    "media_missing",
    "media_expired",
    "media_huge",
    "media_slow",
    "media_wrong_type",
    "media_redirect",
)
KINDS = (*TAKES_EFFECT, *WEBHOOK_KINDS, *MEDIA_KINDS)
# Answers only the OA API gives: the token endpoint meets them when a fault names its path.
API_ONLY = {
    "rate_limit",
    "token_rejected",
    "unauthorized",
    "failed_before",
    "failed_after",
    "error",
    "duplicate",
}
CODES = {"failed_before": -200, "failed_after": -200, "rate_limit": -32, "token_rejected": -216}


@dataclass(slots=True)
class Fault:
    """One switched-on fault: what it matches and how long it lasts.

    ``times`` None: until ``until`` (ms) or for ever. ``delay_ms`` lengthens the answer, or the hang of a
    time-out.
    """

    kind: str
    path: str = ""
    group_id: str = ""
    oa_id: str = ""
    times: int | None = None
    probability: float = 1.0
    delay_ms: int = 0
    code: int = 0
    status: int = 502
    until: int = 0

    @property
    def takes_effect(self) -> bool:
        return TAKES_EFFECT[self.kind]

    @property
    def family(self) -> str:
        """``call``, ``webhook`` or ``media``: what kind of traffic it disturbs."""
        family = self.kind.partition("_")[0]
        return family if family in {"webhook", "media"} else "call"


class FaultBoard:
    """The faults switched on at present, tried in the order they were added."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clear(self) -> None:
        self.faults.clear()

    def remove(self, number: int) -> None:
        """Switch off the fault at this place of ``as_list``."""
        if 0 <= number < len(self.faults):
            del self.faults[number]

    def tidy(self, now: int) -> None:
        """Forget faults that are used up or over."""
        if self.faults:
            self.faults = [f for f in self.faults if f.times != 0 and not (f.until and now >= f.until)]

    def take(
        self, path: str, group_id: str, oa_id: str, *, now: int, dice: Any, family: str = "call"
    ) -> Fault | None:
        """The fault this call (or event, or fetch) meets, if any; one of its ``times`` is used up."""
        self.tidy(now)
        for fault in self.faults:
            if fault.family != family or (fault.path and not path.endswith(fault.path)):
                continue
            if path == TOKEN_PATH and not fault.path and fault.kind in API_ONLY:
                continue
            if fault.group_id not in ("", group_id) or fault.oa_id not in ("", oa_id):
                continue
            if fault.probability < 1 and dice.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None

    def as_list(self) -> list[dict]:
        return [asdict(fault) for fault in self.faults]


async def play(
    fault: Fault, request: web.Request, envelope: dict[str, Any], headers: dict[str, str]
) -> tuple[web.StreamResponse, str]:
    """Answer ``request`` the way ``fault`` wants; ``envelope`` is what an undisturbed answer would carry.

    Returns the response and a word for the counters.
    """
    kind = fault.kind
    if kind.startswith("timeout"):
        await asyncio.sleep((fault.delay_ms or HANG_MS) / 1000)
        return hang_up(request), "timeout"
    await asyncio.sleep(fault.delay_ms / 1000)
    if kind.startswith("reset"):
        return hang_up(request), "reset"
    if kind.startswith("gateway"):
        return _page(fault.status), f"http_{fault.status}"
    if kind == "redirect":
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), "http_302"
    if kind == "unauthorized":
        return web.Response(status=401, text="Unauthorized"), "http_401"
    if kind == "trickle":
        return await _trickle(request, encode(envelope), headers), "trickle"
    if kind in CODES or kind == "error":
        code = CODES.get(kind, fault.code)
        return reply({"error": code, "message": f"simulated {kind}"}, headers), str(code)
    return _spoilt(kind, envelope, headers), kind


def _spoilt(kind: str, envelope: dict[str, Any], headers: dict[str, str]) -> web.Response:
    """A 200 whose body is not what it should be."""
    body = encode(envelope)
    if kind == "truncated":
        body = body[: len(body) // 2]
    elif kind == "empty":
        body = b""
    elif kind == "html":
        return _page(200)
    elif kind == "huge":
        body = body[:-1] + b" " * HUGE_BYTES + b"}"
    elif kind == "no_data":
        body = encode({key: value for key, value in envelope.items() if key != "data"})
    elif kind == "text_error":
        body = encode({**envelope, "error": str(envelope.get("error", 0))})
    return raw(body, headers)


def encode(envelope: dict[str, Any]) -> bytes:
    return json.dumps(envelope, ensure_ascii=False).encode()


def raw(body: bytes, headers: dict[str, str]) -> web.Response:
    """A body in the platform's content type, unless ``headers`` name another."""
    return web.Response(body=body, headers={"Content-Type": "text/json;charset=utf-8", **headers})


def reply(envelope: dict[str, Any], headers: dict[str, str]) -> web.Response:
    return raw(encode(envelope), headers)


def hang_up(request: web.Request) -> web.Response:
    """Cut the connection with a reset; the response returned is never written."""
    transport = request.transport
    if transport is not None:
        # Linger 0 makes close() send RST instead of a polite FIN.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _trickle(request: web.Request, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    """Send the answer a few bytes at a time, slower than any caller waits."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/json;charset=utf-8", "Content-Length": str(len(body)), **headers}
    )
    await response.prepare(request)
    for start in range(0, len(body), 4):
        await response.write(body[start : start + 4])
        await asyncio.sleep(1)
    return response


def _page(status: int) -> web.Response:
    html = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"
    return web.Response(status=status, text=html, content_type="text/html")
