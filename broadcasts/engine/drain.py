"""The loop that carries deliveries: one drain, one event loop, many mailboxes, at most 45 s.

Two tasks feed and follow the senders, each with a database connection of its own where there can be two. One
leases mailboxes, claims rows within their pace, puts them in line, rests; the other writes outcomes, at least
every 200 ms. A row is committed as SENDING before its call is made, and no transaction is open during a call.
When the drain dies at any line, the rows it held are found by the heir of its mailboxes, or by the sweep, and
settled by reading the group: nothing is lost, nothing is blindly sent twice.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError

from broadcasts.engine import reading, store
from broadcasts.engine.ahead import Ahead
from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.leases import PATIENCE_SECONDS, Leases, moment
from broadcasts.engine.ledger import FLUSH_SECONDS, Ledger
from broadcasts.engine.outcomes import Call
from broadcasts.engine.reading import Doubt
from broadcasts.engine.sender import Sender
from broadcasts.engine.turns import turn
from groups.zalo.http import open_session
from portal.clock import DatabaseClock, database_now

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 45
# How long past its time a drain waits for a database that takes no outcomes. Its rows are then settled like
# those of a drain that died.
GIVE_UP_SECONDS = 15
# With the last calls on their way; whatever runs longer hangs.
LONGEST_SECONDS = DRAIN_SECONDS + GIVE_UP_SECONDS + 15
# How often other processes are asked to help while there are more mailboxes than this drain takes.
HELP_SECONDS = 1.0
# A successor's countdown stays below the broker's visibility timeout.
LONGEST_COUNTDOWN = 90.0
READING_PRIORITY = 9


# Set when the worker is told to end: drains finish the calls on their way, give the rest back, and return.
ending = threading.Event()


@dataclass(frozen=True)
class Report:
    """What a drain did. ``again_in``: seconds until a successor is worth starting, or None."""

    calls: int = 0
    reads: int = 0
    again_in: float | None = None


def drain(
    *,
    seconds: float = DRAIN_SECONDS,
    concurrency: int | None = None,
    database: DatabaseThread | None = None,
    clock: Callable[[], float] | None = None,
    call_others: Callable[[], None] | None = None,
) -> Report:
    """Send what is due for at most ``seconds``; returns at once when no mailbox is free and has work.

    ``clock`` is seconds since 1970, usually the database's. ``call_others`` is called, in a thread, while
    there are more mailboxes with work than this drain takes. Safe to run any number of times at once, on any
    number of machines, whatever their own clocks show.
    """
    if not store.has_work(database_now()):
        return Report()
    options = {"seconds": seconds, "concurrency": concurrency or settings.SEND_CONCURRENCY}
    return asyncio.run(_drain(database, clock, call_others=call_others, **options))


async def _drain(
    database: DatabaseThread | None, clock: Callable[[], float] | None, *, concurrency: int, **options: Any
) -> Report:
    async with (
        database or DatabaseThread() as thread,
        thread.beside() as writing,
        open_session(concurrency) as session,
    ):
        clock = clock or await thread.run(DatabaseClock)
        options |= {"concurrency": concurrency, "clock": clock, "writing": writing}
        return await Drain(thread, session, **options).run()


class Drain:
    """One run of the engine. Everything but the database work happens in its event loop.

    ``writing``: the thread that writes outcomes while ``database`` fetches rows.
    """

    def __init__(
        self,
        database: DatabaseThread,
        session: object,
        *,
        seconds: float,
        concurrency: int,
        clock: Callable[[], float],
        writing: DatabaseThread | None = None,
        call_others: Callable[[], None] | None = None,
    ):
        # Short: it is written into every row that is claimed.
        self.owner = secrets.token_urlsafe(9)
        self.database = database
        self.concurrency = concurrency
        self.clock = clock
        self.deadline = clock() + seconds
        self.give_up_at = self.deadline + GIVE_UP_SECONDS
        self.ahead = Ahead(concurrency, now=clock())
        self.leases = Leases(self.owner, database, session, clock)
        self.queue: asyncio.PriorityQueue[tuple[int, int, Call | Doubt]] = asyncio.PriorityQueue()
        self.ledger = Ledger(self.owner, writing or database, clock)
        self.sender = Sender(database, self.ledger, clock)
        self.call_others, self.next_call = call_others, clock()
        self.wake, self.to_write = asyncio.Event(), asyncio.Event()
        self.may_claim = True
        self.is_ending = False
        self.serial = self.in_flight = 0

    # --- The loop ----------------------------------------------------------------------------------------

    async def run(self) -> Report:
        """Drain until nothing is due for a while, or time is up."""
        senders = [asyncio.create_task(self._serve()) for _number in range(self.concurrency)]
        writer = asyncio.create_task(self._keep_written())
        try:
            while not writer.done() and await self._turn():
                await _until(self.wake)
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            # Never cancelled: what is being written must not be written a second time.
            self.is_ending = True
            self.to_write.set()
            await asyncio.wait([writer])
            await self._finish()
        writer.result()
        return Report(self.sender.calls, self.sender.reads, await self._again_in())

    async def _turn(self) -> bool:
        """Fetch what is due; False when there is nothing left to do, or time is up."""
        # Asked first: what is written from here on may free rows that this turn does not see.
        was_written = self._is_quiet() and self.ledger.is_empty
        is_over = self.clock() >= self.deadline or ending.is_set()
        if is_over:
            self._empty_queue()
        if not is_over and await self._fill():
            return True
        is_written = was_written and self.ledger.is_empty
        return not self._is_quiet() or not (is_written or self.clock() >= self.give_up_at)

    async def _keep_written(self) -> None:
        """Write outcomes as they come, while rows are fetched."""
        while not self.is_ending:
            await self.ledger.flush(is_quiet=self._is_quiet(), is_last=not self.may_claim)
            if self._is_quiet():
                self.wake.set()
            await _until(self.to_write)

    def _is_quiet(self) -> bool:
        """Nothing claimed, nothing on its way."""
        return not self.in_flight and self.queue.empty()

    # --- Filling -----------------------------------------------------------------------------------------

    async def _fill(self) -> bool:
        """Lease and claim; False when nothing can be claimed within the drain's patience."""
        try:
            # Also while the senders are busy: they may all wait for one slow account.
            await self.leases.renew()
            self._call_others()
            is_urgent = turn.hear() and await self._read(await self.leases.take_urgent())
            if self.queue.qsize() >= self.ahead.low and not is_urgent:
                return True
            return await self._fetch()
        except DatabaseError as error:
            # The database went away for a moment; what is claimed goes on, and the next round tries again.
            logger.warning("drain_database: %s", type(error).__name__)
            await asyncio.sleep(PATIENCE_SECONDS)
            return True

    async def _fetch(self) -> bool:
        started = self.clock()
        await self._lease()
        # What is held may turn out to be empty; other mailboxes may not be.
        if not await self._claim() and not (await self._lease() and await self._claim()):
            return self.leases.is_due_soon()
        now = self.clock()
        self.ahead.fetched(seconds=now - started, calls=self.sender.calls, now=now)
        return True

    def _call_others(self) -> None:
        """Ask other processes to take the mailboxes this drain has no use for yet."""
        if self.leases.are_more and self.call_others is not None and self.clock() >= self.next_call:
            self.next_call = self.clock() + HELP_SECONDS
            # The broker may take seconds to refuse.
            asyncio.get_running_loop().run_in_executor(None, self.call_others)

    async def _lease(self) -> bool:
        """Take mailboxes when those held are not enough; True when any was taken."""
        return await self._read(await self.leases.take(self.ahead.batch))

    async def _read(self, account_ids: list[int]) -> bool:
        """Queue looks into the groups of unknown rows, as far as the pace allows; False without accounts."""
        if not account_ids:
            return False
        found = await self.database.run(
            reading.doubts, account_ids, now=moment(self.clock()), count=self.ahead.batch
        )
        wanted = []
        for doubt in found:
            box = self.leases[doubt.account_id]
            if box.budget(self.clock()) > 0:
                box.pace.reserve(1)
                wanted.append(doubt)
        await self.leases.keep({self.leases[doubt.account_id] for doubt in wanted})
        for doubt in wanted:
            self._put(READING_PRIORITY, doubt)
        return True

    async def _claim(self) -> bool:
        """Claim a batch over all mailboxes, urgent rows of each first; True when any row was claimed."""
        now = self.clock()
        budgets = self.leases.budgets(self.ahead.batch)
        if not budgets:
            self.may_claim = False
            return False
        for account_id, count in budgets.items():
            self.leases[account_id].pace.reserve(count)
        short = [box for account_id in budgets if (box := self.leases[account_id]).pace.stored < 0]
        windows = {box.mailbox_id: box.window_to_store(now) for box in short}
        wanted = [(self.leases[a].mailbox_id, a, count) for a, count in budgets.items()]
        calls: list[Call] = []
        held: set[int] | None = None
        try:
            calls, held = await self.database.run(store.claim, self.owner, wanted, windows, now=moment(now))
        finally:
            self.leases.settle_windows(short, held, now)
            self._account_for(budgets, calls, held)
        self.may_claim = bool(calls)
        self.leases.rows += len(calls)
        try:
            await self._freeze({call.broadcast_id for call in calls})
        except DatabaseError:
            # Claimed and committed, yet nobody would ever send them: they go back with the next write.
            for call in calls:
                self.leases[call.account_id].pace.give_back()
            self.ledger.unissued += calls
            raise
        for call in calls:
            self._put(call.priority, call)
        return bool(calls)

    def _account_for(self, budgets: dict[int, int], calls: list[Call], held: set[int] | None) -> None:
        """Keep a place for each claimed row and give the others back; fewer than asked for: no more rows."""
        claimed = dict.fromkeys(budgets, 0)
        for call in calls:
            claimed[call.account_id] += 1
        for account_id, count in budgets.items():
            box = self.leases[account_id]
            box.pace.give_back(count - claimed[account_id])
            if held is None:
                continue
            if box.mailbox_id not in held:
                box.lost()
                continue
            box.is_empty = claimed[account_id] < count

    async def _freeze(self, broadcast_ids: set[int]) -> None:
        missing = broadcast_ids - self.sender.frozen.keys()
        if missing:
            self.sender.frozen |= await self.database.run(store.frozen, missing)

    def _put(self, priority: int, job: Call | Doubt) -> None:
        self.serial += 1
        self.queue.put_nowait((priority, self.serial, job))

    # --- Senders -----------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """One sender: takes the most urgent job, for ever."""
        while True:
            _priority, _serial, job = await self.queue.get()
            box = self.leases[job.account_id]
            box.in_flight += 1
            self.in_flight += 1
            try:
                await self.sender.do(box, job)
            except Exception:
                # A sender that died would slow the drain down unseen; the row itself is found by the sweep.
                logger.exception("drain_sender")
            finally:
                box.in_flight -= 1
                self.in_flight -= 1
                self._call_attention()

    def _call_attention(self) -> None:
        """Have rows fetched, or outcomes written, before that would be done anyway."""
        is_quiet = self._is_quiet()
        if is_quiet or self.ledger.is_full:
            self.to_write.set()
        if is_quiet or (self.may_claim and self.queue.qsize() < self.ahead.low):
            self.wake.set()

    # --- Ending ------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        """Leave nothing behind: unissued rows go back, outcomes are written, leases end."""
        self._empty_queue()
        await self.ledger.write()
        await self.ledger.finish()
        await self.leases.release(list(self.leases.boxes.values()))

    def _empty_queue(self) -> None:
        while not self.queue.empty():
            _priority, _serial, job = self.queue.get_nowait()
            self.leases[job.account_id].pace.give_back()
            if isinstance(job, Call):
                self.ledger.unissued.append(job)

    async def _again_in(self) -> float | None:
        """When a successor is worth starting: None when nothing more is known to be due.

        Rows may have come in for a mailbox after it was found empty, while nobody else could lease it.
        """
        if (self.sender.calls or self.sender.reads) and await self.database.run(
            store.have_more, self.leases.seen, now=moment(self.clock())
        ):
            return 0.0
        if not self.leases.again_at:
            return None
        wait = max(0.0, min(self.leases.again_at) - self.clock())
        return wait if wait <= LONGEST_COUNTDOWN else None


async def _until(something_to_do: asyncio.Event) -> None:
    """Until it is set, for as long as an outcome may stay unwritten."""
    with suppress(TimeoutError):
        await asyncio.wait_for(something_to_do.wait(), FLUSH_SECONDS)
    something_to_do.clear()
