"""How the tip form is measured: two gunicorns on one database, visitors in turn, rows counted at the end."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import world
from bench.backends import free_port
from bench.cli import Place
from bench.figures import Figure, Series, single
from bench.processes import BASE_DIR, Child, answers, environment, family_cpu_seconds, procfile_line, python
from bench.vietnamese import Writer
from bench.visitors import Tally, Target, percentile, visit
from groups.models import Group
from tips.enums import Category
from tips.models import Tip

SEED = 7
WARM_UP_SECONDS = 0.5
# Visits are numbered on from round to round: the number makes the visitor's network.
ROUND = 1 << 20
GROUPS = 1000
# Every fourth sender leaves a name; the others stay anonymous.
NAMED_EVERY = 4
CATEGORIES = (Category.GAY_ROI, Category.TROM_CUOP, Category.LUA_DAO, Category.CO_BAC, Category.MOI_TRUONG)
RECEIPT = b'id="receipt"'
BARE_ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "bench.bare.settings"}


class RefusedError(RuntimeError):
    """Every visit of a round was refused: nothing was measured. The text is one of the answers."""


@dataclass(frozen=True)
class Server:
    """A web server that was started and may not answer yet."""

    child: Child
    port: int

    def answers(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/")


def measure(place: Place) -> None:
    """Serve both, let visitors in turn by turn, compare."""
    options, writer = place.options, Writer(SEED)
    country = world.get_or_build(writer, communes=options.communes)
    if not Group.objects.exists():
        world.add_groups(country, count=GROUPS, accounts=1)
    before = Tip.objects.count()
    with served(place, "portal") as ours, served(place, "bare") as other:
        for server in (ours, other):
            server.child.wait_until(server.answers)
        portal = portal_target(ours.port, [commune.code for commune in country.communes], writer)
        bare = _bare(other.port, writer)
        pairs = ((other, bare), (ours, portal))
        warm_up = [_visits(place, server, target, WARM_UP_SECONDS, 0) for server, target in pairs]
        rounds = [
            [_visits(place, server, target, options.secs, number) for server, target in pairs]
            for number in range(1, options.rounds + 1)
        ]
    ours, others = [tally for _bare_tally, tally in rounds], [tally for tally, _ours in rounds]
    _speed(place, ours, others)
    accepted = sum(len(tally.posts) - tally.refused for tally in (*ours, warm_up[1]))
    place.report.add(single("intake.refused", "visits", sum(tally.refused for tally in ours)))
    place.report.add(single("intake.not_stored", "tips", accepted - (Tip.objects.count() - before)))


def _speed(place: Place, ours: list[Tally], others: list[Tally]) -> None:
    rates, baseline = Series("", [t.rate for t in ours]), Series("bare Django form", [t.rate for t in others])
    place.report.add(Figure("intake.rate", "visits/s", rates, baseline))
    for name, tallies in (("cpu", ours), ("cpu_bare", others)):
        place.report.add(single(f"intake.{name}", "ms a visit", *(tally.cpu_ms for tally in tallies)))
    for name in ("gets", "posts"):
        for percent in (50, 95, 99):
            values = [percentile(getattr(tally, name), percent / 100) * 1000 for tally in ours]
            place.report.add(single(f"intake.{name[:-1]}_p{percent}", "ms", *values))


def _visits(place: Place, server: Server, target: Target, seconds: float, number: int) -> Tally:
    pid = server.child.process.pid
    before = family_cpu_seconds(pid)
    tally = visit(target, visitors=place.options.visitors, seconds=seconds, first=number * ROUND)
    tally.cpu_seconds = family_cpu_seconds(pid) - before
    if tally.refused == len(tally.posts):
        raise RefusedError(tally.example[:3000].decode(errors="replace"))
    return tally


def portal_target(port: int, codes: list[str], writer: Writer) -> Target:
    """The tip form about one of ``codes``, filled in by ``writer``."""

    def fill(number: int) -> dict[str, str]:
        form = {
            "category": CATEGORIES[number % len(CATEGORIES)],
            "text": writer.tip(),
            "unit": codes[number % len(codes)],
            "place": writer.spot(),
            "action": "send",
        }
        if number % NAMED_EVERY == 0:
            form |= {"contact_name": writer.person(), "contact_phone": writer.phone()}
        return form

    def is_accepted(status: int, page: bytes) -> bool:
        return status == 200 and RECEIPT in page

    return Target(port, f"/gui-tin/?unit={codes[0]}", fill, is_accepted)


def _bare(port: int, writer: Writer) -> Target:
    def fill(number: int) -> dict[str, str]:
        category = CATEGORIES[number % len(CATEGORIES)]
        return {"category": category, "text": writer.tip(), "place": writer.spot()}

    return Target(port, "/", fill, lambda status, _page: status == 302)


@contextmanager
def served(place: Place, name: str, more: dict[str, str] | None = None) -> Iterator[Server]:
    """The portal by gunicorn as the Procfile starts it, or the bare one in its place."""
    port = free_port()
    command, changes = procfile_line("web"), {"WEB_PORT": str(port), **(more or {})}
    if name == "bare":
        command = [word.replace("portal.wsgi", "bench.bare.wsgi") for word in command]
        changes |= BARE_ENVIRONMENT
        _prepare_bare()
    child = Child(command, log=place.backend.folder / f"{name}.log", env=changes)
    try:
        yield Server(child, port)
    finally:
        child.stop()


def _prepare_bare() -> None:
    command, changed = python("-m", "bench.bare"), environment(BARE_ENVIRONMENT)
    subprocess.run(command, cwd=BASE_DIR, env=changed, check=True)
