"""How a broadcast is measured: the world it happens in, its rounds, its figures."""

import json
import subprocess
import time
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from bench import counters, world
from bench.cli import Place
from bench.figures import Figure, Series, single
from bench.processes import BASE_DIR, python
from bench.senders import Carried, Sender, Worker
from bench.vietnamese import Writer
from broadcasts.enums import DeliveryState, PostKind
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import approval, editing, sending
from groups.models import Group, OfficialAccount

SEED = 7
BULK = 2000
SIZES = (1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Round:
    """One broadcast, measured. ``cpu`` in seconds, all of the sender's."""

    groups: int
    rate: float
    times: Carried
    lost: int
    twice: int
    unsent: int
    cpu: float
    rss_mib: float
    rss_now_mib: float
    work: counters.Work | None


class Scene:
    """Groups and people of one measurement."""

    def __init__(self, place: Place):
        self.place, self.options, self.report = place, place.options, place.report
        self.writer = Writer(SEED)
        self.world = world.get_or_build(self.writer, communes=self.options.communes)
        world.add_groups(self.world, count=self.options.groups, accounts=self.options.accounts)

    def submitted(self, *, share: float = 1) -> Broadcast:
        """A new broadcast to all groups, or to a ``share`` of the communes, waiting for the chief."""
        title, body = self.writer.post()
        communes = self.world.communes[: max(1, round(share * len(self.world.communes)))]
        audience = {"units": [unit.code for unit in (communes if share < 1 else [self.world.province])]}
        content = editing.Content(kind=PostKind.EDUCATION, title=title, body=body, audience=audience)
        broadcast = editing.create_broadcast(self.world.author, content=content)
        return approval.submit_broadcast(broadcast, actor=self.world.author, confirm_duplicate=True)

    def raw(self, delay_ms: float, *, conc: int | None = None) -> float:
        """Messages per second of the bare loop."""
        self.place.stub.behave(delay_ms=delay_ms)
        options = self.options
        command = python("-m", "bench.rawclient", "--url", self.place.stub.url)
        command += ["--count", str(options.groups), "--conc", str(conc or options.conc)]
        printed = subprocess.run(command, cwd=BASE_DIR, check=True, capture_output=True, text=True).stdout
        return options.groups / json.loads(printed)["seconds"]

    def round(self, sender: Sender, delay_ms: float, *, count_work: bool = False, share: float = 1) -> Round:
        """Send one broadcast; ``count_work`` asks the database what it had to do."""
        broadcast, options = self.submitted(share=share), self.options
        faults = ("fail_every", "http500_every", "drop_every")
        self.place.stub.behave(delay_ms=delay_ms, **{name: getattr(options, name) for name in faults})
        before, cpu = counters.read() if count_work else None, sender.cpu_seconds()
        times = sender.carry(broadcast)
        stats, cpu = self.place.stub.stats(), sender.cpu_seconds() - cpu
        after = counters.read() if count_work else None
        groups = Delivery.objects.filter(broadcast=broadcast).count()
        return Round(
            groups=groups,
            rate=groups / times.finished,
            times=times,
            lost=groups - stats["unique"],
            twice=stats["dup"],
            unsent=groups - Delivery.objects.filter(broadcast=broadcast, state=DeliveryState.SENT).count(),
            cpu=max(0.0, cpu),
            rss_mib=sender.peak_rss_mib(),
            rss_now_mib=sender.rss_mib(),
            work=after.since(before) if after and before else None,
        )


def measure(place: Place) -> None:
    """Build the groups once, then measure the broadcast itself and what ``--also`` names."""
    options, also = place.options, place.options.also.split(",")
    scene = Scene(place)
    sender = Worker if options.mode == "worker" else Sender
    if "fanout" in also:
        _fanout(scene)
    with sender(place, scene.world.approver) as running:
        _delayed(scene, running, with_raw="raw" in also)
        if "own" in also and not options.kill_after:
            _own_cost(scene, running)
        if "growth" in also and not options.kill_after:
            _growth(scene, running)
    if "wide" in also and not options.kill_after:
        with sender(place, scene.world.approver, conc=options.wide) as running:
            _wide(scene, running)


def measure_rate(place: Place) -> None:
    """How much of every account's minute is used, as the other side counts it."""
    options, scene = place.options, Scene(place)
    OfficialAccount.objects.update(rate_per_minute=options.rate)
    place.stub.behave(delay_ms=options.delay_ms)
    with Worker(place, scene.world.approver) as running:
        broadcast = scene.submitted()
        running.patience = options.minutes * 60
        running.carry(broadcast)
        stats = place.stub.stats()
    limit = options.rate * options.minutes * stats["accounts"]
    figure = Figure("dispatch.limit_use", "calls", Series("", [stats["total"]]), ideal=limit)
    scene.report.add(figure)
    scene.report.add(single("dispatch.limit_most", "of --rate calls in any 60 s", stats["max_minute"]))


def _wide(scene: Scene, sender: Sender) -> None:
    """Many calls at once: what the machine holds, beside the ideal and the bare loop."""
    options = scene.options
    raw, ours = Series("raw aiohttp loop"), Series("")
    for _number in range(options.rounds):
        raw.values.append(scene.raw(options.delay_ms, conc=options.wide))
        ours.values.append(scene.round(sender, options.delay_ms).rate)
    ideal = options.wide / options.delay_ms * 1000 if options.delay_ms else None
    scene.report.add(Figure("dispatch.wide_rate", f"msg/s, {options.wide} at once", ours, raw, ideal))


def _growth(scene: Scene, sender: Sender) -> None:
    """What one message costs in broadcasts ten times as large as the one before."""
    report, costs, sizes = scene.report, [], [s for s in SIZES if s <= scene.options.groups]
    for size in sizes:
        one = scene.round(sender, 0, share=size / scene.options.groups)
        costs.append(one.cpu / one.groups * 1000)
        report.add(single(f"dispatch.cpu_at_{size}", "ms of CPU a message", costs[-1]))
        report.add(single(f"dispatch.rss_at_{size}", "MiB held after it", one.rss_now_mib))
    if len(sizes) > 1:
        report.add(single("dispatch.growth", "times the cost of the smallest", costs[-1] / costs[0]))


def _delayed(scene: Scene, sender: Sender, *, with_raw: bool) -> None:
    """The broadcast as it goes out, beside the bare loop and the ideal of slots / answer time."""
    options = scene.options
    ideal = options.conc / options.delay_ms * 1000 if options.delay_ms else None
    raw, ours = Series("raw aiohttp loop"), []
    for _number in range(1 if options.kill_after else options.rounds):
        if with_raw:
            raw.values.append(scene.raw(options.delay_ms))
        ours.append(scene.round(sender, options.delay_ms, count_work=True))
    rates = Series("", [one.rate for one in ours])
    scene.report.add(Figure("dispatch.rate", "msg/s", rates, raw if with_raw else None, ideal))
    _times(scene, ours)
    _certainty(scene, ours)
    _database_work(scene, ours)


def _own_cost(scene: Scene, sender: Sender) -> None:
    """The same through an API that answers at once: what the portal itself costs."""
    raw, ours = Series("raw aiohttp loop"), []
    for _number in range(scene.options.rounds):
        raw.values.append(scene.raw(0))
        ours.append(scene.round(sender, 0))
    rates = Series("", [one.rate for one in ours])
    scene.report.add(Figure("dispatch.own_rate", "msg/s without delay", rates, raw))
    cpu = [one.cpu / scene.options.groups * 1000 for one in ours]
    scene.report.add(single("dispatch.own_cpu", "ms of CPU a message", *cpu))


def _fanout(scene: Scene) -> None:
    """Writing the delivery rows, beside a bare INSERT ... SELECT and Django's ``bulk_create`` of the same."""
    ours, bulk, bare = Series(""), Series("bulk_create"), Series("bare INSERT ... SELECT")
    for _number in range(scene.options.rounds):
        bulk.values.append(_fanout_round(scene, _bulk_create))
        bare.values.append(_fanout_round(scene, _bare_insert))
        ours.values.append(_fanout_round(scene, lambda broadcast: sending.expand(broadcast.pk)))
    scene.report.add(Figure("dispatch.fanout", "rows/s", ours, bulk))
    scene.report.add(Figure("dispatch.fanout_bare", "rows/s", ours, bare))


def _fanout_round(scene: Scene, write: object) -> float:
    broadcast = approval.approve_broadcast(
        scene.submitted(), actor=scene.world.approver, confirm_duplicate=True
    )
    sending.start_due(timezone.now())
    started = time.perf_counter()
    write(broadcast)
    rate = scene.options.groups / (time.perf_counter() - started)
    # Never sent: the next part of the run must find no row but its own.
    rows = Delivery.objects.filter(broadcast=broadcast)
    rows._raw_delete(rows.db)
    Broadcast.objects.filter(pk=broadcast.pk).delete()
    return rate


def _bulk_create(broadcast: Broadcast) -> None:
    groups = Group.objects.under(broadcast.unit).order_by().values_list("pk", "official_account_id")
    queued = DeliveryState.QUEUED
    Delivery.objects.bulk_create(
        [Delivery(broadcast=broadcast, group_id=pk, account_id=owner, state=queued) for pk, owner in groups],
        batch_size=BULK,
    )


def _bare_insert(broadcast: Broadcast) -> None:
    """The least a database can do for it: constants beside two columns of the groups."""
    fixed = {"broadcast_id": broadcast.pk, "state": "queued", "priority": 1, "attempts": 0, "reads": 0}
    fixed |= dict.fromkeys(("claim", "message_id", "last_error", "reason"), "") | {"crashes": 0}
    fixed |= dict.fromkeys(("next_attempt_at", "created_at", "updated_at"), timezone.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Delivery._meta.db_table} (group_id, account_id, {', '.join(fixed)})"
            f" SELECT id, official_account_id, {', '.join(['%s'] * len(fixed))}"
            f" FROM {Group._meta.db_table} WHERE official_account_id IS NOT NULL",
            list(fixed.values()),
        )


