"""What a sender adds to a tip, by its receipt or by sending the form again, and what that sets in motion."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from portal.audit.services import record
from portal.calendar import end_of_day, local_date
from portal.clock import this_minute
from portal.crypto.digests import term_digests
from portal.text import words
from tips import deadlines, priority
from tips.enums import OPEN, EventKind, Priority, TipStatus
from tips.evidence import attach
from tips.models import Message, Tip, TipEvent, TipTerm
from tips.services import alarms
from tips.services.clock import resumed_values
from tips.services.closing import reopened_values
from tips.services.states import IN_HAND

TERMS_PURPOSE = "tips.terms"
REOPEN_WITHIN = datetime.timedelta(days=14)
REOPENABLE = (TipStatus.CLOSED, TipStatus.UNFOUNDED)


def add(tip: Tip, *, text: str, files: Sequence[Any] = (), token_digest: str | None = None) -> Message:
    """Write what the sender adds, in the caller's transaction; ``tip`` comes from ``locked``.

    Whoever acts on an older copy is told so, since the version grows. An answered tip is verified again,
    one that ended up to 14 days ago is taken up again, new words can raise the priority. What the sender of a
    duplicate adds happens to the main tip of the case, where somebody reads it.
    """
    now = this_minute()
    message = Message.objects.create(tip=tip, text=text, at=now, form_token=token_digest)
    attach(files, tip=tip, message=message)
    index_text(tip, text)
    main = main_tip(tip)
    _hear(tip, text, at=now, facts={})
    if main is not None:
        _hear(locked(main), text, at=now, facts={"from": tip.public_id})
    return message


def locked(tip: Tip) -> Tip:
    """The tip as it is now; nobody else changes it until the transaction ends."""
    main = main_tip(tip)
    if main is not None:
        # The main tip before its duplicates, as who merges takes them.
        locked(main)
    # Rows that point at the tip may still be written: who closes a main tip writes to its duplicates.
    rows = Tip.objects.select_related("handler").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=tip.pk)


def main_tip(tip: Tip, *, among: QuerySet[Tip] | None = None) -> Tip | None:
    """The tip that a duplicate was joined with, looked for ``among`` those a person may see; or None."""
    if tip.status != TipStatus.DUPLICATE or tip.case_id is None:
        return None
    others = (
        (Tip.objects.all() if among is None else among).select_related("handler").filter(case=tip.case_id)
    )
    return others.exclude(status=TipStatus.DUPLICATE).order_by("id").first()


def matter_of(tip: Tip) -> Tip:
    """The tip that decides how far the matter of a tip is: its main tip, or itself."""
    return main_tip(tip) or tip


def reopen_until(tip: Tip) -> datetime.datetime | None:
    """Until when a word of the sender takes the matter up again: to the end of a day, as the page says it.

    None when it is open or that time is over.
    """
    return _reopen_until(matter_of(tip))


def _reopen_until(tip: Tip) -> datetime.datetime | None:
    if tip.status not in REOPENABLE or tip.closed_at is None:
        return None
    last_moment = end_of_day(local_date(tip.closed_at) + REOPEN_WITHIN)
    return last_moment if timezone.now() <= last_moment else None


def index_text(tip: Tip, text: str) -> None:
    """Make the words of a text findable: keyed digests, never the words."""
    TipTerm.objects.add(tip, terms_of(text))


def terms_of(text: str) -> list[int]:
    """What the words of a text are found by."""
    return sorted(term_digests(TERMS_PURPOSE, words(text)))


def _hear(tip: Tip, text: str, *, at: datetime.datetime, facts: dict[str, Any]) -> None:
    """One step on the time line of a locked tip, and what the new words change in it."""
    TipEvent.objects.create(tip=tip, kind=EventKind.SENDER_ADDED, at=at, data=facts)
    record(None, "tips.message.received", tip, unit_path=tip.handler.path, at=at)
    values: dict[str, Any] = {}
    is_reopened = _reopen_until(tip) is not None
    if tip.paused_at is not None:
        values |= _resumed(tip, at=at)
    if is_reopened or tip.status in OPEN:
        values |= _raised(tip, text, at=at)
    if is_reopened:
        values |= reopened_values(tip, at)
        TipEvent.objects.create(tip=tip, kind=EventKind.REOPENED, at=at)
        record(None, "tips.tip.reopened", tip, unit_path=tip.handler.path, at=at)
    elif tip.status == TipStatus.ANSWERED:
        values["status"] = TipStatus.VERIFYING
    Tip.objects.filter(pk=tip.pk).update(version=F("version") + 1, **values)
    if tip.priority == Priority.P0 and (is_reopened or "priority" in values):
        alarms.raise_for(tip)


def _resumed(tip: Tip, *, at: datetime.datetime) -> dict[str, Any]:
    """The clock runs again: what was waited for has come. ``tip`` has its deadline then."""
    values = resumed_values(tip, at)
    tip.deadline = values["deadline"]
    TipEvent.objects.create(tip=tip, kind=EventKind.RESUMED, at=at)
    record(None, "tips.tip.resumed", tip, unit_path=tip.handler.path, at=at)
    return values


def _raised(tip: Tip, text: str, *, at: datetime.datetime) -> dict[str, Any]:
    """A higher priority with its earlier deadline when the new words ask for it; ``tip`` has it then."""
    before = Priority(tip.priority)
    level = priority.raised(before, category=tip.category, text=text)
    if level == before:
        return {}
    tip.priority = level
    due = deadlines.deadline(
        priority=level, since=at, received=tip.received_at, is_opened=tip.status in IN_HAND
    )
    facts = {"category": [tip.category, tip.category], "priority": [int(before), int(level)]}
    TipEvent.objects.create(tip=tip, kind=EventKind.RECLASSIFIED, at=at, data=facts)
    record(None, "tips.tip.reclassified", tip, unit_path=tip.handler.path, at=at, data=facts)
    return {"priority": level, "deadline": min(due, tip.deadline or due)}
