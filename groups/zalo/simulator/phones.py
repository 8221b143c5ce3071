"""Phones in a row: each belongs to one person, shows one chat, and can do what a person does.

Everything works without a script: a button is a form, and what a phone shows is kept with the person.
"""

from typing import Any

from aiohttp import web

from groups.zalo.simulator import acts, groups, people
from groups.zalo.simulator.forms import read_form
from groups.zalo.simulator.pages import by_day, initials, local, moment, render, tone_of
from groups.zalo.simulator.people import Person
from groups.zalo.simulator.posting import MAX_TEXT, SIGNATURES, content_type_of
from groups.zalo.simulator.records import Account, Group, Message, Refusal
from groups.zalo.simulator.state import World
from groups.zalo.simulator.webhooks import Hooks

MOST_PHONES = 12
PICTURES = tuple(SIGNATURES["image"])
MOST_MESSAGES = 40
MOST_OTHERS = 100
# Đạ Tẻh's market; a few steps are added so that two places differ.
PLACE = (11.5113, 107.4923)
# A voice message as the platform keeps it: an AMR header and frames of silence.
SILENCE = b"#!AMR\n" + (b"\x3c" + b"\0" * 31) * 150
SAMPLE_PEOPLE = ("Bà H.", "Ông B.", "Chị L.", "Anh K.")
PATH = "/nguoi-dan/{oa_id}/{user_id}"


