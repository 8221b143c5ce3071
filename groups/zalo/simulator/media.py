"""The platform's CDN: pictures and files that events name, served without a token, and spoilt on demand.

The pages for people show uploads under an address of their own, so that a page somebody looks at uses up no
fault.
"""

import asyncio
from urllib.parse import quote

from aiohttp import web

from groups.zalo.simulator.faults import Fault
from groups.zalo.simulator.records import Upload
from groups.zalo.simulator.state import World

HUGE_BYTES = 64 * 1024 * 1024
CHUNK = b"\0" * 64 * 1024
SLOW_SECONDS = 1
# A machine that only the portal's own network could reach.
PRIVATE_ADDRESS = "http://169.254.169.254/latest/meta-data/"
# One pixel, for stickers: their pictures belong to the platform.
STICKER = Upload(
    "",
    bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"),
    "image/gif",
    0,
)


class Media:
    """Handlers of ``/media`` (for the portal) and ``/anh`` (for the simulator's own pages)."""

    def __init__(self, world: World):
        self.world = world

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/media/{id}", self.fetch), web.get("/anh/{id}", self.show)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """An upload as the phones show it."""
        upload = self.world.uploads.get(request.match_info["id"])
        if upload is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        if not upload.content_type.startswith(("image/", "audio/")):
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(upload.name or 'tep')}"
        return web.Response(body=upload.content, content_type=upload.content_type, headers=headers)

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """What an event named, or what the fault of the moment makes of it."""
        key = request.match_info["id"]
        upload = STICKER if key == "sticker" else self.world.uploads.get(key)
        fault = self.world.board.take(
            request.path,
            "",
            upload.oa_id if upload else "",
            now=self.world.clock.now(),
            dice=self.world.random,
            family="media",
        )
        kind = fault.kind if fault else ""
        if upload is None or kind == "media_missing":
            raise web.HTTPNotFound
        if kind == "media_expired":
            raise web.HTTPForbidden(text="URL signature expired")
        if kind == "media_redirect":
            return web.Response(status=302, headers={"Location": PRIVATE_ADDRESS})
        if kind == "media_wrong_type":
            return web.Response(text="<html><script>alert(1)</script></html>", content_type="text/html")
        if kind in {"media_huge", "media_slow"}:
            return await _stream(request, fault, upload)
        return web.Response(body=upload.content, content_type=upload.content_type)


async def _stream(request: web.Request, fault: Fault, upload: Upload) -> web.StreamResponse:
    """More bytes than anybody wants and no length announced, or the right ones far too slowly."""
    response = web.StreamResponse(headers={"Content-Type": upload.content_type})
    await response.prepare(request)
    try:
        if fault.kind == "media_slow":
            for number in range(len(upload.content)):
                await response.write(upload.content[number : number + 1])
                await asyncio.sleep(fault.delay_ms / 1000 or SLOW_SECONDS)
        else:
            await response.write(upload.content)
            for _chunk in range(HUGE_BYTES // len(CHUNK)):
                await response.write(CHUNK)
    except ConnectionResetError:
        # The reader has had enough, which is what it should do.
        pass
    return response
