"""How tips with photos are measured: the processes of the Procfile, rows and files counted."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import photos, world
from bench.cli import Place
from bench.figures import single
from bench.processes import Child, procfile_line
from bench.receiving import SEED, RefusedError, Server, portal_target, served
from bench.vietnamese import Writer
from bench.visitors import percentile, visit
from tips.enums import EvidenceState
from tips.models import Evidence, Tip

WARM_UP_SECONDS = 1.0
# The warm-up's networks are not those of the photos.
FIRST = 1 << 20
PATIENCE_SECONDS = 1800.0
POLL_SECONDS = 0.2


def measure(place: Place) -> None:
    """Offer the tips, count what is there, wait until the last photo is clean."""
    options, writer = place.options, Writer(SEED)
    country = world.get_or_build(writer, communes=options.communes)
    picture = photos.photo()
    place.report.say(f"  {options.photos:g} tips/s for {options.secs:g} s, a photo of {len(picture):,} bytes")
    with _processes(place) as web:
        target = portal_target(web.port, [commune.code for commune in country.communes], writer)
        visit(target, visitors=2, seconds=WARM_UP_SECONDS)
        before, clean_before = Tip.objects.count(), _clean()
        offered = photos.offer(target, picture, rate=options.photos, seconds=options.secs, first=FIRST)
        stored = Tip.objects.count() - before
        if not offered.accepted:
            raise RefusedError(offered.example[:3000].decode(errors="replace"))
        waiting = Evidence.objects.filter(due_at__isnull=False).count()
        backlog = _wait_until_clean()
    clean = _clean() - clean_before
    add = place.report.add
    add(single("photos.rate", "tips/s accepted", offered.accepted / offered.seconds))
    add(single("photos.refused", "tips", offered.refused))
    add(single("photos.errors", "tips", offered.errors))
    add(single("photos.not_stored", "tips", max(0, offered.accepted - stored)))
    add(single("photos.not_clean", "photos", max(0, offered.accepted - clean)))
    for percent in (50, 99):
        add(single(f"photos.answer_p{percent}", "ms", percentile(offered.answers, percent / 100) * 1000))
    add(single("photos.waiting", "photos when the last tip was in", waiting))
    add(single("photos.backlog", "s until the last was clean", backlog))
    if offered.example:
        place.report.say(f"  {offered.example[:300].decode(errors='replace')}")


@contextmanager
def _processes(place: Place) -> Iterator[Server]:
    with ExitStack() as stack:
        for name in ("worker", "beat"):
            child = Child(procfile_line(name), log=place.backend.folder / f"photo-{name}.log")
            stack.callback(child.stop)
        web = stack.enter_context(served(place, "portal"))
        web.child.wait_until(web.answers)
        yield web


def _clean() -> int:
    return Evidence.objects.filter(state=EvidenceState.READY, due_at=None).count()


def _wait_until_clean() -> float:
    """Seconds until no file waits. Raises RefusedError when the worker does not do its work."""
    started = time.monotonic()
    while Evidence.objects.filter(due_at__isnull=False).exists():
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise RefusedError("photos are still waiting")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - started