class Phones:
    """Handlers of the row of phones and of one phone alone."""

    def __init__(self, world: World, hooks: Hooks):
        self.world = world
        self.hooks = hooks

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/dien-thoai", self.row),
            web.post("/dien-thoai/mau", self.lay_out),
            web.get(PATH, self.one),
            web.post(PATH, self.write),
            web.post(PATH + "/viec", self.act),
        ]

    async def row(self, request: web.Request) -> web.Response:
        """Every phone on the table, side by side."""
        owners = [person for person in self.world.people.values() if person.is_on_table]
        context = {
            "tab": "phones",
            "phones": self._phones(owners[:MOST_PHONES]),
            "hidden": max(len(owners) - MOST_PHONES, 0),
            "accounts": sorted(self.world.accounts.values(), key=lambda account: account.name),
            "is_row": True,
            "is_automatic": "tu-dong" in request.query,
        }
        return self._render(request, context)

    async def one(self, request: web.Request) -> web.Response:
        """One phone alone."""
        person = self._both(request)[1]
        context = {
            "tab": "people",
            "phones": self._phones([person]),
            "is_automatic": "tu-dong" in request.query,
        }
        return self._render(request, context)

    async def lay_out(self, request: web.Request) -> web.Response:
        """Four people around the first group: a deputy, a member, one who waits to get in, one outside."""
        await read_form(request)
        group = next(iter(self.world.groups.values()), None)
        if group is None:
            raise web.HTTPBadRequest(text="Chưa có nhóm nào.")
        account = self.world.accounts[group.oa_id]
        persons = [people.register(self.world, account.oa_id, name) for name in SAMPLE_PEOPLE]
        for person in persons[:3]:
            self.hooks.followed(account, person)
            groups.ask_to_join(self.world, group, person)
            person.screen = group.group_id
        waiting = [person.user_id for person in persons[:2] if not group.has(person.user_id)]
        if waiting:
            groups.accept(self.world, group, waiting)
        groups.add_admins(self.world, group, [persons[0].user_id])
        persons[3].is_follower = False
        raise web.HTTPSeeOther("/dien-thoai")

    async def write(self, request: web.Request) -> web.Response:
        """Send what the form holds, to the account or into the group the phone shows."""
        account, person = self._both(request)
        form = await read_form(request)
        text = str(form.get("text", "")).strip()[:MAX_TEXT]
        try:
            fields = self._content(account, form)
            if text or fields:
                group = self._group_of(person, account)
                acts.write(self.world, self.hooks, account, person, text=text, group=group, **fields)
        except Refusal as refusal:
            raise web.HTTPBadRequest(text=f"Không gửi được: {refusal.message}") from None
        raise _back(request, form, person)

    async def act(self, request: web.Request) -> web.Response:
        """Open a chat, follow or leave, ask to join, answer a request, put the phone away."""
        account, person = self._both(request)
        form = {key: str(value) for key, value in (await read_form(request)).items()}
        try:
            self._do(account, person, form)
        except Refusal as refusal:
            raise web.HTTPBadRequest(text=f"Không làm được: {refusal.message}") from None
        raise _back(request, form, person)

    def _do(self, account: Account, person: Person, form: dict[str, str]) -> None:
        act, group_id = form.get("act", ""), form.get("group_id", "")
        if act in acts.ACTS:
            acts.ACTS[act](self.world, self.hooks, account, person, group_id)
            person.screen = {"join": group_id, "leave": "home"}.get(act, person.screen)
        elif act in {"accept", "reject"}:
            group = self.world.group_of(account, group_id)
            if person.user_id not in group.admins:
                raise Refusal(-403, "only deputies answer requests")
            answer = groups.accept if act == "accept" else groups.reject
            answer(self.world, group, [form.get("user_id", "")])
        elif act == "open":
            person.screen = form.get("screen", "home")
        elif act in {"put_away", "put_out"}:
            person.is_on_table = act == "put_out"
        else:
            raise Refusal(-201, "act is unknown")
        self.world.version += 1

    def _content(self, account: Account, form: dict[str, Any]) -> dict[str, Any]:
        """What is sent besides words: the button pressed, or the file chosen."""
        kind, file = str(form.get("kind", "")), form.get("picture")
        if kind == "location":
            east = self.world.random.uniform(0, 0.004)
            latitude, longitude = PLACE
            details = {"latitude": f"{latitude:.6f}", "longitude": f"{longitude + east:.6f}"}
            return {"kind": "location", "details": details}
        if kind.startswith("sticker-"):
            return {"kind": "sticker", "details": {"sticker_id": kind.removeprefix("sticker-")}}
        if kind == "audio":
            return {"kind": "audio", "attachment_id": self.world.keep(account.oa_id, SILENCE, "audio/amr")}
        if not isinstance(file, web.FileField) or not file.filename:
            return {}
        content = file.file.read()
        is_picture = content.startswith(PICTURES)
        content_type = content_type_of(content, "image") if is_picture else "application/octet-stream"
        key = self.world.keep(account.oa_id, content, content_type, file.filename[:80])
        return {"kind": "photo" if is_picture else "file", "attachment_id": key}

    # --- What a phone shows --------------------------------------------------------------------------------

    def _phones(self, persons: list[Person]) -> list[dict[str, Any]]:
        """What to draw for each; the groups of an account are looked up once."""
        accounts = {person.oa_id: self.world.accounts[person.oa_id] for person in persons}
        owned = {oa_id: self.world.groups_of(account) for oa_id, account in accounts.items()}
        return [self._phone(person, accounts[person.oa_id], owned[person.oa_id]) for person in persons]

    def _phone(self, person: Person, account: Account, owned: list[Group]) -> dict[str, Any]:
        group = self._group_of(person, account)
        joined = [other for other in owned if other.has(person.user_id)]
        others = [other for other in owned if not other.has(person.user_id)][:MOST_OTHERS]
        messages = self._shown(person, account, group)
        return {
            "person": person,
            "account": account,
            "initials": initials(person.name),
            "tone": tone_of(person.user_id),
            "action": f"/nguoi-dan/{person.oa_id}/{person.user_id}",
            "screen": "group" if group else person.screen,
            "group": group,
            "is_waiting": group is not None and not group.has(person.user_id),
            "is_deputy": group is not None and person.user_id in group.admins,
            "is_locked": group is not None and self._is_locked(person, group),
            "days": by_day(messages, account.name),
            "chats": [self._chat(account.name, "oa", person.messages)]
            + [self._chat(other.name, other.group_id, other.messages) for other in joined],
            "others": [
                {"group": other, "is_waiting": any(p["user_id"] == person.user_id for p in other.pending)}
                for other in others
            ],
            "time": local(self.world.clock.now()).strftime("%H:%M"),
        }

    def _shown(self, person: Person, account: Account, group: Group | None) -> list[Message]:
        if person.screen == "oa":
            return person.messages[-MOST_MESSAGES:]
        return group.messages[-MOST_MESSAGES:] if group and group.has(person.user_id) else []

    def _chat(self, name: str, screen: str, messages: list[Message]) -> dict[str, Any]:
        last = messages[-1] if messages else None
        return {
            "name": name,
            "screen": screen,
            "initials": initials(name),
            "tone": tone_of(screen),
            "last": last,
            "at": moment(self.world, last.at) if last else "",
        }

    def _is_locked(self, person: Person, group: Group) -> bool:
        is_silent = group.settings["lock_send_msg"] and person.user_id not in group.admins
        return is_silent or group.status != "enabled"

    def _group_of(self, person: Person, account: Account) -> Group | None:
        """The group whose chat is open, if it still is one of the account's."""
        group = self.world.groups.get(person.screen)
        if group is None or group.oa_id != account.oa_id:
            if person.screen not in {"home", "oa"}:
                person.screen = "home"
            return None
        return group

    def _render(self, request: web.Request, context: dict[str, Any]) -> web.Response:
        # A string: as a number it would be written "2.000" and cut the message after two letters.
        return render(
            self.world, request, "zalo_simulator/phones.html", context | {"max_text": str(MAX_TEXT)}
        )

    def _both(self, request: web.Request) -> tuple[Account, Person]:
        oa_id, user_id = request.match_info["oa_id"], request.match_info["user_id"]
        person = self.world.people.get(people.key_of(oa_id, user_id))
        if person is None:
            raise web.HTTPNotFound(text="Không có điện thoại này.")
        return self.world.accounts[oa_id], person


def _back(request: web.Request, form: dict[str, Any], person: Person) -> web.HTTPSeeOther:
    """To the page the form was on."""
    if form.get("from") == "row":
        return web.HTTPSeeOther(f"/dien-thoai#may-{person.user_id}")
    return web.HTTPSeeOther(f"/nguoi-dan/{person.oa_id}/{person.user_id}")
