"""The control API under ``/_control``, which the real host does not have: set up, break, look, reset."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from groups.zalo.simulator import acts, grants, people, setup, store
from groups.zalo.simulator.faults import KINDS, Fault
from groups.zalo.simulator.records import Account, Group, Refusal
from groups.zalo.simulator.state import World
from groups.zalo.simulator.webhooks import Hooks

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FAULT_SETTINGS = {item.name for item in fields(Fault)} - {"until"}


@web.middleware
async def explain_mistakes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A request that makes no sense is answered 400 with the reason."""
    try:
        return await handler(request)
    except (ValueError, TypeError, KeyError, Refusal) as error:
        raise web.HTTPBadRequest(text=str(error)) from error


class Control:
    """Handlers of the control API."""

    def __init__(self, world: World, hooks: Hooks, close_door: Callable[[float], None]):
        self.world = world
        self.board = world.board
        self.hooks = hooks
        self.close_door = close_door

    def app(self) -> web.Application:
        """The control API as an application of its own, to be mounted under a prefix."""
        app = web.Application(middlewares=[explain_mistakes])
        app.add_routes(self._routes())
        return app

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.get("/stats", self.stats),
            web.post("/reset", self.reset),
            web.get("/snapshot", self.snapshot),
            web.get("/state", self.state),
            web.post("/state", self.restore),
            web.post("/oas", self.add_accounts),
            web.post("/assets", self.add_assets),
            web.post("/groups", self.add_groups),
            web.get("/groups/{group_id}/messages", self.messages),
            web.post("/groups/{group_id}/messages", self.say),
            web.post("/people", self.add_person),
            web.get("/people/{oa_id}/{user_id}/messages", self.person_sees),
            web.post("/people/{oa_id}/{user_id}/messages", self.person_says),
            web.post("/people/{oa_id}/{user_id}/{act}", self.person_acts),
            web.post("/faults", self.add_fault),
            web.get("/faults", self.list_faults),
            web.delete("/faults", self.clear_faults),
            web.post("/tokens/{action}", self.tokens),
            web.post("/settings", self.settings),
            web.get("/switches", self.switches),
            web.post("/switches", self.switches),
            web.get("/clock", self.clock),
            web.post("/clock", self.clock),
            web.post("/outage", self.outage),
            web.post("/webhooks/on", self.switch_on),
        ]

    async def stats(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.stats.as_dict())

    async def reset(self, request: web.Request) -> web.Response:
        """Forget everything, or only counters and faults with ``{"keep": true}``."""
        if (await _body(request)).get("keep"):
            self.board.clear()
            self.world.stats.clear()
        else:
            self.world.restart()
            self.hooks.forget()
        return web.json_response({})

    async def state(self, request: web.Request) -> web.Response:
        """The whole world as one document, to be put back later."""
        return web.json_response(store.snapshot(self.world))

    async def restore(self, request: web.Request) -> web.Response:
        """Put back what ``state`` gave; faults and waiting events are gone."""
        store.restore(self.world, await _body(request))
        self.hooks.forget()
        return web.json_response({})

    async def snapshot(self, request: web.Request) -> web.Response:
        accounts = {key: asdict(account) for key, account in self.world.accounts.items()}
        groups = {key: asdict(group) for key, group in self.world.groups.items()}
        return web.json_response({"accounts": accounts, "groups": groups})

    async def add_accounts(self, request: web.Request) -> web.Response:
        """One row or a list of them; see ``setup.add_accounts``."""
        setup.add_accounts(self.world, await _body(request))
        return web.json_response({"accounts": len(self.world.accounts)})

    async def add_assets(self, request: web.Request) -> web.Response:
        """One row or a list of them; see ``setup.add_assets``."""
        return web.json_response({"assets": setup.add_assets(self.world, await _body(request))})

    async def add_groups(self, request: web.Request) -> web.Response:
        """One row or a list of them; see ``setup.add_groups``."""
        setup.add_groups(self.world, await _body(request))
        return web.json_response({"groups": len(self.world.groups)})

    async def messages(self, request: web.Request) -> web.Response:
        """What the group's members see, oldest first."""
        group = self._group(request)
        return web.json_response({"messages": [asdict(message) for message in group.messages]})

    async def say(self, request: web.Request) -> web.Response:
        """A member writes in the group: ``{text, name, user_id?}``; the portal hears of it."""
        body = await _body(request)
        group = self._group(request)
        message = self.world.add_message(
            group,
            setup.required(body, "text"),
            is_ours=False,
            from_id=body.get("user_id") or self.world.new_number(),
            from_name=body.get("name", "Thành viên"),
        )
        self.hooks.said_in_group(self.world.accounts[group.oa_id], group, message)
        return web.json_response({"message_id": message.message_id})

    async def add_person(self, request: web.Request) -> web.Response:
        """``{oa_id, name, user_id?, is_follower?}``; answers the user id."""
        body = await _body(request)
        self.world.register_account(setup.required(body, "oa_id"))
        options = _only(body, {"user_id", "is_follower"})
        person = people.register(self.world, body["oa_id"], setup.required(body, "name"), **options)
        return web.json_response({"user_id": person.user_id})

    async def person_says(self, request: web.Request) -> web.Response:
        """A person writes to the account, or in ``group_id``: ``{text, kind?, details?, group_id?}``."""
        account, person = self._person(request)
        body = await _body(request)
        kind = body.get("kind", "text")
        if kind == "text":
            setup.required(body, "text")
        group = self.world.groups[body["group_id"]] if "group_id" in body else None
        fields = _only(body, {"text", "kind", "details"})
        message = acts.write(self.world, self.hooks, account, person, group=group, **fields)
        return web.json_response({"message_id": message.message_id})

    async def person_acts(self, request: web.Request) -> web.Response:
        """``follow``, ``unfollow``, ``withdraw``; ``join`` and ``leave`` with ``{group_id}``."""
        account, person = self._person(request)
        act = request.match_info["act"]
        if act not in acts.ACTS:
            raise web.HTTPNotFound
        group_id = (await _body(request)).get("group_id", "")
        result = acts.ACTS[act](self.world, self.hooks, account, person, group_id)
        return web.json_response({"result": result})

    async def person_sees(self, request: web.Request) -> web.Response:
        """The chat as the person sees it, oldest first."""
        _account, person = self._person(request)
        return web.json_response({"messages": [asdict(message) for message in person.messages]})

    async def add_fault(self, request: web.Request) -> web.Response:
        """Switch a fault on; kinds and fields as in ``faults.Fault``, and ``seconds`` for how long."""
        body = await _body(request)
        if body.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = Fault(**_only(body, FAULT_SETTINGS))
        if body.get("seconds"):
            fault.until = self.world.clock.now() + int(body["seconds"] * 1000)
        self.board.add(fault)
        return web.json_response({"faults": self.board.as_list()})

    async def list_faults(self, request: web.Request) -> web.Response:
        return web.json_response({"faults": self.board.as_list()})

    async def clear_faults(self, request: web.Request) -> web.Response:
        self.board.clear()
        return web.json_response({"faults": []})

    async def tokens(self, request: web.Request) -> web.Response:
        """``expire`` or ``revoke`` the tokens of ``{oa_id}``."""
        actions = {"expire": grants.expire, "revoke": grants.revoke}
        action = actions.get(request.match_info["action"])
        if action is None:
            raise web.HTTPNotFound
        oa_id = setup.required(await _body(request), "oa_id")
        action(self.world, oa_id)
        if action is grants.revoke:
            self.hooks.revoked(self.world.accounts[oa_id])
        return web.json_response({})

    async def settings(self, request: web.Request) -> web.Response:
        """``delay_ms``, ``visible_after_ms``, ``echoes``, ``advance_seconds``: whichever is given."""
        body = await _body(request)
        self.world.delay_ms = int(body.get("delay_ms", self.world.delay_ms))
        self.world.visible_after_ms = int(body.get("visible_after_ms", self.world.visible_after_ms))
        self.hooks.echoes = bool(body.get("echoes", self.hooks.echoes))
        self.hooks.advance(body.get("advance_seconds", 0))
        return web.json_response(
            {"delay_ms": self.world.delay_ms, "visible_after_ms": self.world.visible_after_ms}
        )

    async def switches(self, request: web.Request) -> web.Response:
        """Read the switches, or set whichever is given; see ``switches.Switches``."""
        if request.method == "POST":
            self.world.switches.set(**await _body(request))
            self.world.version += 1
        return web.json_response(self.world.switches.as_dict())

    async def clock(self, request: web.Request) -> web.Response:
        """Read the clock, or set it: ``{freeze: true | false, advance_seconds}``."""
        if request.method == "POST":
            body = await _body(request)
            if "freeze" in body:
                self.world.clock.freeze() if body["freeze"] else self.world.clock.thaw()
            self.hooks.advance(body.get("advance_seconds", 0))
        clock = self.world.clock
        return web.json_response(
            {"now": clock.now(), "offset_ms": clock.offset_ms, "frozen": clock.is_frozen}
        )

    async def outage(self, request: web.Request) -> web.Response:
        """The whole host is gone for ``{seconds}``: connections are cut, or refused with ``{"refuse":
        true}``.
        """
        body = await _body(request)
        seconds = float(body.get("seconds", 0))
        self.world.out_until = self.world.clock.now() + int(seconds * 1000)
        if body.get("refuse"):
            self.close_door(seconds)
        return web.json_response({})

    async def switch_on(self, request: web.Request) -> web.Response:
        """Switch the webhook of ``{oa_id}`` on again."""
        oa_id = setup.required(await _body(request), "oa_id")
        self.hooks.switch_on(self.world.register_account(oa_id))
        return web.json_response({})

    def _person(self, request: web.Request) -> tuple[Account, people.Person]:
        oa_id, user_id = request.match_info["oa_id"], request.match_info["user_id"]
        person = self.world.people.get(people.key_of(oa_id, user_id))
        if person is None:
            raise web.HTTPNotFound(text="no such person")
        return self.world.accounts[oa_id], person

    def _group(self, request: web.Request) -> Group:
        group = self.world.groups.get(request.match_info["group_id"])
        if group is None:
            raise web.HTTPNotFound(text="no such group")
        return group


async def _body(request: web.Request) -> Any:
    return json.loads(await request.read() or b"{}")


def _only(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key in names}
