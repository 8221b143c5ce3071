"""What a drain has learnt and not yet written: outcomes, findings, rows to give back, accounts to stop."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import Error as DatabaseError

from broadcasts.engine import accounts, reading, store
from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.outcomes import Call, Outcome
from broadcasts.engine.reading import Finding
from broadcasts.services import finishing
from groups.zalo.errors import ZaloError

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
FLUSH_ROWS = 500
RETRY_SECONDS = 1.0


class Ledger:
    """Collects during calls, writes in bulk. An entry leaves it only when it is in the database."""

    def __init__(self, owner: str, database: DatabaseThread, clock: Callable[[], float]):
        self.outcomes: list[Outcome] = []
        self.findings: list[Finding] = []
        self.unissued: list[Call] = []
        self.stops: list[tuple[Call, ZaloError]] = []
        self._owner = owner
        self._database = database
        self._clock = clock
        self._last_write = clock()
        # Broadcasts of which a row became final: the last one may have been among them.
        self._touched: set[int] = set()

    @property
    def is_empty(self) -> bool:
        return not (self.outcomes or self.findings or self.unissued or self.stops)

    @property
    def is_full(self) -> bool:
        """Enough for a write before its time."""
        return len(self.outcomes) >= FLUSH_ROWS

    async def flush(self, *, is_quiet: bool, is_last: bool) -> None:
        """Write when there is enough, when it has waited long enough, or when nothing is on its way.

        ``is_last``: nor is anything left to fetch, so the broadcasts may be over.
        """
        is_due = self._clock() - self._last_write >= FLUSH_SECONDS
        try:
            if not self.is_empty and (is_due or is_quiet or self.is_full):
                self._last_write = self._clock()
                await self.write()
            if is_quiet and is_last:
                await self.finish()
        except DatabaseError as error:
            # Kept and written in the next round; the rows stay ours until the sweep finds them stale.
            logger.warning("drain_database: %s", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def write(self) -> None:
        """Write everything now. Senders may add meanwhile; that stays for the next time."""
        if outcomes := self.outcomes[:]:
            await self._database.run(store.settle, self._owner, outcomes)
            del self.outcomes[: len(outcomes)]
            self._touched |= {outcome.call.broadcast_id for outcome in outcomes if outcome.is_final}
        if findings := self.findings[:]:
            now = datetime.fromtimestamp(self._clock(), UTC)
            await self._database.run(reading.settle_findings, findings, now=now)
            del self.findings[: len(findings)]
        if calls := self.unissued[:]:
            await self._database.run(store.give_back, self._owner, calls)
            del self.unissued[: len(calls)]
        for call, error in self.stops[:]:
            await self._database.run(accounts.stop, call, error)
            self.stops.remove((call, error))

    async def finish(self) -> None:
        """Close the broadcasts whose last row was written; the sweep does it for those missed here."""
        if self._touched:
            now = datetime.fromtimestamp(self._clock(), UTC)
            await self._database.run(finishing.finish, self._touched, now=now)
            self._touched = set()
