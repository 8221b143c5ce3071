"""One leased mailbox in memory: its client, its pace, its breaker, and whether it still has rows."""

from datetime import UTC, datetime
from typing import Any

from broadcasts.engine.outcomes import is_transport_failure
from broadcasts.engine.pace import Pace
from broadcasts.engine.store import LEASE_SECONDS, Lease, pace_of
from groups.zalo.errors import ChannelStopped, Scope, Temporary, ZaloError

BREAKER_FAILURES = 5
BREAKER_SECONDS = 60
# Nothing is issued so shortly before the lease ends that somebody else could already hold it.
LEASE_MARGIN_SECONDS = 15


class Box:
    """What the drain knows of a mailbox it holds. Times are seconds since 1970."""

    def __init__(self, lease: Lease, *, now: float):
        self.mailbox_id = lease.mailbox_id
        self.account_id = lease.account_id
        self.pace: Pace = pace_of(lease)
        self.client: Any = None
        self.failures = lease.failures_in_row
        self.open_until: float | None = None
        self.stopped_by: ZaloError | None = None
        self.in_flight = 0
        self.is_empty = False
        self.has_sent = False
        self.held_until = now + LEASE_SECONDS
        self._ahead = self._before = 0

    def window_to_store(self, now: float) -> dict[str, int]:
        """What to write now; say afterwards whether it was ``stored`` or ``not_stored``.

        Until then no place may be taken that this write does not count.
        """
        self._ahead, self._before = self.pace.ahead(now), self.pace.stored
        self.pace.stored = 0
        return self.pace.as_window(now, ahead=self._ahead)

    def stored(self, now: float) -> None:
        """The window was written, and the lease with it, as of ``now``."""
        self.pace.stored += self._ahead
        self.held_until = now + LEASE_SECONDS

    def not_stored(self) -> None:
        """The write failed: what was stored before still counts."""
        self.pace.stored += self._before

    def lost(self) -> None:
        """Somebody else holds the lease: nothing more is issued, and nothing more is to be had."""
        self.held_until = 0.0
        self.is_empty = True

    def may_issue(self, now: float) -> bool:
        """Whether a call may go out: not stopped, breaker closed, lease in force."""
        if self.stopped_by is not None or now >= self.held_until - LEASE_MARGIN_SECONDS:
            return False
        return self.open_until is None or now >= self.open_until

    def budget(self, now: float) -> int:
        """Rows that may be claimed now. After failures in a row, one at a time until one succeeds."""
        if self.is_empty or not self.may_issue(now):
            return 0
        free = self.pace.free(now)
        if self.failures < BREAKER_FAILURES:
            return free
        return min(free, 1) if not self.is_busy else 0

    @property
    def is_busy(self) -> bool:
        """Whether rows of it are claimed or on their way."""
        return self.in_flight > 0 or self.pace.reserved > 0

    def succeeded(self) -> None:
        """Something came back that could be read as a success."""
        self.failures = 0
        self.has_sent = True

    def failed(self, error: Exception, *, now: float) -> None:
        """Count transport failures, rest after a used-up minute, remember what stops the account."""
        if not isinstance(error, ZaloError) or is_transport_failure(error):
            self.failures += 1
            if self.failures >= BREAKER_FAILURES:
                self.open_until = now + BREAKER_SECONDS
            return
        self.failures = 0
        if isinstance(error, ChannelStopped) and error.scope == Scope.ACCOUNT:
            self.stopped_by = error
        elif isinstance(error, Temporary) and error.scope == Scope.ACCOUNT and error.wait_seconds:
            self.open_until = max(self.open_until or 0.0, now + error.wait_seconds)

    def wakes_at(self, now: float) -> float | None:
        """When rows it still has may go on; None when it has none, or only a person can help."""
        if self.is_empty or self.stopped_by is not None:
            return None
        resting_until = self.open_until if self.open_until is not None and self.open_until > now else now
        return max(resting_until, self.pace.next_free_at(now))

    def as_release(self, now: float) -> tuple[int, dict[str, int], int, datetime | None]:
        """What the next holder must know."""
        is_open = self.open_until is not None and self.open_until > now
        open_until = datetime.fromtimestamp(self.open_until, UTC) if is_open else None
        return self.mailbox_id, self.pace.as_window(now), self.failures, open_until