def _times(scene: Scene, rounds: list[Round]) -> None:
    report, times = scene.report, [one.times for one in rounds]
    report.add(single("dispatch.approve", "ms for the chief's click", *(t.approved * 1000 for t in times)))
    report.add(single("dispatch.publish", "ms to all rows", *(t.published * 1000 for t in times)))
    report.add(single("dispatch.finish", "s to the last row", *(t.finished for t in times)))
    recovered = [t.recovered for t in times if t.recovered is not None]
    if recovered:
        report.add(single("dispatch.recovery", "s from the kill to the next call", *recovered))
    report.add(single("dispatch.cpu", "s of CPU", *(one.cpu for one in rounds)))
    report.add(single("dispatch.rss", "MiB at most", max(one.rss_mib for one in rounds)))
    grown = rounds[-1].rss_now_mib - rounds[0].rss_now_mib
    report.add(single("dispatch.rss_growth", "MiB from the first round to the last", grown))


def _certainty(scene: Scene, rounds: list[Round]) -> None:
    """Counts of the worst round: these have no noise."""
    report = scene.report
    report.add(single("dispatch.lost", "messages", max(r.lost for r in rounds)))
    report.add(single("dispatch.twice", "messages", max(r.twice for r in rounds)))
    report.add(single("dispatch.unsent", "rows not recorded as sent", max(r.unsent for r in rounds)))


def _database_work(scene: Scene, rounds: list[Round]) -> None:
    works = [one.work for one in rounds if one.work is not None]
    if not works:
        return
    groups, report = scene.options.groups, scene.report
    report.add(single("dispatch.commits", "a message", *(work.commits / groups for work in works)))
    report.add(single("dispatch.row_updates", "a message", *(work.updates / groups for work in works)))
    report.add(single("dispatch.row_inserts", "a message", *(work.inserts / groups for work in works)))
    report.add(single("dispatch.wal", "bytes a message", *(work.wal_bytes / groups for work in works)))
