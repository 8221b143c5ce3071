"""What happens again is more urgent: a tip that came in is compared with those before it.

It rises one step, to P1 at most, when at least three within a week say alike of one place, or when an
earlier one of that place turned out to be true. Machines only raise; what the words of a tip ask for was
done when it came in (``tips.priority``).
"""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import F

from portal.audit.services import record
from tips import deadlines
from tips.enums import OPEN, RESTRICTED, Category, EventKind, Outcome, Priority
from tips.models import Tip, TipEvent
from tips.services import similar
from tips.services.clock import kept_running
from tips.services.states import IN_HAND

ENOUGH = 3
WITHIN = timedelta(days=7)
LOOKED_AT = "tips.raising.marks"
AT_ONCE = 500
NEVER = (*RESTRICTED, Category.CAN_BO, Category.TTHC, Category.TAI_SAN)


def raise_repeated(now: datetime) -> int:
    """Compare tips that came in since the last calls, ``AT_ONCE`` at most; returns how many rose.

    Safe to run twice: a tip that rose for this is left alone. Where the last calls are forgotten, the newest
    tips are looked at again.
    """
    newest = Tip.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    marks = cache.get(LOOKED_AT) or (max(newest - AT_ONCE, 0),) * 2
    done, seen = (min(mark, newest) for mark in marks)
    waiting = Tip.objects.filter(pk__gt=done, status__in=OPEN, priority__gt=Priority.P1)
    waiting = waiting.exclude(category__in=NEVER).select_related("handler").order_by("pk")
    fresh = list(waiting[:AT_ONCE])
    risen = sum(_raise(tip, why, now) for tip in fresh if (why := _why(tip)))
    last = fresh[-1].pk if len(fresh) == AT_ONCE else newest
    # A tip may be committed after one with a higher key: what the call before saw is complete only now.
    cache.set(LOOKED_AT, (min(last, seen), newest), timeout=None)
    return risen


def _why(tip: Tip) -> str:
    """``"repeated"``, ``"confirmed"``, or nothing when the tip stands alone."""
    here = [
        row
        for row in similar.alike(tip, Tip.objects.all())
        if (row.unit_id, row.village_id) == (tip.unit_id, tip.village_id) and row.pk < tip.pk
    ]
    if any(row.is_valuable or row.outcome == Outcome.HANDLED for row in here):
        return "confirmed"
    recent = [row for row in here if tip.received_at - row.received_at <= WITHIN]
    return "repeated" if len(recent) + 1 >= ENOUGH else ""


@transaction.atomic
def _raise(tip: Tip, why: str, now: datetime) -> bool:
    if tip.events.filter(kind=EventKind.RECLASSIFIED, actor=None, data__has_key="why").exists():
        return False
    level = Priority(tip.priority - 1)
    due = deadlines.deadline(
        priority=level, since=now, received=tip.received_at, is_opened=tip.status in IN_HAND
    )
    values = kept_running(tip, {"priority": level, "deadline": min(due, tip.deadline or due)})
    same = Tip.objects.filter(pk=tip.pk, version=tip.version, status__in=OPEN)
    if same.update(version=F("version") + 1, **values) != 1:
        return False
    facts = {"category": [tip.category] * 2, "priority": [int(tip.priority), int(level)], "why": why}
    TipEvent.objects.create(tip=tip, kind=EventKind.RECLASSIFIED, at=now, data=facts)
    record(None, "tips.tip.reclassified", tip, unit_path=tip.handler.path, at=now, data=facts)
    return True
