"""The loop that carries deliveries: one drain, one event loop, many mailboxes, at most 45 s.

Steps, over and over: write outcomes (at least every 200 ms), lease mailboxes, claim rows within their pace,
hand them to the senders, rest. A row is committed as SENDING before its call is made, and no transaction is
open during a call. When the drain dies at any line, the rows it held are found by the sweep and settled by
reading the group: nothing is lost, nothing is blindly sent twice.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import Error as DatabaseError

from broadcasts.engine import accounts, reading, store
from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.ledger import FLUSH_SECONDS, Ledger
from broadcasts.engine.mailbox import Box
from broadcasts.engine.outcomes import Call
from broadcasts.engine.reading import Doubt
from broadcasts.engine.sender import Sender
from broadcasts.engine.tokens import PacedTokens
from groups.services.clients import make_client
from groups.services.tokens import AccountTokens, read_ahead
from groups.zalo.http import open_session
from portal.clock import DatabaseClock, database_now

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 45
CLAIM_ROWS = 500
MAX_BOXES = 200
# How long past its time a drain waits for a database that takes no outcomes. Its rows are then settled like
# those of a drain that died.
GIVE_UP_SECONDS = 15
RENEW_SECONDS = 20
# Worth staying for; longer waits are left to a successor, so that no worker sits idle.
PATIENCE_SECONDS = 1.0
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
) -> Report:
    """Send what is due for at most ``seconds``; returns at once when no mailbox is free and has work.

    ``clock`` is seconds since 1970, usually the database's. Safe to run any number of times at once, on any
    number of machines, whatever their own clocks show.
    """
    if not store.has_work(database_now()):
        return Report()
    return asyncio.run(_drain(seconds, concurrency or settings.SEND_CONCURRENCY, database, clock))


async def _drain(
    seconds: float, concurrency: int, database: DatabaseThread | None, clock: Callable[[], float] | None
) -> Report:
    async with database or DatabaseThread() as thread, open_session(concurrency) as session:
        clock = clock or await thread.run(DatabaseClock)
        return await Drain(thread, session, seconds=seconds, concurrency=concurrency, clock=clock).run()


class Drain:
    """One run of the engine. Everything but the database work happens in its event loop."""

    def __init__(
        self,
        database: DatabaseThread,
        session: object,
        *,
        seconds: float,
        concurrency: int,
        clock: Callable[[], float],
    ):
        # Short: it is written into every row that is claimed.
        self.owner = secrets.token_urlsafe(9)
        self.database = database
        self.session = session
        self.concurrency = concurrency
        self.clock = clock
        self.deadline = clock() + seconds
        self.give_up_at = self.deadline + GIVE_UP_SECONDS
        self.batch = min(CLAIM_ROWS, 2 * concurrency)
        self.boxes: dict[int, Box] = {}
        self.queue: asyncio.PriorityQueue[tuple[int, int, Call | Doubt]] = asyncio.PriorityQueue()
        self.ledger = Ledger(self.owner, database, clock)
        self.sender = Sender(database, self.ledger, clock)
        self.again_at: list[float] = []
        self.wake = asyncio.Event()
        self.may_claim = True
        self.serial = self.in_flight = 0
        self.last_renewal = self.next_lease = clock()
        self.seen: set[int] = set()

    # --- The loop ----------------------------------------------------------------------------------------

    async def run(self) -> Report:
        """Drain until nothing is due for a while, or time is up."""
        senders = [asyncio.create_task(self._serve()) for _number in range(self.concurrency)]
        try:
            while True:
                await self.ledger.flush(is_last=self._is_quiet())
                is_over = self.clock() >= self.deadline or ending.is_set()
                if is_over:
                    self._empty_queue()
                has_more = not is_over and await self._fill()
                is_done = self._is_quiet() and (self.ledger.is_empty or self.clock() >= self.give_up_at)
                if not has_more and is_done:
                    break
                await self._rest()
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            await self._finish()
        return Report(self.sender.calls, self.sender.reads, await self._again_in())

    def _is_quiet(self) -> bool:
        """Nothing claimed, nothing on its way."""
        return not self.in_flight and self.queue.empty()

    async def _rest(self) -> None:
        """Until there is something to do: an outcome to write, senders to feed, a call to make."""
        self.wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), FLUSH_SECONDS)

    # --- Filling -----------------------------------------------------------------------------------------

    async def _fill(self) -> bool:
        """Lease and claim; False when nothing can be claimed within the drain's patience."""
        try:
            # Also while the senders are busy: they may all wait for one slow account.
            await self._renew()
            if self.queue.qsize() >= self.concurrency:
                return True
            await self._lease()
            if await self._claim():
                return True
            # What is held turned out to be empty; other mailboxes may not be.
            return (await self._lease() and await self._claim()) or self._soon()
        except DatabaseError as error:
            # The database went away for a moment; what is claimed goes on, and the next round tries again.
            logger.warning("drain_database: %s", type(error).__name__)
            await asyncio.sleep(PATIENCE_SECONDS)
            return True

    async def _renew(self) -> None:
        if self.clock() - self.last_renewal < RENEW_SECONDS or not self.boxes:
            return
        self.last_renewal = self.clock()
        await self._keep(self.boxes.values())

    async def _keep(self, boxes: Iterable[Box]) -> None:
        """Renew leases and store what their minute holds."""
        now, boxes = self.clock(), list(boxes)
        windows = {box.mailbox_id: box.window_to_store(now) for box in boxes}
        held: set[int] | None = None
        try:
            held = await self.database.run(store.keep_leases, self.owner, windows, now=_moment(now))
        finally:
            self._settle_windows(boxes, held, now)
        for box in boxes:
            if box.mailbox_id not in held:
                box.lost()

    async def _lease(self) -> bool:
        """Let go of mailboxes that are done, take free ones that have work; True when any was taken."""
        await self._release([box for box in self.boxes.values() if box.is_empty and not box.is_busy])
        now, wanted = self.clock(), MAX_BOXES - len(self.boxes)
        has_enough = sum(box.budget(now) for box in self.boxes.values()) >= self.batch
        if has_enough or not wanted or now < self.next_lease:
            return False
        leases = await self.database.run(store.lease, self.owner, now=_moment(now), count=wanted)
        if len(leases) < wanted:
            self.next_lease = now + PATIENCE_SECONDS
        sources = [AccountTokens(lease.account_id, session=self.session) for lease in leases]
        for lease, tokens in zip(leases, sources, strict=True):
            box = self.boxes[lease.account_id] = Box(lease, now=now)
            box.client = make_client(lease.kind, self.session, PacedTokens(tokens, box, self.clock))
        if leases:
            await self._read([lease.account_id for lease in leases])
            # All at once: a hundred accounts that each asked for their own kept the first calls waiting.
            await self.database.run(read_ahead, sources)
        return bool(leases)

    async def _read(self, account_ids: list[int]) -> None:
        """Queue looks into the groups of unknown rows, as far as the pace allows."""
        found = await self.database.run(
            reading.doubts, account_ids, now=_moment(self.clock()), count=self.batch
        )
        wanted = []
        for doubt in found:
            box = self.boxes[doubt.account_id]
            if box.budget(self.clock()) > 0:
                box.pace.reserve(1)
                wanted.append(doubt)
        await self._keep({self.boxes[doubt.account_id] for doubt in wanted})
        for doubt in wanted:
            self._put(READING_PRIORITY, doubt)

    async def _claim(self) -> bool:
        """Claim a batch over all mailboxes, urgent rows of each first; True when any row was claimed."""
        now = self.clock()
        budgets = self._budgets(now)
        if not budgets:
            self.may_claim = False
            return False
        for account_id, count in budgets.items():
            self.boxes[account_id].pace.reserve(count)
        short = [box for account_id in budgets if (box := self.boxes[account_id]).pace.stored < 0]
        windows = {box.mailbox_id: box.window_to_store(now) for box in short}
        wanted = [(self.boxes[a].mailbox_id, a, count) for a, count in budgets.items()]
        calls: list[Call] = []
        held: set[int] | None = None
        try:
            calls, held = await self.database.run(store.claim, self.owner, wanted, windows, now=_moment(now))
        finally:
            self._settle_windows(short, held, now)
            self._account_for(budgets, calls, held)
        self.may_claim = bool(calls)
        try:
            await self._freeze({call.broadcast_id for call in calls})
        except DatabaseError:
            # Claimed and committed, yet nobody would ever send them: they go back with the next write.
            for call in calls:
                self.boxes[call.account_id].pace.give_back()
            self.ledger.unissued += calls
            raise
        for call in calls:
            self._put(call.priority, call)
        return bool(calls)

    def _budgets(self, now: float) -> dict[int, int]:
        """Rows to claim by account: what each may send, shared out fairly up to the batch."""
        free = {account_id: box.budget(now) for account_id, box in self.boxes.items()}
        free = {account_id: count for account_id, count in free.items() if count}
        share = max(1, self.batch // len(free)) if free else 0
        return dict(list({a: min(count, share) for a, count in free.items()}.items())[: self.batch])

    def _settle_windows(self, boxes: Iterable[Box], held: set[int] | None, now: float) -> None:
        """``held`` are the mailboxes still ours; None when the write failed, and nothing is known."""
        for box in boxes:
            if held is None:
                box.not_stored()
            elif box.mailbox_id in held:
                box.stored(now)

    def _account_for(self, budgets: dict[int, int], calls: list[Call], held: set[int] | None) -> None:
        """Keep a place for each claimed row and give the others back; fewer than asked for: no more rows."""
        claimed = dict.fromkeys(budgets, 0)
        for call in calls:
            claimed[call.account_id] += 1
        for account_id, count in budgets.items():
            box = self.boxes[account_id]
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

    def _soon(self) -> bool:
        """Whether a mailbox may go on within the drain's patience."""
        now = self.clock()
        wakes = [wake for box in self.boxes.values() if (wake := box.wakes_at(now)) is not None]
        return bool(wakes) and min(wakes) - now <= PATIENCE_SECONDS

    # --- Senders -----------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """One sender: takes the most urgent job, for ever."""
        while True:
            _priority, _serial, job = await self.queue.get()
            box = self.boxes[job.account_id]
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
                if self._wants_attention():
                    self.wake.set()

    def _wants_attention(self) -> bool:
        """Whether the loop has something to do before its next turn: rows to fetch, or the last to write."""
        if self.ledger.is_full or self._is_quiet():
            return True
        return self.may_claim and self.queue.qsize() < self.concurrency

    # --- Ending ------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        """Leave nothing behind: unissued rows go back, outcomes are written, leases end."""
        self._empty_queue()
        await self.ledger.write()
        await self.ledger.finish()
        await self._release(list(self.boxes.values()))

    def _empty_queue(self) -> None:
        while not self.queue.empty():
            _priority, _serial, job = self.queue.get_nowait()
            self.boxes[job.account_id].pace.give_back()
            if isinstance(job, Call):
                self.ledger.unissued.append(job)

    async def _release(self, boxes: list[Box]) -> None:
        if not boxes:
            return
        now = self.clock()
        for box in boxes:
            wake = box.wakes_at(now)
            if wake is not None:
                self.again_at.append(wake)
            elif box.stopped_by is None:
                self.seen.add(box.account_id)
        working = [box.account_id for box in boxes if box.has_sent]
        if working:
            await self.database.run(accounts.note_success, working, now=_moment(now))
        await self.database.run(store.release, self.owner, [box.as_release(now) for box in boxes])
        for box in boxes:
            del self.boxes[box.account_id]

    async def _again_in(self) -> float | None:
        """When a successor is worth starting: None when nothing more is known to be due.

        Rows may have come in for a mailbox after it was found empty, while nobody else could lease it.
        """
        if self.sender.calls and await self.database.run(
            store.have_more, self.seen, now=_moment(self.clock())
        ):
            return 0.0
        if not self.again_at:
            return None
        wait = max(0.0, min(self.again_at) - self.clock())
        return wait if wait <= LONGEST_COUNTDOWN else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
