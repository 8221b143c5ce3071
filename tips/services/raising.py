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
from tips.services.states import IN_HAND

ENOUGH = 3
WITHIN = timedelta(days=7)
LOOKED_AT = "tips.raising.looked_at"
AT_ONCE = 200
NEVER = (*RESTRICTED, Category.CAN_BO, Category.TTHC, Category.TAI_SAN)


def raise_repeated(now: datetime) -> int:
    """Compare tips that came in since the last call, 200 at most; returns how many rose.

    Safe to run twice: a tip that rose for this is left alone. Where the last call is forgotten, the newest
    tips are looked at again.
    """
    newest = Tip.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    since = max(cache.get(LOOKED_AT, 0), newest - AT_ONCE)
    fresh = Tip.objects.filter(pk__gt=since, status__in=OPEN, priority__gt=Priority.P1)
    fresh = fresh.exclude(category__in=NEVER).select_related("handler").order_by("pk")
    risen = sum(_raise(tip, why, now) for tip in fresh if (why := _why(tip)))
    cache.set(LOOKED_AT, newest, timeout=None)
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
    due = deadlines.deadline(priority=level, since=now, is_opened=tip.status in IN_HAND)
    values = {"priority": level, "deadline": min(due, tip.deadline or due)}
    same = Tip.objects.filter(pk=tip.pk, version=tip.version, status__in=OPEN)
    if same.update(version=F("version") + 1, **values) != 1:
        return False
    facts = {"category": [tip.category] * 2, "priority": [int(tip.priority), int(level)], "why": why}
    TipEvent.objects.create(tip=tip, kind=EventKind.RECLASSIFIED, at=now, data=facts)
    record(None, "tips.tip.reclassified", tip, unit_path=tip.handler.path, at=now, data=facts)
    return True
