"""Urgent tips call people: a row for each stage, a row for each person, and who takes the tip stops them all.

The rows are written with the tip, in its transaction; what they ask for is done by ``ringing``.
"""

import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction

from broadcasts.hints import hint
from portal.clock import database_now, minute, this_minute
from tips import tasks
from tips.enums import UNTAKEN, AlarmStage, Priority
from tips.models import AlarmCall, Tip, TipAlarm

DELAYS = {
    AlarmStage.DUTY: datetime.timedelta(0),
    AlarmStage.CHIEF: datetime.timedelta(minutes=5),
    AlarmStage.SUPERIOR: datetime.timedelta(minutes=10),
}
# How old the number on a page may be, in seconds.
SHOWN_FOR = 10
_RELEVANT = ("status", "priority", "handler", "category", "assignee")


def raise_for(tip: Tip, *, since: datetime.datetime | None = None) -> None:
    """Call people about a tip in danger, from ``since`` on (or now); one that rings already rings on.

    Belongs into the transaction that made the tip urgent. Now is what the database's clock says, as for
    those who look for what is due: no machine whose clock is wrong may delay a call.
    """
    start = minute(since or database_now())
    TipAlarm.objects.bulk_create(
        [
            TipAlarm(tip=tip, unit_id=tip.handler_id, stage=stage, due_at=start + delay)
            for stage, delay in DELAYS.items()
        ],
        ignore_conflicts=True,
    )
    hint(tasks.ring_alarms)


def stop_for(tip: Tip) -> None:
    """Somebody has the tip, or it is no longer theirs or no longer urgent: nobody is called any more."""
    now = this_minute()
    # First: this waits for a stage that is just being begun, whose calls are then seen.
    TipAlarm.objects.filter(tip=tip, stopped_at=None).update(stopped_at=now)
    calls = AlarmCall.objects.filter(alarm__tip=tip, ended_at=None)
    people = list(calls.values_list("user_id", flat=True))
    calls.update(ended_at=now, tried_at=None)
    transaction.on_commit(lambda: forget_shown(people))


def follow(before: Tip, values: dict[str, Any]) -> None:
    """What an act on a tip means for its alarms, in the transaction of the act.

    Whoever acts has seen it: the ringing ends. It begins anew where the tip is urgent and untaken, elsewhere
    or for other people than before, and where a person has just raised it.
    """
    priority = values.get("priority", before.priority)
    is_changed = any(values[name] != getattr(before, name) for name in _RELEVANT if name in values)
    if Priority.P0 not in (priority, before.priority) or not is_changed:
        return
    stop_for(before)
    is_raised = priority == Priority.P0 != before.priority
    if priority == Priority.P0 and (is_raised or values.get("status", before.status) in UNTAKEN):
        raise_for(Tip.objects.get(pk=before.pk))


def ringing(user: Any) -> int:
    """For how many urgent tips this person is being called: one look into an index of open calls."""
    return AlarmCall.objects.filter(user=user, ended_at=None).values("alarm__tip").distinct().count()


def shown(user: Any) -> int:
    """The same for the frame of every page, a few seconds old at most."""
    return cache.get_or_set(_key(user.pk), lambda: ringing(user), SHOWN_FOR)


def forget_shown(user_ids: list[int]) -> None:
    """These people's number has just changed."""
    cache.delete_many([_key(pk) for pk in user_ids])


def _key(user_id: int) -> str:
    return f"tips-ringing-{user_id}"
