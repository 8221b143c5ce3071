"""Everything the engine asks of the database: plain functions, called in the engine's database thread.

A row belongs to a drain from its claim until the outcome is written. Each write asks again whether it still
does: an echo or a person may have been faster, and what they know wins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.engine import sql
from broadcasts.engine.outcomes import Call, Outcome, poisoned
from broadcasts.engine.pace import Pace
from broadcasts.enums import (
    CLAIMABLE,
    FINAL,
    MAX_CRASHES,
    STUCK,
    SUSPECT_CRASHES,
    BroadcastState,
    DeliveryState,
)
from broadcasts.models import Attempt, Broadcast, Delivery, Mailbox
from groups.enums import AccountState

LEASE_SECONDS = 60
MAX_READS = 4
MESSAGE_ID_LENGTH = Delivery._meta.get_field("message_id").max_length
SENT_FIELDS = ("id", "message_id", "settled_at")
SENT = {
    "state": DeliveryState.SENT,
    "last_error": "",
    "last_error_code": None,
    "unknown_at": None,
    "claim": "",
}
OTHER_FIELDS = (
    "id",
    "attempts",
    "state",
    "last_error",
    "last_error_code",
    "next_attempt_at",
    "unknown_at",
    "settled_at",
    "crashes",
)
ATTEMPT_FIELDS = ("delivery", "number", "started_at", "finished_at", "outcome", "error_code", "error")


@dataclass(frozen=True)
class Lease:
    """A mailbox this drain holds, with what its last holder left."""

    mailbox_id: int
    account_id: int
    rate_per_minute: int
    window: dict[str, int]
    lost_at: datetime | None
    failures_in_row: int
    kind: str


@dataclass(frozen=True)
class Frozen:
    """What a broadcast sends to every group."""

    code: str
    text: str
    picture_id: int | None


# --- What is due -----------------------------------------------------------------------------------------


def has_work(now: datetime) -> bool:
    """Whether a drain would find a mailbox to lease."""
    return leasable(now).exists()


def leasable(now: datetime) -> QuerySet[Mailbox]:
    """Free mailboxes with rows to send or groups to read, urgent ones first; and those whose holder died.

    A holder that ends in order gives its leases back. Where one ran out, rows may be left that only an heir
    finds before the sweep does.
    """
    rows = claimable(now).filter(account_id=OuterRef("account_id"))
    # The first row in the order of the claim, by the index of the claim: one step for each mailbox, however
    # many rows it holds. Whether any is urgent, asked for by itself, was a walk over all rows of a broadcast.
    first = rows.order_by("priority", "next_attempt_at", "pk").values("priority")[:1]
    has_died = Q(lease_until__lte=now)
    return (
        Mailbox.objects.filter(Q(lease_until=None) | has_died, paused_at=None)
        .filter(Q(open_until=None) | Q(open_until__lte=now), account__state=AccountState.ACTIVE)
        .annotate(first_priority=Subquery(first))
        .filter(
            has_died
            | Q(first_priority__isnull=False)
            | Exists(readable(now).filter(account_id=OuterRef("account_id")))
        )
        .annotate(is_routine=Case(When(first_priority=0, then=Value(0)), default=Value(1)))
        .order_by("is_routine", "pk")
    )


def claimable(now: datetime) -> QuerySet[Delivery]:
    """Rows that a claim would take now."""
    useful = Q(useful_until=None) | Q(useful_until__gt=now)
    useful &= Q(expires_at=None) | Q(expires_at__gt=now)
    running = Broadcast.objects.filter(useful, pk=OuterRef("broadcast_id"), state=BroadcastState.SENDING)
    return Delivery.objects.filter(Exists(running), state__among=CLAIMABLE, next_attempt_at__lte=now)


def readable(now: datetime) -> QuerySet[Delivery]:
    """Unknown rows whose group should be read now."""
    return Delivery.objects.filter(
        state__among=STUCK,
        lane=DeliveryState.UNKNOWN,
        next_attempt_at__lte=now,
        reads__lt=MAX_READS,
        account__isnull=False,
    )


# --- Leases ----------------------------------------------------------------------------------------------


@transaction.atomic
def lease(owner: str, *, now: datetime, count: int, only_urgent: bool = False) -> list[Lease]:
    """Lease up to ``count`` mailboxes with (urgent) work; the conditional UPDATE decides who gets which.

    Where the last holder died, the rows it held are unknown from here on.
    """
    free = leasable(now).filter(is_routine=0) if only_urgent else leasable(now)
    wanted = list(
        free.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "lease_until")[:count]
    )
    ids = [pk for pk, _until in wanted]
    unleased = Q(lease_until=None) | Q(lease_until__lte=now)
    Mailbox.objects.filter(unleased, pk__in=ids).update(
        lease_owner=owner, lease_until=now + timedelta(seconds=LEASE_SECONDS)
    )
    ended = dict(wanted)
    mine = Mailbox.objects.filter(pk__in=ids, lease_owner=owner).values_list(
        "pk", "account_id", "account__rate_per_minute", "window", "failures_in_row", "account__kind"
    )
    leases = [
        Lease(pk, account_id, rate, window, ended[pk], failures, kind)
        for pk, account_id, rate, window, failures, kind in mine
    ]
    if orphaned := [lease.account_id for lease in leases if lease.lost_at is not None]:
        held = Delivery.objects.filter(state__among=[DeliveryState.SENDING], account_id__in=orphaned)
        lose(held.exclude(claim=owner), now=now)
    return leases


def lose(rows: QuerySet[Delivery], *, now: datetime) -> int:
    """The drain that claimed ``rows`` died: nobody knows whether they are in the group.

    They are looked at once: their calls ended before the lease did.
    """
    return rows.update(
        state=DeliveryState.UNKNOWN,
        unknown_at=now,
        next_attempt_at=now,
        reads=0,
        clean_since=None,
        crashes=F("crashes") + 1,
        last_error=Case(
            When(crashes__gte=MAX_CRASHES - 1, then=Value(poisoned())),
            default=Value(_("Tiến trình gửi dừng đột ngột, chưa rõ tin đã vào nhóm hay chưa.")),
        ),
        updated_at=now,
    )


def keep_leases(owner: str, windows: dict[int, dict[str, int]], *, now: datetime) -> set[int]:
    """Renew leases and store the calls of the last minute, places in use included.

    Returns the mailboxes that are still ours: a drain held up for a minute may have lost some.
    """
    if not windows:
        return set()
    until = now + timedelta(seconds=LEASE_SECONDS)
    kept = sql.update_from_values(
        Mailbox,
        ("id", "window", "lease_until"),
        [(pk, window, until) for pk, window in windows.items()],
        where=f"{Mailbox._meta.db_table}.lease_owner = %s",
        params=[owner],
    )
    if kept == len(windows):
        return set(windows)
    return set(Mailbox.objects.filter(pk__in=list(windows), lease_owner=owner).values_list("pk", flat=True))


def holding(owner: str, mailbox_ids: Iterable[int]) -> set[int]:
    """Those of the mailboxes that are still ours and that nobody has paused meanwhile."""
    mine = Mailbox.objects.filter(pk__in=list(mailbox_ids), lease_owner=owner, paused_at=None)
    return set(mine.values_list("pk", flat=True))


def release(owner: str, boxes: Iterable[tuple[int, dict[str, int], int, datetime | None]]) -> None:
    """End leases; ``boxes`` are (mailbox, window, failures in a row, breaker open until)."""
    sql.update_from_values(
        Mailbox,
        ("id", "window", "failures_in_row", "open_until", "lease_until", "lease_owner"),
        [(pk, window, failures, open_until, None, "") for pk, window, failures, open_until in boxes],
        where=f"{Mailbox._meta.db_table}.lease_owner = %s",
        params=[owner],
    )


def pace_of(lease: Lease) -> Pace:
    """The pace to go on with."""
    lost_at = lease.lost_at.timestamp() if lease.lost_at else None
    return Pace(lease.rate_per_minute, lease.window, lost_at=lost_at)


# --- Rows ------------------------------------------------------------------------------------------------


def claim(
    owner: str,
    budgets: Sequence[tuple[int, int, int]],
    windows: dict[int, dict[str, int]],
    *,
    now: datetime,
) -> tuple[list[Call], set[int]]:
    """Claim rows within ``budgets`` of (mailbox, account, rows), in one transaction.

    ``windows`` are stored first: those of the mailboxes whose stored window leaves too few places. Returns
    the calls and the mailboxes that are still ours and not paused; of others nothing is claimed.
    """
    with transaction.atomic():
        keep_leases(owner, windows, now=now)
        held = holding(owner, [mailbox_id for mailbox_id, _account_id, _rows in budgets])
        wanted = [(account_id, rows) for mailbox_id, account_id, rows in budgets if mailbox_id in held]
        calls = _without_suspects(owner, [Call(*row) for row in sql.first_rows(wanted, now=now)])
        if not calls:
            return [], held
        claimed = sql.update_from_values(
            Delivery,
            ("id", "attempts"),
            [(call.delivery_id, call.number) for call in calls],
            where=sql.IS_CLAIMABLE,
            params=[],
            constants={"state": DeliveryState.SENDING, "claim": owner, "claimed_at": now, "updated_at": now},
        )
        if claimed != len(calls):
            ids = [call.delivery_id for call in calls]
            mine = Delivery.objects.filter(pk__in=ids, claim=owner, claimed_at=now)
            kept = set(mine.values_list("pk", flat=True))
            calls = [call for call in calls if call.delivery_id in kept]
    return sorted(calls, key=lambda call: call.priority), held


def _without_suspects(owner: str, calls: list[Call]) -> list[Call]:
    """A row that was there when a sender died, twice, is sent with no other row of the drain beside it.

    If it is what kills senders, its third crash takes nothing down with it, and is its last.
    """
    harmless = [call for call in calls if call.crashes < SUSPECT_CRASHES]
    if harmless or not calls:
        return harmless
    in_flight = Delivery.objects.filter(state__among=[DeliveryState.SENDING], claim=owner)
    return [] if in_flight.exists() else calls[:1]


def frozen(broadcast_ids: Iterable[int]) -> dict[int, Frozen]:
    """Text and picture by broadcast."""
    rows = Broadcast.objects.filter(pk__in=broadcast_ids).values_list("pk", "code", "text", "picture_id")
    return {pk: Frozen(code, text, picture_id) for pk, code, text, picture_id in rows}


def settle(owner: str, outcomes: Sequence[Outcome]) -> int:
    """Write outcomes and their attempts, in one transaction; returns how many rows were still ours.

    A row is ours while it carries our claim and is not final: an echo or a person who was faster wins. An
    outcome may still land on a row that the sweep has called unknown meanwhile: it is better knowledge.
    """
    now = timezone.now()
    sent = [outcome for outcome in outcomes if outcome.state == DeliveryState.SENT]
    others = [outcome for outcome in outcomes if outcome.state != DeliveryState.SENT]
    with transaction.atomic():
        written = _write(owner, SENT_FIELDS, [_sent(outcome) for outcome in sent], SENT | {"updated_at": now})
        written += _write(
            owner, OTHER_FIELDS, [_other(outcome) for outcome in others], {"claim": "", "updated_at": now}
        )
        sql.insert_values(Attempt, ATTEMPT_FIELDS, [_attempt(outcome) for outcome in outcomes])
    return written


def _write(owner: str, names: Sequence[str], rows: list[tuple], constants: dict[str, Any]) -> int:
    table = Delivery._meta.db_table
    final = ", ".join(f"'{state.value}'" for state in FINAL)
    where = f"{table}.claim = %s AND {table}.state NOT IN ({final})"
    return sql.update_from_values(Delivery, names, rows, where=where, params=[owner], constants=constants)


def _sent(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.call.delivery_id, outcome.message_id[:MESSAGE_ID_LENGTH], outcome.finished_at


def _other(outcome: Outcome) -> tuple[Any, ...]:
    is_unknown = outcome.state == DeliveryState.UNKNOWN
    return (
        outcome.call.delivery_id,
        outcome.attempts,
        outcome.state,
        outcome.detail[:300],
        outcome.code,
        outcome.next_attempt_at,
        outcome.finished_at if is_unknown else None,
        outcome.finished_at if outcome.is_final else None,
        outcome.crashes,
    )


def _attempt(outcome: Outcome) -> tuple[Any, ...]:
    return (
        outcome.call.delivery_id,
        outcome.call.number,
        outcome.started_at,
        outcome.finished_at,
        outcome.state,
        outcome.code,
        outcome.error[:300],
    )


def give_back(owner: str, calls: Sequence[Call]) -> None:
    """Rows that were claimed and never issued are queued again, as if never claimed."""
    now = timezone.now()
    Delivery.objects.filter(
        pk__in=[call.delivery_id for call in calls], claim=owner, state=DeliveryState.SENDING
    ).update(
        state=Case(When(attempts=1, then=Value(DeliveryState.QUEUED)), default=Value(DeliveryState.WAITING)),
        attempts=F("attempts") - 1,
        claim="",
        updated_at=now,
    )


def have_more(account_ids: Iterable[int], *, now: datetime) -> bool:
    """Whether a drain would find the mailbox of one of these accounts to lease."""
    return leasable(now).filter(account_id__in=list(account_ids)).exists()
