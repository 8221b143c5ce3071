"""How far a tip is, drawn for its sender: four steps in plain words, each with the moment it was reached."""

import datetime
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tips.enums import EventKind, TipStatus
from tips.models import Tip
from tips.services import additions

STEPS: tuple[tuple[str | Promise, tuple[EventKind, ...]], ...] = (
    (_("Đã nhận tin"), (EventKind.RECEIVED,)),
    (_("Cán bộ đang xem"), (EventKind.ACCEPTED,)),
    (_("Đang xác minh"), (EventKind.VERIFYING, EventKind.ASSIGNED, EventKind.INFORMED)),
    (_("Đã có trả lời"), (EventKind.REPLIED, EventKind.CLOSED, EventKind.MERGED)),
)
_REACHED = {
    TipStatus.NEW: 0,
    TipStatus.TRANSFERRED: 0,
    TipStatus.ACCEPTED: 1,
    TipStatus.REOPENED: 1,
    TipStatus.DUPLICATE: 1,
    TipStatus.VERIFYING: 2,
}
_LAST = len(STEPS) - 1


@dataclass(frozen=True)
class Step:
    """One step: done, current or todo. ``at`` is None for steps that were skipped or lie ahead."""

    title: str | Promise
    state: str
    at: datetime.datetime | None = None


def steps_of(tip: Tip) -> list[Step]:
    """The four steps of a tip; who did what and why is not among them. A duplicate goes as its matter."""
    main = additions.main_tip(tip)
    reached = _REACHED.get(main.status if main else tip.status, _LAST)
    times = dict(tip.events.order_by("id").values_list("kind", "at"))
    steps = []
    for number, (title, kinds) in enumerate(STEPS):
        at = max((times[kind] for kind in kinds if kind in times), default=None)
        state = "done" if number < reached else "current" if number == reached else "todo"
        steps.append(Step(title, state, at if number <= reached else None))
    return steps
