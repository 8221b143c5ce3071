"""The tips of one case are as confidential as its main tip.

A duplicate tells of the same matter. Where its main tip becomes a complaint, gets a name or a category that
only a circle opens, the duplicate goes the same way at the same moment.
"""

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Unit
from portal.audit.services import record
from tips import permissions
from tips.enums import Category, EventKind, MessageKind, TipStatus
from tips.models import Message, NamedOfficer, Tip, TipEvent, Transfer
from tips.services.changes import reload


def keep_together(main: Tip, *, actor: Any) -> None:
    """Let the duplicates of a case follow their main tip, in the transaction that changed it.

    Those of a complaint go to its unit and name whom it names; a restricted category becomes theirs. Each
    one that changes has its own step and audit entry, which belong to the unit of the main tip.
    """
    now = reload(main)
    if now.case_id is None or not (now.is_restricted or now.category == Category.CAN_BO):
        return
    rows = Tip.objects.select_related("handler", "assignee").filter(
        case=now.case_id, status=TipStatus.DUPLICATE
    )
    for tip in rows.exclude(pk=now.pk).select_for_update(of=("self",), no_key=True).order_by("pk"):
        _follow(tip, now, actor)


def move_along(main: Tip, *, actor: Any, sender: Unit, text: str, at: datetime) -> None:
    """Let the duplicates that ``sender`` handled go with their main tip; ``text`` tells their senders.

    Else what those add would be heard where nobody may read it.
    """
    now = reload(main)
    if now.case_id is None:
        return
    rows = Tip.objects.select_related("unit", "village").filter(
        case=now.case_id, status=TipStatus.DUPLICATE, handler=sender
    )
    for tip in rows.exclude(pk=now.pk).select_for_update(of=("self",), no_key=True).order_by("pk"):
        values: dict[str, Any] = {"handler": now.handler, "assignee": None}
        if now.unit_id != main.unit_id:
            before = place_before(tip)
            is_back = before.get("unit") == now.unit
            values |= before if is_back else {"unit": now.unit, "village": now.village}
        Tip.objects.filter(pk=tip.pk).update(version=F("version") + 1, **values)
        Transfer.objects.create(tip=tip, from_unit=sender, to_unit=now.handler, at=at)
        Message.objects.create(tip=tip, kind=MessageKind.PUBLIC, author=actor, text=text, at=at)
        facts: dict[str, Any] = {"from": sender.code, "to": now.handler.code}
        facts |= {"handler": [facts["from"], facts["to"]], "place": place_of(tip)}
        TipEvent.objects.create(tip=tip, kind=EventKind.TRANSFERRED, actor=actor, at=at, data=facts)
        record(actor, "tips.tip.transferred", tip, unit_path=sender.path, data=facts)


def place_of(tip: Tip) -> list[str]:
    """The codes of where a tip says that it happened, for who gives it back."""
    return [tip.unit.code, tip.village.code if tip.village else ""]


def place_before(tip: Tip) -> dict[str, Any]:
    """Where it happened before the last transfer said otherwise."""
    step = tip.events.filter(kind=EventKind.TRANSFERRED).order_by("-id").first()
    unit_code, village_code = (step.data.get("place") if step else None) or ["", ""]
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=[unit_code, village_code])}
    return {"unit": units[unit_code], "village": units.get(village_code)} if unit_code in units else {}


def may_tell(main: Tip, duplicate: Tip) -> bool:
    """Whether all who read ``duplicate`` may read what is written of ``main``."""
    return (
        duplicate.handler_id == main.handler_id
        and (duplicate.is_restricted or not main.is_restricted)
        and main.named_ids <= duplicate.named_ids
    )


def result_for(main: Tip, duplicate: Tip, text: str) -> str:
    """What the sender of a duplicate reads when its matter ended with ``text``."""
    if may_tell(main, duplicate):
        return text
    return _("Công an đã xem xét xong vụ việc này. Cần hỏi thêm, xin viết ở ô bên dưới.")


def _follow(tip: Tip, main: Tip, actor: Any) -> None:
    is_complaint = main.category == Category.CAN_BO
    wanted = Tip(pk=tip.pk, category=tip.category, handler=tip.handler)
    if is_complaint or not tip.is_restricted:
        wanted.category = main.category
    if is_complaint:
        wanted.handler = main.handler
    unnamed = main.named_ids - tip.named_ids
    NamedOfficer.objects.bulk_create(
        [NamedOfficer(tip=tip, user_id=user, named_by=actor) for user in sorted(unnamed)],
        ignore_conflicts=True,
    )
    if not unnamed and (wanted.category, wanted.handler) == (tip.category, tip.handler):
        return
    values: dict[str, Any] = {"category": wanted.category, "handler": wanted.handler}
    facts: dict[str, Any] = {"category": [tip.category, wanted.category]}
    if wanted.handler != tip.handler:
        facts["handler"] = [tip.handler.code, wanted.handler.code]
    if tip.assignee is not None and ("handler" in facts or not permissions.can_handle(tip.assignee, wanted)):
        values["assignee"] = None
    Tip.objects.filter(pk=tip.pk, version=tip.version).update(version=F("version") + 1, **values)
    kind = EventKind.NAMED if unnamed else EventKind.RECLASSIFIED
    action = "tips.tip.conduct" if unnamed else "tips.tip.reclassified"
    TipEvent.objects.create(tip=tip, kind=kind, actor=actor, at=timezone.now(), data=facts)
    record(actor, action, tip, unit_path=main.handler.path, data=facts)
