"""How the webhook is measured: the portal and the bare view in turn, then one process at a steady pace."""

import time

from django.db.models import F, Max
from django.utils import timezone

from bench import hooks, world
from bench.cli import Place
from bench.figures import Figure, Series, single
from bench.hooks import Tally
from bench.processes import Child, procfile_line
from bench.receiving import RefusedError, served
from bench.vietnamese import Writer
from bench.visitors import percentile
from broadcasts.models import Broadcast
from groups.models import Group, ZaloEvent
from groups.services import inbox

SEED = 7
GROUPS, ACCOUNTS = 200, 20
WARM_UP_EVENTS = 50
BARE_PATH = "/hook/"
# A worker that has not done all of it by then does not do it.
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.2


def measure(place: Place) -> None:
    """Both servers in turn, what is in the inbox, how fast it empties, and the steady pace."""
    writer = _writer(place)
    ours, others = _rounds(place, writer)
    rates, baseline = Series("", [t.rate for t in ours]), Series("bare view", [t.rate for t in others])
    place.report.add(Figure("webhook.rate", "events/s", rates, baseline))
    for percent in (50, 95, 99):
        values = [percentile(tally.answers, percent / 100) * 1000 for tally in ours]
        place.report.add(single(f"webhook.p{percent}", "ms", *values))
    _counts(place, ours)
    _work(place)
    _steady(place, writer)


def _writer(place: Place) -> hooks.Writer:
    country = world.get_or_build(Writer(SEED), communes=place.options.communes)
    groups = Group.objects.filter(official_account__isnull=False)
    if not groups.exists():
        world.add_groups(country, count=GROUPS, accounts=ACCOUNTS)
    # A post of no broadcast of ours: its code is looked up like any other.
    code = "TB-2001-0001" if not Broadcast.objects.exists() else Broadcast.objects.values_list("code")[0][0]
    title, body = Writer(SEED).post()
    chosen = list(groups.select_related("official_account").order_by("pk")[:GROUPS])
    return hooks.Writer(chosen, f"{title}\n{body}\n{code}")


def _rounds(place: Place, writer: hooks.Writer) -> tuple[list[Tally], list[Tally]]:
    options, ours, others = place.options, [], []
    with served(place, "portal") as portal, served(place, "bare") as bare:
        for server in (portal, bare):
            server.child.wait_until(server.answers)
        for _round in range(options.rounds):
            for server, path, tallies in ((bare, BARE_PATH, others), (portal, hooks.PATH, ours)):
                twice = options.dup if server is portal else 0
                _deliver(server.port, writer.events(WARM_UP_EVENTS), options.connections, path)
                events = writer.events(options.events, twice_percent=twice)
                tallies.append(_deliver(server.port, events, options.connections, path))
    return ours, others


def _deliver(port: int, events: list[hooks.Event], connections: int, path: str) -> Tally:
    tally = hooks.deliver(port, events, connections=connections, path=path)
    if tally.refused == len(tally.answers):
        raise RefusedError(tally.example[:3000].decode(errors="replace"))
    return tally


def _counts(place: Place, ours: list[Tally]) -> None:
    """Every event sent is a row, none is two; the warm-up's count as well."""
    sent = (place.options.events + WARM_UP_EVENTS) * len(ours)
    stored = ZaloEvent.objects.count()
    place.report.add(single("webhook.refused", "events", sum(tally.refused for tally in ours)))
    place.report.add(single("webhook.not_stored", "events", max(0, sent - stored)))
    place.report.add(single("webhook.doubled", "events", max(0, stored - sent)))


def _work(place: Place) -> None:
    """How fast one process works off what the rounds left."""
    started, done = time.perf_counter(), 0
    while waiting := inbox.process_due():
        done += waiting
    seconds = time.perf_counter() - started
    place.report.add(single("webhook.worked_off", "events/s", done / seconds))
    place.report.add(single("webhook.undone", "events", ZaloEvent.objects.filter(processed_at=None).count()))


def _steady(place: Place, writer: hooks.Writer) -> None:
    """One web process, one Celery worker, ``--steady`` events a second: answers, and how late the work is."""
    options, started = place.options, timezone.now()
    count = int(options.steady * options.steady_secs)
    worker = Child(procfile_line("worker"), log=place.backend.folder / "hook-worker.log")
    try:
        with served(place, "portal", {"WEB_WORKERS": "1"}) as portal:
            portal.child.wait_until(portal.answers)
            _deliver(portal.port, writer.events(WARM_UP_EVENTS), options.connections, hooks.PATH)
            events = writer.events(count)
            tally = hooks.deliver_steadily(
                portal.port, events, rate=options.steady, connections=options.connections
            )
            lag = _lag(started, worker)
    finally:
        worker.stop()
    for percent in (50, 99, 100):
        value = percentile(tally.answers, percent / 100) * 1000
        place.report.add(single(f"webhook.steady_p{percent}", "ms", value))
    place.report.add(single("webhook.steady_refused", "events", tally.refused))
    place.report.add(single("webhook.longest_lag", "s", lag))


def _lag(started: object, worker: Child) -> float:
    """The longest time from receiving an event to its being done."""
    ours, deadline = ZaloEvent.objects.filter(received_at__gte=started), time.monotonic() + PATIENCE_SECONDS
    while ours.filter(processed_at=None).exists():
        if time.monotonic() > deadline:
            raise RefusedError(f"the worker did not do its work\n{worker.printed()[-2000:]}")
        time.sleep(POLL_SECONDS)
    return ours.aggregate(longest=Max(F("processed_at") - F("received_at")))["longest"].total_seconds()
