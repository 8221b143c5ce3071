"""The inbox of Zalo's events: stored by the webhook in one statement, worked on by tasks.

An event is claimed by moving its ``due_at`` into the future, so a worker that dies gives it back, and it is
marked as done in the transaction of its effects, so it has them once. One that fails ``MOST_ATTEMPTS`` times,
over some hours, stays where it is, for people to see; an alarm calls them.
"""

import logging
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, prefetch_related_objects
from django.utils import timezone

from groups import permissions
from groups.enums import Role
from groups.models import ZaloEvent
from groups.services.hints import work_waits
from groups.services.signers import Signer
from groups.signals import News, zalo_event
from groups.zalo import events, signature
from portal.audit.services import record
from portal.clock import minute, this_minute
from portal.errors import NotAllowedError, WrongStateError

logger = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)
# After each failed try but the last: long enough in all for a database or a disk to come back.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
MOST_ATTEMPTS = len(PAUSES) + 1
# Instead of an error's type, for events that took their worker with them.
WORKER_LOST = "WorkerLost"
BATCH = 50
# Far longer than the webhook accepts an event of old: a late repetition is still recognised.
KEEP_DONE = timedelta(days=7)
KEEP_STUCK = timedelta(days=30)

_FIELDS = [field for field in ZaloEvent._meta.concrete_fields if not field.primary_key]


def store(signer: Signer, body: dict[str, Any], raw_body: bytes) -> bool:
    """Keep an event whose signature was checked; False when it is here already."""
    name = events.name_of(body)
    now = _received(name)
    is_read = signer.account_id is not None and events.is_read(name)
    is_new = _insert(
        key=events.dedupe_key(name, signer.oa_id, body, raw_body),
        name=name,
        oa_id=signer.oa_id[:40],
        account_id=signer.account_id,
        body=raw_body.decode() if is_read else None,
        received_at=now,
        due_at=now if is_read else None,
        attempts=0,
        processed_at=None if is_read else now,
        error="",
    )
    if is_new and is_read:
        work_waits()
    return is_new


def _received(name: str) -> datetime:
    """Now; without its second for a private message, which may become a tip."""
    return this_minute() if events.is_private(name) else timezone.now()


def _insert(**values: Any) -> bool:
    """One statement, committed by itself; ``bulk_create`` would open a transaction around it."""
    prepared = [field.get_db_prep_save(values[field.attname], connection) for field in _FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_insert_statement(connection.vendor), prepared)
        return cursor.rowcount == 1


@cache
def _insert_statement(vendor: str) -> str:
    """The same for all vendors but for the quotes."""
    quote = connection.ops.quote_name
    table, names = quote(ZaloEvent._meta.db_table), ", ".join(quote(field.column) for field in _FIELDS)
    marks = ", ".join(["%s"] * len(_FIELDS))
    return f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"


def process_due(*, most_seconds: float = 30.0) -> int:
    """Work on what is due, for at most ``most_seconds``; returns how many events are done.

    Any number of workers may do so at once. An event that failed before is claimed alone: were it the one
    that kills its worker, no other would go down with it again and again.
    """
    started, done = timezone.now(), 0
    _give_up_on_killers(started)
    for is_retry in (False, True):
        while (timezone.now() - started).total_seconds() < most_seconds:
            claimed = _claim(timezone.now(), is_retry=is_retry)
            if not claimed:
                break
            done += _work(claimed)
    return done


def try_again(event: ZaloEvent, *, by: Any) -> None:
    """Give an event that was given up its tries back.

    Raises ``NotAllowedError`` for anybody but an administrator of its account's unit, ``WrongStateError``
    when it is not stuck.
    """
    unit = event.account.unit if event.account else None
    if unit is None or not permissions.holds(by, unit, Role.ADMINISTRATOR):
        raise NotAllowedError
    with transaction.atomic():
        stuck = ZaloEvent.objects.filter(pk=event.pk, due_at=None, processed_at=None)
        if stuck.update(due_at=timezone.now(), attempts=0, error="") != 1:
            raise WrongStateError
        record(by, "groups.event.retried", event, unit_path=unit.path)


