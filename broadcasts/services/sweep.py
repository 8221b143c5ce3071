"""Repairs, once a minute: every state that could be stuck has a step here that moves it on.

Each step is a conditional UPDATE, so the sweep may run at any time, twice, anywhere. It never moves a final
row, and it never sends: it only makes rows ready and wakes the drain.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import tasks
from broadcasts.engine import accounts, store
from broadcasts.enums import (
    CLAIMABLE,
    NOT_OUT_YET,
    REACHED,
    STUCK,
    BroadcastState,
    DeliveryState,
    NoticeState,
)
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery, Mailbox, Notice
from broadcasts.services import alarms, conditions, correcting, finishing, mailbox_status, reminders
from broadcasts.services.notices import expire_notice
from broadcasts.services.rows import POST_HOURS, PRIORITIES, automatic
from groups.enums import AccountState, GroupState
from groups.models import Group, OfficialAccount

# A claim is older than this only when its drain is dead: longer than any lease and any call.
STALE_CLAIM = timedelta(seconds=90)
STUCK_EXPANDING = timedelta(minutes=2)
# After this long no row of a withdrawn post is on its way any more.
CORRECTABLE = timedelta(days=2)
# How long a stopped account rests before one row tries whether it works again.
TRIAL_AFTER = timedelta(seconds=60)


def sweep(now: datetime) -> None:
    """All repairs, a hint to the drain when anything is due, and last a look at what people must know.

    A step that fails stops no other; people learn of it by an alarm.
    """
    steps = (
        lose_stale_claims,
        follow_groups,
        block_rows_of_stopped_accounts,
        unblock,
        try_stopped_accounts,
        expire,
        skip_withdrawn,
        mark_overdue,
        expand_stuck,
        complete_corrections,
        reopen_broadcasts,
        finish_broadcasts,
        expire_notices,
        mailbox_status.note_breakers,
        reminders.ask_again,
        wake_drain,
    )
    failures = []
    for step in steps:
        try:
            step(now)
        except Exception as error:
            failures.append(conditions.failed(step.__name__, error))
    alarms.watch(now, besides=failures)


def lose_stale_claims(now: datetime) -> int:
    """Rows whose drain died after claiming them: nobody knows whether they are in the group."""
    held = Mailbox.objects.filter(account_id=OuterRef("account_id"), lease_until__gt=now).filter(
        lease_owner=OuterRef("claim")
    )
    stale = Delivery.objects.filter(state__among=[DeliveryState.SENDING], claimed_at__lt=now - STALE_CLAIM)
    return store.lose(stale.filter(~Exists(held)), now=now)


def block_rows_of_stopped_accounts(now: datetime) -> None:
    """An account may stop outside a drain too (its token could not be renewed); its rows say so."""
    waiting = Delivery.objects.filter(account_id=OuterRef("pk"), state__among=CLAIMABLE)
    for account in OfficialAccount.objects.exclude(state=AccountState.ACTIVE).filter(Exists(waiting)):
        accounts.block_waiting(account.pk, account.last_error, now=now)


def unblock(now: datetime) -> int:
    """Rows of accounts and groups that work again go back into the queue by themselves."""
    working = Delivery.objects.filter(
        state__among=STUCK,
        lane=DeliveryState.BLOCKED,
        account__state=AccountState.ACTIVE,
        group__state=GroupState.ACTIVE,
    )
    return Delivery.objects.filter(pk__in=working.values("pk"), state=DeliveryState.BLOCKED).update(
        state=DeliveryState.QUEUED, next_attempt_at=now, updated_at=now
    )


def try_stopped_accounts(now: datetime) -> None:
    """Let one row of a stopped account try again; if it fails, the account stops again without noise.

    Where no row is blocked, its groups are looked into for unknown ones. An account that needs a new grant is
    not tried: only a person can help it.
    """
    blocked = Delivery.objects.filter(
        account_id=OuterRef("pk"),
        state__among=STUCK,
        lane=DeliveryState.BLOCKED,
        group__state=GroupState.ACTIVE,
    )
    rested = Q(last_error_at=None) | Q(last_error_at__lt=now - TRIAL_AFTER)
    waiting = Exists(blocked) | Exists(store.readable(now).filter(account_id=OuterRef("pk")))
    for account in OfficialAccount.objects.filter(rested, waiting, state=AccountState.STOPPED):
        with transaction.atomic():
            started = OfficialAccount.objects.filter(pk=account.pk, state=AccountState.STOPPED).update(
                state=AccountState.ACTIVE, last_error_at=now
            )
            first = blocked.model.objects.filter(
                account=account, state=DeliveryState.BLOCKED, group__state=GroupState.ACTIVE
            ).order_by("priority", "pk")[:1]
            if started:
                ids = list(first.values_list("pk", flat=True))
                Delivery.objects.filter(pk__in=ids, state=DeliveryState.BLOCKED).update(
                    state=DeliveryState.QUEUED, next_attempt_at=now, updated_at=now
                )


def follow_groups(now: datetime) -> None:
    """A group that changed its account or way of posting meanwhile takes its waiting rows along.

    Where an account may not post to groups at all, officers switch its groups to posting by hand: what was
    blocked becomes work for the steward.
    """
    waiting = Delivery.objects.filter(state__in=(*CLAIMABLE, DeliveryState.BLOCKED))
    by_hand = waiting.exclude(group__channel__in=automatic())
    hours = {PRIORITIES[urgency]: now + timedelta(hours=POST_HOURS[urgency]) for urgency in POST_HOURS}
    waiting.filter(pk__in=by_hand.values("pk")).update(
        state=DeliveryState.TO_POST,
        account=None,
        due_at=Case(When(priority=0, then=Value(hours[0])), default=Value(hours[1])),
        last_error="",
        updated_at=now,
    )
    account = Group.objects.filter(pk=OuterRef("group")).values("official_account")
    moved = waiting.filter(account__isnull=False).exclude(account=F("group__official_account"))
    waiting.filter(pk__in=moved.values("pk")).update(account=Subquery(account), updated_at=now)
    new = waiting.exclude(Exists(Mailbox.objects.filter(account=OuterRef("account")))).values("account")
    Mailbox.objects.bulk_create(
        [Mailbox(account_id=row["account"]) for row in new.filter(account__isnull=False).distinct()],
        ignore_conflicts=True,
    )


def expire(now: datetime) -> None:
    """What is not in its group when the post runs out will not get there: refused, with the reason."""
    running = (BroadcastState.SENDING, BroadcastState.PAUSED)
    for broadcast in Broadcast.objects.filter(state__in=running, expires_at__lte=now):
        Delivery.objects.filter(broadcast=broadcast, state__in=NOT_OUT_YET).update(
            state=DeliveryState.REFUSED,
            last_error=_("Bài đã hết giá trị trước khi vào được nhóm này."),
            settled_at=now,
            updated_at=now,
        )
    # A person may still post it by hand; what the machine has not sent in time it sends no more.
    for broadcast in Broadcast.objects.filter(state__in=running, useful_until__lte=now):
        Delivery.objects.filter(
            broadcast=broadcast, account__isnull=False, state__in=(*CLAIMABLE, DeliveryState.BLOCKED)
        ).update(
            state=DeliveryState.REFUSED,
            last_error=_("Quá giờ hữu ích của bài trước khi gửi được vào nhóm này."),
            settled_at=now,
            updated_at=now,
        )


def skip_withdrawn(now: datetime) -> None:
    """A row that was on its way while its post was withdrawn and came back goes out no more."""
    left = Delivery.objects.filter(broadcast=OuterRef("pk"), state__in=NOT_OUT_YET)
    recent = Broadcast.objects.filter(state=BroadcastState.WITHDRAWN, finished_at__gt=now - CORRECTABLE)
    for broadcast in recent.filter(Exists(left)):
        Delivery.objects.filter(broadcast=broadcast, state__in=NOT_OUT_YET).update(
            state=DeliveryState.SKIPPED, reason=_("Bài đã được thu hồi."), settled_at=now, updated_at=now
        )


def mark_overdue(now: datetime) -> int:
    """Nobody has posted in time: the row goes to the chief's list."""
    running = Broadcast.objects.filter(pk=OuterRef("broadcast"), state=BroadcastState.SENDING)
    # Not a join: Django would choose the rows in a subquery and then move them whatever they are by now.
    late = Delivery.objects.filter(Exists(running), state__among=STUCK, lane=DeliveryState.TO_POST)
    return late.filter(due_at__lte=now).update(state=DeliveryState.OVERDUE, updated_at=now)


