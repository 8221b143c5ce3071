"""What the end of a call means for its row. Pure: no database, no clock of its own.

P is refused, R waits, C blocks (the account or the group), U is unknown and never sent again blindly. A
connection that was never made, and an account that used up its minute, say nothing about the message: they
do not count as attempts.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from broadcasts.enums import MAX_CRASHES, DeliveryState
from groups.zalo.errors import (
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    Permanent,
    Scope,
    Temporary,
    ZaloError,
)

WAITS_SECONDS = (10, 60, 300, 1800, 7200)
# An urgent post is worthless after two hours: it never waits longer than this.
LONGEST_URGENT_WAIT = 300
MAX_ATTEMPTS = 8
FIRST_READ_SECONDS = 20
ATTACHMENT_EXPIRED = -100


class NoCallMade(Exception):
    """The row goes back as it was: whatever ended its turn did so before its message left."""


@dataclass(slots=True)
class Call:
    """A claimed row, as far as sending needs it."""

    delivery_id: int
    account_id: int
    group_id: int
    broadcast_id: int
    zalo_group_id: str
    number: int
    priority: int
    crashes: int = 0

    @property
    def is_urgent(self) -> bool:
        return self.priority == 0


@dataclass(slots=True)
class Outcome:
    """What to write to the row and to its attempt."""

    call: Call
    state: str
    started_at: datetime
    finished_at: datetime
    next_attempt_at: datetime
    attempts: int
    message_id: str = ""
    code: int | None = None
    error: str = ""
    detail: str = ""
    crashes: int = 0

    @property
    def is_final(self) -> bool:
        return self.state in (DeliveryState.SENT, DeliveryState.REFUSED)


def sent(call: Call, message_id: str, *, started: float, finished: float) -> Outcome:
    """Zalo gave the message an id."""
    at = _moment(finished)
    return Outcome(call, DeliveryState.SENT, _moment(started), at, at, call.number, message_id=message_id)


def failed(call: Call, error: Exception, *, started: float, finished: float) -> Outcome:
    """The call ended in ``error``. An error nobody foresaw leaves the outcome unknown."""
    crashes = call.crashes
    if not isinstance(error, ZaloError):
        crashes += 1
        error = OutcomeUnknown(None, type(error).__name__)
    at = _moment(finished)
    outcome = Outcome(
        call,
        state_for(error),
        _moment(started),
        at,
        at,
        call.number,
        code=error.code,
        error=error.message,
        detail=str(error.detail_vi) if crashes < MAX_CRASHES else poisoned(),
        crashes=crashes,
    )
    if outcome.state == DeliveryState.UNKNOWN:
        outcome.next_attempt_at = at + timedelta(seconds=FIRST_READ_SECONDS)
    elif outcome.state == DeliveryState.WAITING:
        _postpone(outcome, error, is_urgent=call.is_urgent)
    return outcome


def poisoned() -> str:
    """Why the machine stops trying a row: it brought its sender down too often."""
    return _("Tiến trình gửi đã dừng %(count)d lần ở lượt này, hệ thống không tự gửi nữa.") % {
        "count": MAX_CRASHES
    }


def state_for(error: ZaloError) -> DeliveryState:
    """The state a row moves to."""
    if isinstance(error, Temporary) or error.code == ATTACHMENT_EXPIRED:
        return DeliveryState.WAITING
    if isinstance(error, ChannelStopped):
        return DeliveryState.BLOCKED
    if isinstance(error, Permanent):
        return DeliveryState.REFUSED
    return DeliveryState.UNKNOWN


def wait_seconds(number: int, *, asked: int | None, is_urgent: bool) -> float:
    """How long attempt ``number`` (from 1) is put off: what Zalo asked for, else longer each time.

    A jitter of up to a fifth keeps the rows of one outage from coming back in one second.
    """
    if asked is not None:
        return asked
    wait = WAITS_SECONDS[min(number, len(WAITS_SECONDS)) - 1]
    if is_urgent:
        wait = min(wait, LONGEST_URGENT_WAIT)
    return wait * random.uniform(1.0, 1.2)


def counts_as_attempt(error: ZaloError) -> bool:
    """Whether the message itself was judged."""
    if isinstance(error, NotSent):
        return False
    return not (isinstance(error, Temporary) and error.scope == Scope.ACCOUNT)


def is_transport_failure(error: Exception) -> bool:
    """What the breaker counts: nothing came back that could be read."""
    return isinstance(error, NotSent | OutcomeUnknown)


def stops_more_than_message(error: Exception) -> bool:
    """Whether the group or the whole account is out of service until somebody acts."""
    return isinstance(error, ChannelStopped)


def _postpone(outcome: Outcome, error: ZaloError, *, is_urgent: bool) -> None:
    if not counts_as_attempt(error):
        outcome.attempts -= 1
    elif outcome.attempts >= MAX_ATTEMPTS:
        outcome.state = DeliveryState.REFUSED
        outcome.detail = _("Đã thử %(count)d lần không được. Lỗi cuối: %(error)s") % {
            "count": outcome.attempts,
            "error": outcome.detail,
        }
        return
    asked = error.wait_seconds if isinstance(error, Temporary) else 0
    wait = wait_seconds(outcome.call.number, asked=asked, is_urgent=is_urgent)
    outcome.next_attempt_at = outcome.finished_at + timedelta(seconds=wait)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
