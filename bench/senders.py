"""What carries a measured broadcast: the engine in this process, or the worker as the Procfile runs it."""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.cli import Place
from bench.processes import Child, cpu_seconds, peak_rss_mib, procfile_line, rss_mib
from broadcasts.engine.drain import drain
from broadcasts.enums import FINAL, DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import approval, sending
from portal.celery import app

POLL_SECONDS = 0.02
MISHAPS = ("rate", "kill_after", "fail_every", "http500_every", "drop_every")
# Rows under way; asked by name, so that the index on (broadcast, state) answers.
OPEN = tuple(state for state in DeliveryState.values if state not in FINAL)


@dataclass(frozen=True)
class Carried:
    """Seconds since the chief's click: until it returned, until all rows were there, until all were final.

    ``recovered``: seconds from the death of the worker until its successor made a call.
    """

    approved: float
    published: float
    finished: float
    recovered: float | None = None


class Sender:
    """The engine in this process. Use it with ``with``."""

    def __init__(self, place: Place, approver: Any, *, conc: int | None = None):
        self.place, self.approver = place, approver
        self.conc = conc or place.options.conc
        self.patience = place.options.patience

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *error: object) -> None:
        return

    def carry(self, broadcast: Broadcast) -> Carried:
        """Approve the broadcast and see it through, for at most ``--patience`` seconds."""
        started = time.perf_counter()
        approval.approve_broadcast(broadcast, actor=self.approver, confirm_duplicate=True)
        approved = time.perf_counter() - started
        sending.start_due(timezone.now())
        sending.expand(broadcast.pk)
        published = time.perf_counter() - started
        while time.perf_counter() - started < self.patience:
            wait = drain(concurrency=self.conc).again_in
            if wait is None and not is_open(broadcast):
                break
            time.sleep(POLL_SECONDS if wait is None else wait)
        return Carried(approved, published, time.perf_counter() - started)

    def cpu_seconds(self) -> float:
        """Processor time of the sending process so far."""
        return time.process_time()

    def peak_rss_mib(self) -> float:
        """The most memory the sending process has held."""
        return peak_rss_mib(os.getpid())

    def rss_mib(self) -> float:
        """What the sending process holds now."""
        return rss_mib(os.getpid())


class Worker(Sender):
    """The worker of the Procfile, ``--workers`` of it: this process only approves, hints do the rest.

    Beat runs beside it ``with_beat``, and wherever something goes wrong on purpose: its ticks are what brings
    unknown rows, a killed worker's rows, and those that wait for their minute, to an end.
    """

    def __init__(self, place: Place, approver: Any, *, conc: int | None = None, with_beat: bool = False):
        super().__init__(place, approver, conc=conc)
        self.with_beat = with_beat or any(getattr(place.options, name, 0) for name in MISHAPS)

    def __enter__(self) -> "Worker":
        self.children: list[Child] = []
        try:
            self.workers = self._start_workers()
            self.beat = self._start("beat") if self.with_beat else None
            self.workers[0].wait_until(lambda: len(app.control.ping(timeout=0.5)) >= len(self.workers))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for child in self.children:
            child.stop()

    def carry(self, broadcast: Broadcast) -> Carried:
        started = time.perf_counter()
        approval.approve_broadcast(broadcast, actor=self.approver, confirm_duplicate=True)
        approved = time.perf_counter() - started
        published = self._wait_until(lambda: is_published(broadcast), started)
        recovered = self._replace_worker(started) if self.place.options.kill_after else None
        if not self.with_beat:
            # Asked all the while, the database would work for us, too; the other side counts as well.
            rows = Delivery.objects.filter(broadcast=broadcast).count()
            self._wait_until(lambda: self.place.stub.stats()["total"] >= rows, started)
        finished = self._wait_until(lambda: not is_open(broadcast), started)
        return Carried(approved, published, finished, recovered)

    def _replace_worker(self, started: float) -> float:
        """Kill the workers in the middle of their work, start others; seconds until one made a call."""
        time.sleep(max(0.0, self.place.options.kill_after - (time.perf_counter() - started)))
        for worker in self.workers:
            worker.kill()
        killed, calls = time.perf_counter(), self.place.stub.stats()["total"]
        self.workers = self._start_workers()
        return self._wait_until(lambda: self.place.stub.stats()["total"] > calls, killed)

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(worker.process.pid) for worker in self.workers)

    def peak_rss_mib(self) -> float:
        return max(peak_rss_mib(worker.process.pid) for worker in self.workers)

    def rss_mib(self) -> float:
        return max(rss_mib(worker.process.pid) for worker in self.workers)

    def named_children(self) -> list[tuple[str, Child]]:
        """The processes and the names of what is measured of them."""
        both = (("worker_rss", self.workers[0]), ("beat_rss", self.beat))
        return [(name, child) for name, child in both if child is not None]

    def _start_workers(self) -> list[Child]:
        number = getattr(self.place.options, "workers", 1)
        # Each with its share of the calls at once, and a name of its own on the one machine.
        calls = {"SEND_CONCURRENCY": str(max(1, self.conc // number))}
        return [self._start("worker", f"--hostname=bench{n}@%h", env=calls) for n in range(number)]

    def _start(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> Child:
        log = self.place.backend.folder / f"{name}-{len(self.children)}.log"
        child = Child([*procfile_line(name), *arguments], log=log, env=env or {})
        self.children.append(child)
        return child

    def _wait_until(self, is_true: Callable[[], bool], started: float) -> float:
        # One transaction, or PostgreSQL counts each look as a commit; on SQLite it would lock out the worker.
        with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
            while not is_true() and time.perf_counter() - started < self.patience:
                time.sleep(POLL_SECONDS)
        return time.perf_counter() - started


def is_open(broadcast: Broadcast) -> bool:
    """Whether rows of it are still under way."""
    return Delivery.objects.filter(broadcast=broadcast, state__in=OPEN).exists()


def is_published(broadcast: Broadcast) -> bool:
    """Whether its rows have been written."""
    return Delivery.objects.filter(broadcast=broadcast).exists()
