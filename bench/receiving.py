"""How the tip form is measured: two gunicorns on one database, visitors in turn, rows counted at the end."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bench import world
from bench.backends import free_port
from bench.cli import Place
from bench.figures import Figure, Series, single
from bench.processes import BASE_DIR, Child, answers, peak_rss_mib, procfile_line, python
from bench.vietnamese import Writer
from bench.visitors import Tally, Target, percentile, visit
from tips.enums import Category
from tips.models import Tip

SEED = 7
WARM_UP_SECONDS = 0.5
# Every fourth sender leaves a name; the others stay anonymous.
NAMED_EVERY = 4
CATEGORIES = (Category.GAY_ROI, Category.TROM_CUOP, Category.LUA_DAO, Category.CO_BAC, Category.MOI_TRUONG)


def measure(place: Place) -> None:
    """Serve both, let visitors in turn by turn, compare."""
    options = place.options
    writer = Writer(SEED)
    country = world.get_or_build(writer, communes=options.communes)
    subprocess.run(python("-m", "bench.bare"), cwd=BASE_DIR, check=True, env=_bare_environment())
    ours, bare = Series(""), Series("bare Django form")
    tallies: list[Tally] = []
    with _served(place, "portal") as portal_port, _served(place, "bare") as bare_port:
        portal = _portal_target(portal_port, country.communes, writer)
        other = _bare_target(bare_port, writer)
        for target in (portal, other):
            visit(target, visitors=options.visitors, seconds=WARM_UP_SECONDS, first=10**6)
        before = Tip.objects.count()
        for number in range(options.rounds):
            first = number * 10**5
            bare.values.append(_accepted(visit(other, visitors=options.visitors, seconds=options.secs)).rate)
            tally = visit(portal, visitors=options.visitors, seconds=options.secs, first=first)
            ours.values.append(_accepted(tally).rate)
            tallies.append(tally)
        stored = Tip.objects.count() - before
    report = place.report
    report.add(Figure("intake.rate", "visits/s (GET and POST)", ours, bare))
    for name, times in (("get", [t.gets for t in tallies]), ("post", [t.posts for t in tallies])):
        for share in (50, 95, 99):
            values = [percentile(one, share / 100) * 1000 for one in times]
            report.add(single(f"intake.{name}_p{share}", "ms", *values))
    sent = sum(len(tally.posts) for tally in tallies)
    report.add(single("intake.refused", "visits", sum(tally.refused for tally in tallies)))
    report.add(single("intake.not_stored", "tips", sent - stored))


class RefusedError(RuntimeError):
    """Every visit was refused: nothing was measured. The text is the answer of one of them."""


def _accepted(tally: Tally) -> Tally:
    if tally.refused == len(tally.posts):
        raise RefusedError(tally.example[:2000].decode(errors="replace"))
    return tally


def _portal_target(port: int, communes: list, writer: Writer) -> Target:
    codes = [commune.code for commune in communes]

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
        return status == 200 and b"data-receipt" in page

    return Target(port, f"/gui-tin/?unit={codes[0]}", fill, is_accepted)


def _bare_target(port: int, writer: Writer) -> Target:
    def fill(number: int) -> dict[str, str]:
        category = CATEGORIES[number % len(CATEGORIES)]
        return {"category": category, "text": writer.tip(), "place": writer.spot()}

    return Target(port, "/", fill, lambda status, _page: status == 302)


@contextmanager
def _served(place: Place, name: str) -> Iterator[int]:
    """Gunicorn as the Procfile starts it, on a free port."""
    port = free_port()
    command = procfile_line("web")
    environment = {"WEB_PORT": str(port)}
    if name == "bare":
        command = [word.replace("portal.wsgi", "bench.bare.wsgi") for word in command]
        environment |= _bare_environment(only_changes=True)
    child = Child(command, log=place.backend.folder / f"{name}.log", env=environment)
    try:
        child.wait_until(lambda: answers(f"http://127.0.0.1:{port}/"))
        yield port
    finally:
        child.stop()
