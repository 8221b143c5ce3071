"""What workers are asked to do. Each task may be lost, doubled or late: the rows decide what happens.

Waits of more than five minutes live in the rows (``next_attempt_at``), never in a countdown.
"""

import time
from functools import partial
from typing import Any

from celery import shared_task, signals
from django.core.cache import cache

from portal.clock import database_now


@shared_task(name="broadcasts.start_due_broadcasts")
def start_due_broadcasts() -> None:
    """Every 15 s: start what is due, fire recurring parents, wake a drain when rows wait."""
    from broadcasts.engine import store
    from broadcasts.hints import hint
    from broadcasts.services import sending

    now = database_now()
    sending.start_due(now)
    if store.has_work(now):
        hint(drain)


@shared_task(name="broadcasts.expand")
def expand(broadcast_id: int) -> None:
    """Write the delivery rows of a started broadcast."""
    from broadcasts.services import sending

    sending.expand(broadcast_id)


@shared_task(name="broadcasts.drain")
def drain() -> None:
    """Send what the mailboxes hold, for at most 45 s, then ask for a successor while anything is due.

    One at a time in a process: it hears of those that come meanwhile, and asks other processes for help.
    """
    from broadcasts.engine.drain import LONGEST_SECONDS
    from broadcasts.engine.drain import drain as run
    from broadcasts.engine.turns import turn
    from broadcasts.hints import hint, hint_at_once

    if not turn.begin(LONGEST_SECONDS):
        return
    was_asked = False
    try:
        wait = run(call_others=partial(hint_at_once, drain)).again_in
    finally:
        was_asked = turn.end()
    wait = 0 if was_asked else wait
    # Each tick of the beat wakes a drain while rows wait for their minute; one successor serves them all.
    if wait is not None and (wait == 0 or cache.add(f"drain-at-{int(time.time() + wait)}", 1, wait + 5)):
        hint(drain, countdown=wait)


@shared_task(name="broadcasts.sweep")
def sweep() -> None:
    """Every 60 s: repair whatever a dead worker, a lost message or a late person left behind."""
    from broadcasts.services import sweep as sweeping

    sweeping.sweep(database_now())


@shared_task(name="broadcasts.mail_posters")
def mail_posters(delivery_ids: list[int]) -> None:
    """Tell the people who are to post these rows."""
    from broadcasts.services import reminders

    reminders.mail_posters(delivery_ids)


@signals.worker_shutting_down.connect
def _end_drains(**kwargs: Any) -> None:
    """A deployment waits for the calls on their way, not for a drain's whole 45 s."""
    from broadcasts.engine.drain import ending

    ending.set()
