"""The trainer's desk: break things, move the clock, keep a situation and come back to it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from groups.zalo.simulator import faults, grants, presets, store
from groups.zalo.simulator.faults import Fault
from groups.zalo.simulator.forms import read_form
from groups.zalo.simulator.pages import local, render
from groups.zalo.simulator.presets import PRESETS, Preset
from groups.zalo.simulator.records import Account
from groups.zalo.simulator.state import World
from groups.zalo.simulator.switches import CHOICES, REFUSALS
from groups.zalo.simulator.webhooks import Hooks

MOST_GROUPS = 300
MOST_SAVED = 6
MOST_COMING = 12
# Kinds of account as ``getoa`` numbers them.
ACCOUNT_TYPES = {"state": 4, "business": 2}
STEPS = {"10m": 600, "1h": 3600, "1d": 86_400, "7d": 7 * 86_400, "45d": 45 * 86_400}


class Panels:
    """Handlers of the fault panel and the clock panel. ``reset`` starts the whole simulator anew."""

    def __init__(self, world: World, hooks: Hooks, reset: Callable[[], None]):
        self.world = world
        self.hooks = hooks
        self.reset = reset
        self.saved: list[dict[str, Any]] = []

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/su-co", self.faults),
            web.post("/su-co/mau", self.use_preset),
            web.post("/su-co/them", self.add_fault),
            web.post("/su-co/tat", self.end_fault),
            web.post("/su-co/tai-khoan", self.set_account),
            web.post("/su-co/cong-tac", self.set_switches),
            web.get("/dong-ho", self.clock),
            web.post("/dong-ho", self.move_clock),
            web.post("/dong-ho/tinh-huong", self.situation),
            web.post("/so-lieu/bat-webhook", self.switch_hooks_on),
        ]

    # --- Faults ------------------------------------------------------------------------------------------

    async def faults(self, request: web.Request) -> web.Response:
        """What is broken now, what can be broken with one button, and everything else."""
        world = self.world
        world.board.tidy(world.clock.now())
        known = world.switches.as_dict()
        context = {
            "tab": "faults",
            "presets": PRESETS,
            "active": [self._described(number, fault) for number, fault in enumerate(world.board.faults)],
            "outage_seconds": max(world.out_until - world.clock.now(), 0) // 1000,
            "refused": [
                {
                    "account": account,
                    "labels": [_refusal_label(piece, code) for piece, code in account.refusals.items()],
                }
                for account in world.accounts.values()
                if account.refusals
            ],
            "kind_groups": [
                (label, [(kind, presets.KIND_LABELS[kind]) for kind in kinds])
                for label, kinds in presets.KIND_GROUPS
            ],
            "paths": presets.PATH_LABELS.items(),
            "groups": list(world.groups.values())[:MOST_GROUPS],
            "accounts": list(world.accounts.values()),
            "switches": [
                _switch_row(name, label, known[name]) for name, label in presets.SWITCH_LABELS.items()
            ],
            "refusals": presets.REFUSAL_LABELS.items(),
            "echoes": self.hooks.echoes,
            "visible_after": str(world.visible_after_ms // 1000),
            "banned_words": ", ".join(world.switches.banned_words),
        }
        return render(world, request, "zalo_simulator/faults.html", context)

    async def use_preset(self, request: web.Request) -> web.Response:
        key = str((await read_form(request)).get("preset", ""))
        preset = next((one for one in PRESETS if one.key == key), None)
        if preset is None:
            raise web.HTTPBadRequest(text="Không có sự cố mẫu này.")
        self._start(preset)
        raise web.HTTPSeeOther("/su-co")

    async def add_fault(self, request: web.Request) -> web.Response:
        """A fault of the trainer's own making."""
        form = {key: str(value).strip() for key, value in (await read_form(request)).items()}
        if form.get("kind") not in faults.KINDS:
            raise web.HTTPBadRequest(text="Hãy chọn loại sự cố.")
        numbers = {
            name: _number(form.get(name, "")) for name in ("times", "seconds", "percent", "delay_ms", "code")
        }
        fault = Fault(
            form["kind"],
            path=form.get("path", ""),
            group_id=form.get("group_id", ""),
            oa_id=form.get("oa_id", ""),
            times=numbers["times"] or None,
            probability=(numbers["percent"] or 100) / 100,
            delay_ms=numbers["delay_ms"],
            code=numbers["code"],
        )
        if numbers["seconds"]:
            fault.until = self.world.clock.now() + numbers["seconds"] * 1000
        self.world.board.add(fault)
        self._changed()
        raise web.HTTPSeeOther("/su-co")

    async def end_fault(self, request: web.Request) -> web.Response:
        """One fault by its number, or everything that is broken."""
        number = str((await read_form(request)).get("number", ""))
        if number.isdecimal():
            self.world.board.remove(int(number))
        else:
            self.world.board.clear()
            self.world.out_until = 0
            for account in self.world.accounts.values():
                account.refusals.clear()
        self._changed()
        raise web.HTTPSeeOther("/su-co")

    async def set_account(self, request: web.Request) -> web.Response:
        """Take a right or a package from one account (or all), or make it a state agency's."""
        form = {key: str(value) for key, value in (await read_form(request)).items()}
        what, oa_id = form.get("what", ""), form.get("oa_id", "")
        if what not in {*REFUSALS, *ACCOUNT_TYPES}:
            raise web.HTTPBadRequest(text="Hãy chọn việc cần làm.")
        for account in self.world.accounts.values():
            if oa_id not in ("", account.oa_id):
                continue
            if what in REFUSALS:
                self._refuse(account, what)
            else:
                account.oa_type = ACCOUNT_TYPES[what]
        self._changed()
        raise web.HTTPSeeOther("/su-co")

    async def set_switches(self, request: web.Request) -> web.Response:
        """All switches at once: a box that is not ticked is off."""
        form = {key: str(value) for key, value in (await read_form(request)).items()}
        known = self.world.switches.as_dict()
        values = {name: _switch_value(form.get(name, ""), known[name]) for name in presets.SWITCH_LABELS}
        words = [word.strip() for word in form.get("banned_words", "").split(",")]
        try:
            self.world.switches.set(**values, banned_words=[word for word in words if word])
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        self.hooks.echoes = form.get("echoes") == "on"
        self.world.visible_after_ms = _number(form.get("visible_after", "")) * 1000
        self._changed()
        raise web.HTTPSeeOther("/su-co")

    async def switch_hooks_on(self, request: web.Request) -> web.Response:
        """The console's button after the platform has given up on a webhook."""
        await read_form(request)
        for account in self.world.accounts.values():
            self.hooks.switch_on(account)
        raise web.HTTPSeeOther("/so-lieu")

    def _start(self, preset: Preset) -> None:
        now = self.world.clock.now()
        for settings in preset.faults:
            seconds = settings.get("seconds", 0)
            fault = Fault(**{name: value for name, value in settings.items() if name != "seconds"})
            fault.until = now + seconds * 1000 if seconds else 0
            self.world.board.add(fault)
        if preset.outage_seconds:
            self.world.out_until = now + preset.outage_seconds * 1000
        for account in list(self.world.accounts.values()):
            if preset.refusal:
                self._refuse(account, preset.refusal)
            if preset.account_act == "expire":
                grants.expire(self.world, account.oa_id)
            elif preset.account_act == "revoke":
                grants.revoke(self.world, account.oa_id)
                self.hooks.revoked(account)
        self._changed()

    def _refuse(self, account: Account, name: str) -> None:
        piece, code = REFUSALS[name]
        account.refusals[piece] = code

    def _described(self, number: int, fault: Fault) -> dict[str, Any]:
        """A fault that is on, in words."""
        group = self.world.groups.get(fault.group_id)
        account = self.world.accounts.get(fault.oa_id)
        left = (fault.until - self.world.clock.now()) // 1000 if fault.until else 0
        return asdict(fault) | {
            "number": str(number),
            "label": presets.KIND_LABELS[fault.kind],
            "path": presets.PATH_LABELS.get(fault.path, fault.path),
            "group": group.name if group else fault.group_id,
            "account": account.name if account else fault.oa_id,
            "left_seconds": max(left, 0),
            "percent": round(fault.probability * 100) if fault.probability < 1 else 0,
        }

    def _changed(self) -> None:
        self.world.version += 1

    # --- The clock and situations ------------------------------------------------------------------------

    async def clock(self, request: web.Request) -> web.Response:
        """What time it is there, what will happen next, and the situations kept."""
        now = local(self.world.clock.now())
        context = {
            "tab": "clock",
            "hour": now.strftime("%H:%M"),
            "second": now.strftime("%S"),
            "day": now.strftime("%d/%m/%Y"),
            "is_frozen": self.world.clock.is_frozen,
            "offset_seconds": self.world.clock.offset_ms // 1000,
            "coming": self._coming(),
            "saved": self.saved,
        }
        return render(self.world, request, "zalo_simulator/clock.html", context)

    async def move_clock(self, request: web.Request) -> web.Response:
        """Forwards by one of the steps, standing still, running again, or back to real time."""
        step = str((await read_form(request)).get("step", ""))
        clock = self.world.clock
        if step in STEPS:
            self.hooks.advance(STEPS[step])
        elif step == "freeze":
            clock.freeze()
        elif step == "thaw":
            clock.thaw()
        elif step == "real":
            clock.back_to_real_time()
        else:
            raise web.HTTPBadRequest(text="Không có bước này.")
        self._changed()
        raise web.HTTPSeeOther("/dong-ho")

    async def situation(self, request: web.Request) -> web.Response:
        """Keep the world as it is, come back to one that was kept, or begin anew."""
        form = {key: str(value) for key, value in (await read_form(request)).items()}
        act = form.get("act", "")
        if act == "save":
            name = form.get("name", "").strip()[:60] or local(self.world.clock.now()).strftime("%H:%M %d/%m")
            world = store.copy_of(store.snapshot(self.world))
            self.saved = [{"name": name, "world": world}, *self.saved][:MOST_SAVED]
        elif (
            act == "restore" and form.get("number", "").isdecimal() and int(form["number"]) < len(self.saved)
        ):
            store.restore(self.world, store.copy_of(self.saved[int(form["number"])]["world"]))
            self.hooks.forget()
        elif act == "reset":
            self.reset()
        else:
            raise web.HTTPBadRequest(text="Không có tình huống này.")
        self._changed()
        raise web.HTTPSeeOther("/dong-ho")

    def _coming(self) -> list[dict[str, Any]]:
        """What the clock will bring, the next first."""
        now = self.world.clock.now()
        rows = [("webhook", delivery.due_at, delivery.oa_id) for delivery in self.hooks.waiting]
        rows += [(row["kind"], now + row["left_ms"], row["oa_id"]) for row in grants.ages(self.world)]
        rows += [
            ("asset", asset.valid_until, self.world.groups[asset.used_by].name)
            for asset in self.world.assets.values()
            if not asset.auto_renew and asset.valid_until > now and asset.used_by in self.world.groups
        ]
        rows += [
            ("delete", group.auto_delete_at, group.name)
            for group in self.world.groups.values()
            if group.auto_delete_at > now
        ]
        rows.sort(key=lambda row: row[1])
        return [
            {"kind": kind, "at": local(at).strftime("%H:%M %d/%m/%Y"), "about": self._name(about)}
            for kind, at, about in rows[:MOST_COMING]
        ]

    def _name(self, about: str) -> str:
        account = self.world.accounts.get(about)
        return account.name if account else about


def _number(text: str) -> int:
    """A whole number from a form; nothing is 0."""
    try:
        return int(text or 0)
    except ValueError:
        raise web.HTTPBadRequest(text="Hãy ghi số.") from None


def _refusal_label(piece: str, code: int) -> str:
    name = next((name for name, known in REFUSALS.items() if known == (piece, code)), "")
    return presets.REFUSAL_LABELS.get(name, f"{piece} {code}")


def _switch_row(name: str, label: str, value: Any) -> dict[str, Any]:
    """One switch as the form shows it: a box, a choice or a number."""
    options = [
        {
            "value": str(choice),
            "label": presets.VALUE_LABELS.get(str(choice), str(choice)),
            "is_now": choice == value,
        }
        for choice in CHOICES.get(name, ())
    ]
    return {
        "name": name,
        "label": label,
        "value": value if isinstance(value, bool) else str(value),
        "options": options,
        "is_box": isinstance(value, bool),
    }


def _switch_value(text: str, present: Any) -> Any:
    """The form's word for a switch as a value of the switch's type."""
    if isinstance(present, bool):
        return text == "on"
    return _number(text) if isinstance(present, int) else text
