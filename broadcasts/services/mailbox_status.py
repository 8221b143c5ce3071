"""What an account does now, in words and figures: sends, waits for its minute, rests, stands still.

Pure reads: a page of accounts costs two queries, however many rows wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from broadcasts.engine.mailbox import BREAKER_FAILURES
from broadcasts.engine.pace import CLAIMED, Pace
from broadcasts.enums import CLAIMABLE, BroadcastState
from broadcasts.models import Delivery, Mailbox
from groups.enums import AccountState
from groups.models import OfficialAccount

# Nobody counts further: "5.000+" rows wait.
MOST_COUNTED = 5_000


class Doing(models.TextChoices):
    """What a mailbox does now; the first that fits, from the top."""

    NEEDS_GRANT = "needs_grant", _("Cần cấp quyền lại")
    STOPPED = "stopped", _("Đã dừng, cần xử lý")
    PAUSED = "paused", _("Tạm dừng bằng tay")
    BREAKER = "breaker", _("Nghỉ vì không kết nối được")
    RESTING = "resting", _("Nghỉ theo yêu cầu của Zalo")
    LIMITED = "limited", _("Chờ hạn mức")
    SENDING = "sending", _("Đang gửi")
    READY = "ready", _("Sẵn sàng")


@dataclass(frozen=True)
class Status:
    """One mailbox now. ``free`` of ``limit`` calls are left in this minute."""

    mailbox: Mailbox
    doing: Doing
    free: int
    limit: int
    waiting: int
    # When the next call may be made, if not now; None when only a person can help.
    next_at: datetime | None
    # When the last row that waits now will be out, at the account's pace; None without rows or without pace.
    done_at: datetime | None

    @property
    def is_counted_out(self) -> bool:
        """Whether more rows wait than are counted."""
        return self.waiting > MOST_COUNTED


class CountOf(Subquery):
    """Number of rows of a subquery, which may end at a limit."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()


def statuses(mailboxes: Iterable[Mailbox], now: datetime) -> list[Status]:
    """The state of each mailbox; load them with ``account``."""
    mailboxes = list(mailboxes)
    waiting = waiting_by_account([mailbox.account_id for mailbox in mailboxes])
    return [status_of(mailbox, now, waiting=waiting.get(mailbox.account_id, 0)) for mailbox in mailboxes]


def status_of(mailbox: Mailbox, now: datetime, *, waiting: int) -> Status:
    """The state of one mailbox with ``waiting`` rows."""
    seconds = now.timestamp()
    # While it is leased, the calls reserved by its holder are as good as made now.
    is_leased = mailbox.lease_until is not None and mailbox.lease_until > now
    lost_at = seconds if is_leased else (mailbox.lease_until or now).timestamp()
    pace = Pace(mailbox.account.rate_per_minute, mailbox.window, lost_at=lost_at)
    free = pace.free(seconds)
    next_seconds = pace.next_free_at(seconds)
    doing = _doing(mailbox, now, is_leased=is_leased, has_room=free > 0 or not waiting)
    if doing in (Doing.NEEDS_GRANT, Doing.STOPPED, Doing.PAUSED):
        return Status(mailbox, doing, free, pace.limit, waiting, None, None)
    if mailbox.open_until is not None:
        next_seconds = max(next_seconds, mailbox.open_until.timestamp())
    next_at = datetime.fromtimestamp(next_seconds, UTC)
    done_at = None
    if 0 < waiting <= MOST_COUNTED:
        rest = max(0, waiting - free)
        done_at = next_at + timedelta(seconds=60 * rest / pace.limit)
    return Status(
        mailbox, doing, free, pace.limit, waiting, next_at if next_seconds > seconds else None, done_at
    )


def waiting_by_account(account_ids: Iterable[int]) -> dict[int, int]:
    """Rows that are queued or wait for another try, by account; each count stops past ``MOST_COUNTED``."""
    rows = Delivery.objects.filter(
        state__among=CLAIMABLE, account_id=OuterRef("pk"), broadcast__state=BroadcastState.SENDING
    )
    waiting = CountOf(rows.order_by().values("pk")[: MOST_COUNTED + 1])
    accounts = OfficialAccount.objects.filter(pk__in=list(account_ids)).order_by()
    return dict(accounts.values_list("pk").annotate(waiting=waiting))


def note_breakers(now: datetime) -> None:
    """Remember since when a breaker is at work; for the sweep."""
    failing = Mailbox.objects.filter(failures_in_row__gte=BREAKER_FAILURES)
    failing.filter(failing_since=None).update(failing_since=now)
    Mailbox.objects.filter(Q(failures_in_row__lt=BREAKER_FAILURES), failing_since__isnull=False).update(
        failing_since=None
    )


def _doing(mailbox: Mailbox, now: datetime, *, is_leased: bool, has_room: bool) -> Doing:
    is_failing = mailbox.failures_in_row >= BREAKER_FAILURES
    is_resting = mailbox.open_until is not None and mailbox.open_until > now
    cases = (
        (mailbox.account.state == AccountState.NEEDS_GRANT, Doing.NEEDS_GRANT),
        (mailbox.account.state == AccountState.STOPPED, Doing.STOPPED),
        (mailbox.paused_at is not None, Doing.PAUSED),
        (is_failing, Doing.BREAKER),
        (is_resting, Doing.RESTING),
        (is_leased and CLAIMED in mailbox.window, Doing.SENDING),
        (not has_room, Doing.LIMITED),
        (is_leased, Doing.SENDING),
    )
    return next((doing for applies, doing in cases if applies), Doing.READY)
