"""Everybody who has met an account, and a form for somebody new."""

from aiohttp import web

from groups.zalo.simulator import people
from groups.zalo.simulator.forms import read_form
from groups.zalo.simulator.pages import initials, moment, render, tone_of
from groups.zalo.simulator.state import World
from groups.zalo.simulator.webhooks import Hooks


class PeoplePages:
    """Handlers of the list of people."""

    def __init__(self, world: World, hooks: Hooks):
        self.world = world
        self.hooks = hooks

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/nguoi-dan", self.list), web.post("/nguoi-dan", self.meet)]

    async def list(self, request: web.Request) -> web.Response:
        """Everyone who has a phone, and a form to hand one to somebody new."""
        rows = sorted(self.world.people.values(), key=lambda person: person.last_interaction_at, reverse=True)
        cards = [
            {
                "person": person,
                "initials": initials(person.name),
                "tone": tone_of(person.user_id),
                "account": self.world.accounts[person.oa_id],
                "last": person.messages[-1] if person.messages else None,
                "at": moment(self.world, person.last_interaction_at),
            }
            for person in rows
        ]
        accounts = sorted(self.world.accounts.values(), key=lambda account: account.name)
        context = {"tab": "people", "cards": cards, "accounts": accounts}
        return render(self.world, request, "zalo_simulator/people.html", context)

    async def meet(self, request: web.Request) -> web.Response:
        """A new person opens the account's chat: the platform tells the portal they follow it."""
        form = await read_form(request)
        account = self.world.accounts.get(str(form.get("oa_id", "")))
        name = str(form.get("name", "")).strip()[:60]
        if account is None or not name:
            raise web.HTTPBadRequest(text="Hãy chọn tài khoản và ghi tên.")
        person = people.register(self.world, account.oa_id, name)
        self.hooks.followed(account, person)
        if form.get("from") == "row":
            raise web.HTTPSeeOther(f"/dien-thoai#may-{person.user_id}")
        raise web.HTTPSeeOther(f"/nguoi-dan/{account.oa_id}/{person.user_id}")
