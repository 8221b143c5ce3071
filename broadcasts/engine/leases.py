"""The mailboxes a drain holds: taken a lot at a time, kept while it works, given back when they are empty.

A drain takes no more than keeps its senders busy. What it leaves is for drains in other processes, which it
hears of only by what they have leased.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice
from math import ceil
from typing import Any

from broadcasts.engine import accounts, store
from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.mailbox import Box
from broadcasts.engine.tokens import PacedTokens
from groups.services.clients import make_client
from groups.services.tokens import AccountTokens, read_ahead

MAX_BOXES = 200
# Few enough to share a broadcast among processes, many enough that one slow account holds up no other.
LOT = 25
# Where mailboxes hold few rows each, a lot is as many as are needed for so many claims.
CLAIMS_IN_A_LOT = 4
RENEW_SECONDS = 20
# Worth staying for; longer waits are left to a successor, so that no worker sits idle.
PATIENCE_SECONDS = 1.0


class Leases:
    """Boxes by account. Places for calls are the boxes' own affair, leases and windows are kept here.

    ``are_more``: the last look may have left mailboxes with work behind. ``rows``: claimed so far.
    """

    def __init__(self, owner: str, database: DatabaseThread, session: Any, clock: Callable[[], float]):
        self.boxes: dict[int, Box] = {}
        self.are_more = False
        self.rows = 0
        # Given back with rows that may go on later, and given back empty.
        self.again_at: list[float] = []
        self.seen: set[int] = set()
        self._owner = owner
        self._database = database
        self._session = session
        self._clock = clock
        self._taken = 0
        self._last_renewal = self._next_look = clock()

    def __getitem__(self, account_id: int) -> Box:
        return self.boxes[account_id]

    async def renew(self) -> None:
        """Keep all leases in force; does nothing most of the time."""
        if self._clock() - self._last_renewal < RENEW_SECONDS or not self.boxes:
            return
        self._last_renewal = self._clock()
        await self.keep(self.boxes.values())

    async def keep(self, boxes: Iterable[Box]) -> None:
        """Renew leases and store what their minute holds."""
        now, boxes = self._clock(), list(boxes)
        windows = {box.mailbox_id: box.window_to_store(now) for box in boxes}
        held: set[int] | None = None
        try:
            held = await self._database.run(store.keep_leases, self._owner, windows, now=moment(now))
        finally:
            self.settle_windows(boxes, held, now)
        for box in boxes:
            if box.mailbox_id not in held:
                box.lost()

    def settle_windows(self, boxes: Iterable[Box], held: set[int] | None, now: float) -> None:
        """``held`` are the mailboxes still ours; None when the write failed, and nothing is known."""
        for box in boxes:
            if held is None:
                box.not_stored()
            elif box.mailbox_id in held:
                box.stored(now)

    async def take(self, enough: int) -> list[int]:
        """Let go of mailboxes that are done, take free ones that have work; the accounts of those taken.

        None are taken while those held may send ``enough`` rows.
        """
        await self.release([box for box in self.boxes.values() if box.is_empty and not box.is_busy])
        now, wanted = self._clock(), min(self._lot(enough), MAX_BOXES - len(self.boxes))
        has_enough = sum(box.budget(now) for box in self.boxes.values()) >= enough
        if has_enough or not wanted or now < self._next_look:
            return []
        taken = await self._take(wanted, now)
        self.are_more = len(taken) == wanted
        if not self.are_more:
            self._next_look = now + PATIENCE_SECONDS
        return taken

    def _lot(self, batch: int) -> int:
        rows_each = max(1.0, self.rows / self._taken) if self._taken else batch
        return max(LOT, ceil(CLAIMS_IN_A_LOT * batch / rows_each))

    async def take_urgent(self) -> list[int]:
        """Take free mailboxes with urgent rows, whatever is held already."""
        wanted = min(LOT, MAX_BOXES - len(self.boxes))
        return await self._take(wanted, self._clock(), only_urgent=True) if wanted else []

    async def _take(self, wanted: int, now: float, **which: bool) -> list[int]:
        leases = await self._database.run(store.lease, self._owner, now=moment(now), count=wanted, **which)
        sources = [AccountTokens(lease.account_id, session=self._session) for lease in leases]
        for lease, tokens in zip(leases, sources, strict=True):
            box = self.boxes[lease.account_id] = Box(lease, now=now)
            box.client = make_client(lease.kind, self._session, PacedTokens(tokens, box, self._clock))
        self._taken += len(leases)
        if leases:
            # All at once: a hundred accounts that each asked for their own kept the first calls waiting.
            await self._database.run(read_ahead, sources)
        return [lease.account_id for lease in leases]

    def budgets(self, most: int) -> dict[int, int]:
        """Rows to claim by account: what each may send, shared out fairly up to ``most``."""
        now = self._clock()
        free = {account_id: box.budget(now) for account_id, box in self.boxes.items()}
        free = {account_id: count for account_id, count in free.items() if count}
        share = max(1, most // max(1, len(free)))
        return {account_id: min(count, share) for account_id, count in islice(free.items(), most)}

    def is_due_soon(self) -> bool:
        """Whether a mailbox may go on within the drain's patience."""
        now = self._clock()
        wakes = [wake for box in self.boxes.values() if (wake := box.wakes_at(now)) is not None]
        return bool(wakes) and min(wakes) - now <= PATIENCE_SECONDS

    async def release(self, boxes: list[Box]) -> None:
        """Give mailboxes back, and remember what that means for a successor."""
        if not boxes:
            return
        now = self._clock()
        for box in boxes:
            wake = box.wakes_at(now)
            if wake is not None:
                self.again_at.append(wake)
            elif box.stopped_by is None:
                self.seen.add(box.account_id)
        working = [box.account_id for box in boxes if box.has_sent]
        if working:
            await self._database.run(accounts.note_success, working, now=moment(now))
        await self._database.run(store.release, self._owner, [box.as_release(now) for box in boxes])
        for box in boxes:
            del self.boxes[box.account_id]


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as the database takes them."""
    return datetime.fromtimestamp(seconds, UTC)
