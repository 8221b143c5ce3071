"""What people would see on their phones: all groups, one group, and the numbers for the operator.

Server-rendered; a small script asks for changes every two seconds, and without it a reload does the same.
"""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import Any

from aiohttp import web
from django.template.loader import render_to_string

from groups.zalo.simulator import grants
from groups.zalo.simulator.records import HOUR_MS, MINUTE_MS, Group, Message
from groups.zalo.simulator.state import World
from groups.zalo.simulator.webhooks import Hooks
from portal.text import fold

STATIC = Path(__file__).resolve().parents[3] / "static"
VIETNAM = timezone(timedelta(hours=7))
MOST_CARDS = 120
MOST_ROWS = 40
MOST_MESSAGES = 200
TONES = 6
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Pages:
    """Handlers of the pages for people."""

    def __init__(self, world: World, hooks: Hooks):
        self.world = world
        self.hooks = hooks

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self.groups),
            web.get("/nhom/{group_id}", self.group),
            web.get("/so-lieu", self.numbers),
            web.get("/favicon.ico", self.no_icon),
            web.static("/static", STATIC),
        ]

    async def groups(self, request: web.Request) -> web.Response:
        """Every group with its latest message, newest first; ``q`` filters by name."""
        query = request.query.get("q", "").strip()
        cards = self._cards(query)
        shown = cards[:MOST_CARDS]
        stats = self.world.stats
        context = {
            "tab": "groups",
            "query": query,
            "cards": shown,
            "hidden": len(cards) - len(shown),
            "groups": len(self.world.groups),
            "messages": stats.messages,
            "reached": len(stats.messages_by_group),
            "duplicates": sum(stats.duplicates.values()),
        }
        return render(self.world, request, "zalo_simulator/groups.html", context)

    async def group(self, request: web.Request) -> web.Response:
        """One group as a chat on a phone."""
        group = self.world.groups.get(request.match_info["group_id"])
        if group is None:
            raise web.HTTPNotFound(text="Không có nhóm này.")
        account = self.world.accounts[group.oa_id]
        context = {
            "group": self._card(group),
            "account": account,
            "days": by_day(group.messages[-MOST_MESSAGES:], account.name),
            "older": max(len(group.messages) - MOST_MESSAGES, 0),
            "others": [card for card in self._cards("")[:30] if card["id"] != group.group_id],
        }
        return render(self.world, request, "zalo_simulator/group.html", context)

    async def numbers(self, request: web.Request) -> web.Response:
        """Calls by path and outcome, load of the accounts, duplicates."""
        numbers = self.world.stats.as_dict()
        calls = [
            {"path": path, "outcome": outcome, "count": count, "is_good": outcome == "0"}
            for path, outcomes in numbers["calls"].items()
            for outcome, count in outcomes.items()
        ]
        accounts = [
            {
                "name": self.world.accounts[oa_id].name,
                "limit": self.world.accounts[oa_id].rate_per_minute,
                **load,
            }
            for oa_id, load in numbers["accounts"].items()
            if oa_id in self.world.accounts
        ]
        context = {
            "tab": "numbers",
            "hooks_off": [account for account in self.world.accounts.values() if account.is_hook_off],
            "calls": calls,
            "loads": accounts,
            "numbers": numbers,
            "doubled": self._doubled(),
            "backlog": self.hooks.backlog,
            "tokens": self._tokens(),
        }
        return render(self.world, request, "zalo_simulator/numbers.html", context)

    def _doubled(self) -> list[dict[str, Any]]:
        """Groups whose members read something twice, the worst first."""
        names = {key: group.name for key, group in self.world.groups.items()}
        worst = self.world.stats.duplicates.most_common(MOST_ROWS)
        return [{"id": key, "name": names.get(key, key), "count": count} for key, count in worst]

    def _tokens(self) -> list[dict[str, Any]]:
        """The tokens that still work: the end of each, and how long it has."""
        rows = [
            {
                "account": self.world.accounts[row["oa_id"]].name,
                "is_access": row["kind"] == "access",
                "token": row["token"],
                "until": local(self.world.clock.now() + row["left_ms"]).strftime("%H:%M %d/%m/%Y"),
                "hours": row["left_ms"] // HOUR_MS,
            }
            for row in grants.ages(self.world)
        ]
        return rows[:MOST_ROWS]

    async def no_icon(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    def _cards(self, query: str) -> list[dict[str, Any]]:
        wanted = fold(query).split()
        groups = [
            group for group in self.world.groups.values() if all(word in fold(group.name) for word in wanted)
        ]
        groups.sort(key=lambda group: fold(group.name))
        groups.sort(key=lambda group: group.messages[-1].at if group.messages else 0, reverse=True)
        return [self._card(group) for group in groups]

    def _card(self, group: Group) -> dict[str, Any]:
        last = group.messages[-1] if group.messages else None
        return {
            "id": group.group_id,
            "name": group.name,
            "initials": initials(group.name),
            "tone": tone_of(group.group_id),
            "size": group.size,
            "is_disabled": group.status != "enabled",
            "count": len(group.messages),
            "duplicates": self.world.stats.duplicates[group.group_id],
            "last": last,
            "last_at": moment(self.world, last.at) if last else "",
        }


def render(world: World, request: web.Request, template: str, context: dict[str, Any]) -> web.Response:
    """A page, or 204 when the caller already has this version of the world."""
    # Clocks on the pages show minutes, so a page grows old by itself.
    version = f"{world.version + world.stats.total_calls}.{world.clock.now() // MINUTE_MS}"
    if request.headers.get("X-Version") == version:
        return web.Response(status=204)
    html = render_to_string(template, {"version": version, "banner": banner(world), **context})
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return web.Response(text=html, content_type="text/html", headers=headers)


def banner(world: World) -> dict[str, Any]:
    """What every page says on top: a clock that is not the real one, and how much is broken."""
    now = world.clock.now()
    world.board.tidy(now)
    refused = any(account.refusals for account in world.accounts.values())
    return {
        "time": local(now).strftime("%H:%M %d/%m") if world.clock.offset_ms or world.clock.is_frozen else "",
        "is_frozen": world.clock.is_frozen,
        "faults": len(world.board.faults) + (world.out_until > now) + refused,
    }


def by_day(messages: list[Message], account_name: str) -> list[dict[str, Any]]:
    """Messages by calendar day, each with its time and the name above it."""
    rows = [
        {
            "message": message,
            "time": local(message.at).strftime("%H:%M"),
            "from": account_name if message.is_ours else message.from_name,
            "day": local(message.at).strftime("%d/%m/%Y"),
        }
        for message in messages
    ]
    return [{"day": day, "rows": list(items)} for day, items in groupby(rows, key=lambda row: row["day"])]


def moment(world: World, at: int) -> str:
    """The hour today, the date otherwise."""
    when, now = local(at), local(world.clock.now())
    return when.strftime("%H:%M" if when.date() == now.date() else "%d/%m")


def local(at: int) -> datetime:
    """Milliseconds since 1970 as Viet Nam's wall clock."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(VIETNAM)


def tone_of(key: str) -> int:
    """One of the colours of round pictures, always the same for the same id."""
    return hashlib.sha256(key.encode()).digest()[0] % TONES


def initials(name: str) -> str:
    """Two characters for the round picture of a group: the first letter and a number, or the last letter."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "N"
    number = next((word for word in reversed(words) if word.isdecimal()), "")
    return (words[0][0] + (number[:2] or words[-1][0])).upper()