def expand_stuck(now: datetime) -> None:
    """The worker died while writing rows, or the message got lost: ask again."""
    stuck = Broadcast.objects.filter(state=BroadcastState.EXPANDING, started_at__lt=now - STUCK_EXPANDING)
    for pk in stuck.values_list("pk", flat=True):
        hint(tasks.expand, pk)


def complete_corrections(now: datetime) -> None:
    """A row that was on its way while its post was withdrawn may have got there: its group is told too."""
    told = Delivery.objects.filter(broadcast__corrects=OuterRef("broadcast"), group=OuterRef("group"))
    untold = Delivery.objects.filter(~Exists(told), broadcast=OuterRef("corrects"), state__in=REACHED)
    recent = Broadcast.objects.filter(state__in=correcting.WRITTEN, started_at__gt=now - CORRECTABLE)
    recent = recent.filter(Exists(untold), corrects__isnull=False)
    for correction in recent.select_related("unit", "corrects"):
        correcting.complete(correction, now=now)


def reopen_broadcasts(now: datetime) -> None:
    """A broadcast that is done although a row of it is open is sent on."""
    finishing.reopen_all(now=now)


def finish_broadcasts(now: datetime) -> None:
    """Posts whose last row came to its end are done."""
    finishing.finish(now=now)


def expire_notices(now: datetime) -> None:
    """A notice that nobody renewed by its review date leaves the public pages."""
    old = Notice.objects.filter(state=NoticeState.ACTIVE, review_by__lt=timezone.localdate(now))
    for notice in old.select_related("unit"):
        expire_notice(notice, now=now)


def wake_drain(now: datetime) -> None:
    """Somebody sends what is due, should the hint about it be lost."""
    if store.has_work(now):
        hint(tasks.drain)