def forget_old() -> int:
    """Delete what was done a week ago, and after a month what nobody could do; returns how many went.

    What a resident wrote and nobody read leaves an audit entry behind.
    """
    now = timezone.now()
    done = ZaloEvent.objects.filter(processed_at__lt=now - KEEP_DONE).delete()[0]
    stuck = ZaloEvent.objects.filter(processed_at=None, received_at__lt=now - KEEP_STUCK)
    unread = stuck.filter(name__startswith=events.PRIVATE_MESSAGE, body__isnull=False)
    while batch := list(unread.select_related("account__unit")[:BATCH]):
        done += sum(_drop(event) for event in batch)
    return done + stuck.delete()[0]


def _drop(event: ZaloEvent) -> int:
    with transaction.atomic():
        path = event.account.unit.path if event.account else ""
        data = {"name": event.name, "oa_id": event.oa_id, "day": f"{timezone.localdate(event.received_at)}"}
        record(None, "groups.event.dropped", event, unit_path=path, data=data)
        return event.delete()[0]


def _claim(now: datetime, *, is_retry: bool) -> list[ZaloEvent]:
    waiting = ZaloEvent.objects.filter(due_at__lte=now, attempts__lt=MOST_ATTEMPTS)
    waiting = waiting.filter(attempts__gt=0) if is_retry else waiting.filter(attempts=0)
    with transaction.atomic():
        claimed = list(
            waiting.order_by("due_at", "id").select_for_update(skip_locked=True)[: 1 if is_retry else BATCH]
        )
        mine = ZaloEvent.objects.filter(pk__in=[event.pk for event in claimed])
        mine.update(due_at=now + _claim_lasts(claimed), attempts=F("attempts") + 1)
    prefetch_related_objects(claimed, "account")
    for event in claimed:
        event.attempts += 1
    return claimed


def _claim_lasts(claimed: list[ZaloEvent]) -> timedelta:
    """An event that takes its worker with it comes back no sooner than one that fails."""
    attempts = max((event.attempts for event in claimed), default=0)
    return max(CLAIM, PAUSES[min(attempts, len(PAUSES) - 1)])


def _work(claimed: list[ZaloEvent]) -> int:
    """Let everybody know of the claimed events; returns how many are done now.

    Together when all goes well, in one transaction; else each by itself, so that one bad event stops none.
    """
    try:
        return _tell(claimed)
    except Exception as error:
        if len(claimed) > 1:
            return sum(_work([event]) for event in claimed)
        _put_off(claimed[0], error)
        return 0


def _tell(claimed: list[ZaloEvent]) -> int:
    """Mark events as done and tell of them, all or none.

    In the order of their groups: two workers that lock the same groups then wait for each other in turn.
    """
    now = timezone.now()
    with transaction.atomic():
        mine = ZaloEvent.objects.select_for_update().filter(_still(claimed)).values_list("pk", flat=True)
        held = set(mine)
        told = sorted(
            ((_news(event), event.pk) for event in claimed if event.pk in held),
            key=lambda pair: (events.group_of(pair[0].body), pair[1]),
        )
        for news, _pk in told:
            zalo_event.send(sender=ZaloEvent, news=news)
        private = {event.pk for event in claimed if events.is_private(event.name)} & held
        for done, at in ((private, minute(now)), (held - private, now)):
            if done:
                rows = ZaloEvent.objects.filter(pk__in=done)
                rows.update(due_at=None, processed_at=at, body=None, error="")
    return len(told)


def _still(claimed: list[ZaloEvent]) -> Q:
    """Rows as they were claimed, at one attempt: one that ran out and was taken over is at a later one."""
    pks = [event.pk for event in claimed]
    return Q(pk__in=pks, attempts=claimed[0].attempts, due_at__isnull=False)


def _put_off(event: ZaloEvent, error: Exception) -> None:
    """Have a failed event tried again later, or give it up."""
    logger.error("zalo_event_failed", exc_info=error)
    is_last = event.attempts >= MOST_ATTEMPTS
    due_at = None if is_last else timezone.now() + PAUSES[event.attempts - 1]
    ZaloEvent.objects.filter(_still([event])).update(due_at=due_at, error=type(error).__name__[:200])


def _news(event: ZaloEvent) -> News:
    body = signature.parse(event.body.encode())
    sent_at = datetime.fromtimestamp((signature.sent_at_ms(body) or 0) / 1000, UTC)
    return News(name=event.name, account=event.account, sent_at=sent_at, body=body)


def _give_up_on_killers(now: datetime) -> None:
    """Events whose last claim ran out without an outcome took their worker with them."""
    killers = ZaloEvent.objects.filter(due_at__lte=now, attempts__gte=MOST_ATTEMPTS)
    killers.update(due_at=None, error=WORKER_LOST)
