"""A person's own phone: writing to an account in private, with a picture if they like, and reading the
answer.
"""

from urllib.parse import urlsplit

from aiohttp import web

from groups.zalo.simulator import people
from groups.zalo.simulator.pages import by_day, initials, moment, render
from groups.zalo.simulator.people import Person
from groups.zalo.simulator.posting import MAX_TEXT
from groups.zalo.simulator.records import Account, Refusal
from groups.zalo.simulator.state import World
from groups.zalo.simulator.webhooks import Hooks


class PeoplePages:
    """Handlers of the private chats."""

    def __init__(self, world: World, hooks: Hooks):
        self.world = world
        self.hooks = hooks

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/nguoi-dan", self.list),
            web.post("/nguoi-dan", self.meet),
            web.post("/so-lieu/bat-webhook", self.switch_on),
            web.get("/nguoi-dan/{oa_id}/{user_id}", self.chat),
            web.post("/nguoi-dan/{oa_id}/{user_id}", self.write),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Everyone who has a chat, and a form to start one."""
        rows = sorted(self.world.people.values(), key=lambda person: person.last_interaction_at, reverse=True)
        cards = [
            {
                "person": person,
                "initials": initials(person.name),
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
        form = await _form(request)
        account = self.world.accounts.get(str(form.get("oa_id", "")))
        name = str(form.get("name", "")).strip()[:60]
        if account is None or not name:
            raise web.HTTPBadRequest(text="Hãy chọn tài khoản và ghi tên.")
        person = people.register(self.world, account.oa_id, name)
        self.hooks.followed(account, person)
        raise web.HTTPSeeOther(f"/nguoi-dan/{account.oa_id}/{person.user_id}")

    async def chat(self, request: web.Request) -> web.Response:
        """The chat as the person sees it."""
        account, person = self._both(request)
        context = {
            "tab": "people",
            "account": account,
            "person": person,
            "days": by_day(person.messages, account.name),
            # A string: as a number it would be written "2.000" and cut the message after two letters.
            "max_text": str(MAX_TEXT),
        }
        return render(self.world, request, "zalo_simulator/person.html", context)

    async def write(self, request: web.Request) -> web.Response:
        """The person sends a text, a picture, or both."""
        account, person = self._both(request)
        form = await _form(request)
        text, picture = str(form.get("text", "")).strip()[:MAX_TEXT], form.get("picture")
        kind, attachment_id = "text", ""
        if isinstance(picture, web.FileField) and picture.filename:
            try:
                kind, attachment_id = "photo", self.world.add_upload(account, picture.file.read())
            except Refusal:
                raise web.HTTPBadRequest(text="Ảnh phải là JPG hoặc PNG, dưới 1 MB.") from None
        if text or attachment_id:
            message = people.say(self.world, person, text, kind=kind, attachment_id=attachment_id)
            self.hooks.said_in_private(account, person, message)
        raise web.HTTPSeeOther(request.path)

    async def switch_on(self, request: web.Request) -> web.Response:
        """The console's button after the platform has given up on a webhook."""
        await _form(request)
        for account in self.world.accounts.values():
            self.hooks.switch_on(account)
        raise web.HTTPSeeOther("/so-lieu")

    def _both(self, request: web.Request) -> tuple[Account, Person]:
        oa_id, user_id = request.match_info["oa_id"], request.match_info["user_id"]
        person = self.world.people.get(people.key_of(oa_id, user_id))
        if person is None:
            raise web.HTTPNotFound(text="Không có cuộc trò chuyện này.")
        return self.world.accounts[oa_id], person


async def _form(request: web.Request) -> dict:
    """The form, unless another site's page sent it: the simulator has no log-in to protect it otherwise."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="other origin")
    return dict(await request.post())
