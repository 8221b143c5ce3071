"""The OA API of the simulated platform: one call from request to answer.

HTTP 200 for refusals too, ``text/json``, rate headers on every answer, 404 for unknown paths, the token only
from the header ``access_token``. What the calls do is in ``group_api`` and ``user_api``.
"""

import asyncio
from typing import Any

from aiohttp import web

from groups.zalo.simulator import faults, grants
from groups.zalo.simulator.calls import Call
from groups.zalo.simulator.group_api import GroupApi
from groups.zalo.simulator.records import Account, Refusal
from groups.zalo.simulator.state import World
from groups.zalo.simulator.user_api import UserApi
from groups.zalo.simulator.webhooks import Hooks

EXPIRED = -220


class OpenApi:
    """Answers ``/v2.0/oa/...`` and ``/v3.0/oa/...``."""

    def __init__(self, world: World, hooks: Hooks):
        self.world = world
        self.hooks = hooks
        self.paths = GroupApi(world, hooks).paths | UserApi(world, hooks).paths

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
        fault = world.board.take(call.path, call.group_id, owner, now=world.clock.now(), dice=world.random)
        envelope: dict[str, Any] = {}
        headers: dict[str, str] = {}
        if fault is None or fault.takes_effect:
            envelope, headers = self._execute(call)
            if fault is not None and fault.kind == "duplicate":
                self._execute(call)
            await self.hooks.early()
        if world.delay_ms:
            await asyncio.sleep(world.delay_ms / 1000)
        if fault is None or fault.kind in {"slow", "duplicate"}:
            await asyncio.sleep(fault.delay_ms / 1000 if fault else 0)
            return self._plain(envelope, headers)
        return await faults.play(fault, request, envelope, headers)

    def _plain(self, envelope: dict[str, Any], headers: dict[str, str]) -> tuple[web.Response, str]:
        """The undisturbed answer; an expired token looks as this platform wants it to."""
        outcome = str(envelope["error"])
        if envelope["error"] == EXPIRED:
            shown_as = self.world.switches.expired_as
            if shown_as == "401":
                return web.Response(status=401, text="Unauthorized"), "http_401"
            envelope["error"], outcome = int(shown_as), shown_as
        if self.world.switches.other_wording and envelope["error"] and outcome != "-201":
            envelope["message"] = "Có lỗi xảy ra"
        if self.world.switches.plain_json:
            headers = headers | {"Content-Type": "application/json"}
        return faults.reply(envelope, headers), outcome

    def _execute(self, call: Call) -> tuple[dict[str, Any], dict[str, str]]:
        """Run the call; the envelope and the rate headers."""
        headers: dict[str, str] = {}
        try:
            account = grants.account_of(self.world, call.token)
            headers["X-RateLimit-Limit"] = str(account.rate_per_minute)
            headers["X-RateLimit-Remain"] = "0"
            headers["X-RateLimit-Remain"] = str(self.world.count_call(account))
            self._check_rights(account, call.path)
            data = self.paths[call.method, call.path](account, call)
        except Refusal as refusal:
            return {"error": refusal.code, "message": refusal.message}, headers
        envelope = {"error": 0, "message": "Success"}
        return envelope if data is None else envelope | {"data": data}, headers

    def _check_rights(self, account: Account, path: str) -> None:
        """What the account's package and permissions take away."""
        if account.blocked_code:
            raise Refusal(account.blocked_code, "blocked by the simulator's operator")
        for piece, code in account.refusals.items():
            if piece in path:
                raise Refusal(code, "blocked by the simulator's operator")
        code = self.world.switches.state_groups_code
        if code and account.oa_type == 4 and ("/group/" in path or path.endswith("/quota/group")):
            raise Refusal(code, "API does not support this type of OA")
