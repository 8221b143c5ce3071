"""Settling unknown outcomes by looking into the group.

Zalo has no idempotency key, so after a lost answer only the group itself knows. It is read about 20, 60 and
120 seconds later. Our text found: sent. Read clean twice, a minute apart: it is surely not there, and goes
out again if the installation wants that. Not readable: an officer looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcasts import rendering
from broadcasts.engine import sql
from broadcasts.engine.outcomes import MAX_ATTEMPTS, poisoned
from broadcasts.engine.store import MAX_READS, MESSAGE_ID_LENGTH, readable
from broadcasts.enums import MAX_CRASHES, BroadcastState, DeliveryState
from broadcasts.models import Delivery
from groups.zalo.errors import ZaloError

READ_AT_SECONDS = (20, 60, 120)
APART = timedelta(seconds=60)
PAGES = 3
PAGE_SIZE = 10
# Zalo's clock and ours differ; an older message with the same code is from an earlier attempt.
CLOCK_SLACK = timedelta(seconds=60)
SENT = {"state": DeliveryState.SENT, "last_error": "", "last_error_code": None}


class View(Enum):
    """What a look into the group showed."""

    FOUND = "found"
    CLEAN = "clean"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Doubt:
    """An unknown row, as far as reading needs it."""

    delivery_id: int
    account_id: int
    zalo_group_id: str
    code: str
    claimed_at: datetime
    unknown_at: datetime
    reads: int
    clean_since: datetime | None


@dataclass(frozen=True)
class Finding:
    """A doubt after a look."""

    doubt: Doubt
    view: View
    message_id: str = ""


async def look(client: Any, doubt: Doubt) -> Finding:
    """Read the group back to the time of the attempt. Never raises for what Zalo answers."""
    since, offset, seems_clean = doubt.claimed_at - CLOCK_SLACK, 0, View.CLEAN
    try:
        for _page in range(PAGES):
            items = await client.get_conversation(doubt.zalo_group_id, offset, PAGE_SIZE)
            offset += len(items)  # not the page size: Zalo may return fewer than asked for
            for item in (item for item in items if item.is_ours and item.at >= since):
                if rendering.carries_code(item.text, doubt.code):
                    return Finding(doubt, View.FOUND, item.message_id)
                if item.kind != "text" and not item.text:
                    # A picture listed without its caption may be our post: only a person can tell.
                    seems_clean = View.UNREADABLE
            if not items or items[-1].at < since:
                return Finding(doubt, seems_clean)
    except ZaloError:
        return Finding(doubt, View.UNREADABLE)
    # A lively group: three pages did not reach back far enough to be sure.
    return Finding(doubt, View.UNREADABLE)


def doubts(account_ids: Sequence[int], *, now: datetime, count: int) -> list[Doubt]:
    """Unknown rows of these accounts whose group should be read now."""
    rows = (
        readable(now)
        .filter(account_id__in=account_ids)
        .order_by("next_attempt_at", "pk")
        .values_list(
            "pk",
            "account_id",
            "group__zalo_group_id",
            "broadcast__code",
            "claimed_at",
            "unknown_at",
            "reads",
            "clean_since",
        )[:count]
    )
    return [Doubt(*row[:4], row[4] or now, row[5] or now, *row[6:]) for row in rows]


def settle_findings(findings: Sequence[Finding], *, now: datetime) -> None:
    """Write what looks showed, in bulk. An echo or a person who settled a row meanwhile wins."""
    found = [f for f in findings if f.view is View.FOUND]
    absent = [f for f in findings if f.view is View.CLEAN and _is_clean_again(f.doubt, now)]
    settled = {f.doubt.delivery_id for f in (*found, *absent)}
    with transaction.atomic():
        seen = [(f.doubt.delivery_id, f.message_id[:MESSAGE_ID_LENGTH]) for f in found]
        _write(("id", "message_id"), seen, SENT, now=now)
        absent_rows = Delivery.objects.filter(
            pk__in=[f.doubt.delivery_id for f in absent], state=DeliveryState.UNKNOWN
        )
        _surely_not_sent(absent_rows, now=now)
        again = [_next_look(f, now=now) for f in findings if f.doubt.delivery_id not in settled]
        _write(("id", "reads", "clean_since", "next_attempt_at"), again, {}, now=now)


def _write(names: Sequence[str], rows: list[tuple], constants: dict[str, Any], *, now: datetime) -> None:
    where = f"{Delivery._meta.db_table}.state = '{DeliveryState.UNKNOWN.value}'"
    alike = constants | {"updated_at": now}
    alike |= {"settled_at": now} if constants else {}
    sql.update_from_values(Delivery, names, rows, where=where, params=[], constants=alike)


def _is_clean_again(doubt: Doubt, now: datetime) -> bool:
    return doubt.clean_since is not None and now - doubt.clean_since >= APART


def _surely_not_sent(row: Any, *, now: datetime) -> None:
    if not settings.RESEND_AFTER_CLEAN_READS:
        row.update(reads=MAX_READS, updated_at=now)
        return
    running = Q(broadcast__state__in=(BroadcastState.SENDING, BroadcastState.PAUSED))
    useful = Q(broadcast__expires_at=None) | Q(broadcast__expires_at__gt=now)
    useful &= Q(broadcast__useful_until=None) | Q(broadcast__useful_until__gt=now)
    forget = {"claim": "", "unknown_at": None, "clean_since": None, "reads": 0, "updated_at": now}
    again = row.filter(
        pk__in=Delivery.objects.filter(running & useful).values("pk"),
        attempts__lt=MAX_ATTEMPTS,
        crashes__lt=MAX_CRASHES,
    )
    again.update(state=DeliveryState.QUEUED, next_attempt_at=now, **forget)
    row.filter(crashes__gte=MAX_CRASHES).update(
        state=DeliveryState.REFUSED, settled_at=now, last_error=poisoned(), **forget
    )
    # Whatever is still unknown was tried too often, or its post was withdrawn or has run out.
    reason = _("Chưa vào được nhóm sau nhiều lần thử, hoặc bài đã hết hiệu lực.")
    row.update(state=DeliveryState.REFUSED, settled_at=now, last_error=reason, **forget)


def _next_look(finding: Finding, *, now: datetime) -> tuple[int, int, datetime | None, datetime]:
    """Row, reads, clean since, and when to look again; never so early that a clean look could not count."""
    doubt, reads = finding.doubt, finding.doubt.reads + 1
    clean_since = doubt.clean_since or (now if finding.view is View.CLEAN else None)
    if reads < len(READ_AT_SECONDS):
        next_at = doubt.unknown_at + timedelta(seconds=READ_AT_SECONDS[reads])
    elif clean_since is not None and reads < MAX_READS:
        next_at = now
    else:
        # An officer looks; see settle.confirm_seen and settle.resend.
        return doubt.delivery_id, MAX_READS, clean_since, now
    if clean_since is not None:
        next_at = max(next_at, clean_since + APART)
    return doubt.delivery_id, reads, clean_since, max(next_at, now)
