"""How every act on a tip is written: one conditional UPDATE, one step on the time line, one audit entry.

The caller's version decides. Two officers who act on the same copy cannot both succeed, and nobody acts on a
tip that meanwhile went to another unit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.audit.services import record
from portal.errors import NotAllowedError, StaleVersionError, WrongStateError
from portal.text import whole_number
from tips.enums import ENDED, EventKind
from tips.models import Extension, Tip, TipEvent
from tips.services import alarms
from tips.services.clock import kept_running
from tips.services.states import ALLOWED_FROM, Act


@dataclass(frozen=True)
class Step:
    """What an act leaves behind: the event (its ``note`` is encrypted) and the audited action.

    ``facts`` go readable into the event and the audit entry: codes and dates, never words of people.
    ``unit_path`` says whose auditors read the entry, if not those of the unit that handled the tip so far.
    """

    kind: EventKind
    action: str
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    unit_path: str = ""


def require(is_allowed: bool) -> None:
    """Raise NotAllowedError unless allowed."""
    if not is_allowed:
        raise NotAllowedError


def version_read(text: str) -> int:
    """The version of the copy a form was filled in on; nonsense is a version that never was."""
    version = whole_number(text, digits=9)
    return -1 if version is None else version


def check_version(tip: Tip, version: int) -> None:
    """Raise StaleVersionError when somebody changed the tip since the caller read it."""
    if tip.version != version:
        raise StaleVersionError


def apply(
    tip: Tip,
    *,
    act: Act,
    actor: Any,
    version: int,
    step: Step,
    values: dict[str, Any] | None = None,
    also: Callable[[], None] | None = None,
) -> Tip:
    """Write ``values`` if the tip still has ``version`` and a state fit for ``act``; ``also`` runs inside.

    Returns the tip as it is now. Raises StaleVersionError or WrongStateError and then leaves nothing behind.
    """
    values = values or {}
    with transaction.atomic():
        # What was erased takes no new words: nothing would ever erase them.
        changed = Tip.objects.filter(
            pk=tip.pk, version=version, status__in=ALLOWED_FROM[act], handler=tip.handler_id, erased_at=None
        ).update(version=F("version") + 1, **kept_running(tip, values))
        if changed != 1:
            raise _reason(tip, version)
        TipEvent.objects.create(
            tip=tip, kind=step.kind, actor=actor, at=timezone.now(), note=step.note, data=step.facts
        )
        record(actor, step.action, tip, unit_path=step.unit_path or tip.handler.path, data=step.facts)
        alarms.follow(tip, values)
        if values.get("status") in ENDED or "handler" in values:
            _drop_requests(tip, actor)
        if also is not None:
            also()
    return reload(tip)


def reload(tip: Tip) -> Tip:
    """The tip as the database has it, with the units that pages and rights need."""
    return Tip.objects.select_related("unit", "village", "handler", "assignee", "broadcast").get(pk=tip.pk)


def last_change(tip: Tip) -> str:
    """Who did what with the tip last, and when, for whoever acted on an older copy; empty for nothing yet."""
    event = tip.events.select_related("actor").order_by("-id").first()
    if event is None:
        return ""
    who = event.actor.display_name if event.actor else _("Người gửi hoặc hệ thống")
    when = date_format(timezone.localtime(event.at), "H:i d/m/Y")
    return _("%(who)s: %(what)s lúc %(when)s.") % {"who": who, "what": event.get_kind_display(), "when": when}


def _drop_requests(tip: Tip, actor: Any) -> None:
    """Nobody decides any more on time for a tip that has ended or went elsewhere, with another deadline."""
    dropped = {"state": Extension.State.DROPPED, "decided_by": actor, "decided_at": timezone.now()}
    tip.extensions.filter(state=Extension.State.ASKED).update(**dropped)


def _reason(tip: Tip, version: int) -> WrongStateError:
    current = Tip.objects.filter(pk=tip.pk).values_list("version", "erased_at").first()
    if current is None or current[0] != version:
        return StaleVersionError()
    return WrongStateError(_("Nội dung tin đã được xóa.")) if current[1] else WrongStateError()
