"""The tips of one case are as confidential as its main tip.

A duplicate tells of the same matter. Where its main tip becomes a complaint, gets a name or a category that
only a circle opens, the duplicate goes the same way at the same moment.
"""

from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.services import record
from tips import permissions
from tips.enums import Category, EventKind, TipStatus
from tips.models import NamedOfficer, Tip, TipEvent
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
