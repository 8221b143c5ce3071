"""Reading a tip leaves a trace, and so does opening a file."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.db.models import Prefetch, QuerySet

from groups import permissions
from groups.enums import Level
from groups.permissions import TIP_ROLES
from portal.audit.services import record
from tips.enums import Category, EventKind
from tips.evidence import open_evidence
from tips.models import Evidence, Message, Tip, TipEvent, Transfer
from tips.querysets import TipQuerySet, naming
from tips.services.attention import note_read

ONE_VIEWING = 600
# Steps whose facts name other tips, and the facts that name one.
_NAMING_TIPS = (EventKind.MERGED, EventKind.SENDER_ADDED)
_ONE_ID = ("into", "from")
_IS_ID = re.compile(r"[0-9A-Za-z]{1,12}")


def visible_tips(user: Any) -> TipQuerySet:
    """Tips the user may see, with what a row shows."""
    return Tip.objects.visible_to(user).select_related("unit", "village", "handler", "assignee", "broadcast")


def by_id(tips: TipQuerySet, public_id: str) -> TipQuerySet:
    """The tip of ``tips`` with this id, if any; what cannot be an id does not reach the database."""
    return tips.filter(public_id=public_id) if _IS_ID.fullmatch(public_id) else tips.none()


def with_thread(tips: TipQuerySet) -> TipQuerySet:
    """``tips`` with all that a page or an answer about one of them shows."""
    return tips.prefetch_related(
        Prefetch("messages", Message.objects.select_related("author").prefetch_related("evidence")),
        Prefetch("evidence", Evidence.objects.select_related("tip")),
        Prefetch("events", TipEvent.objects.select_related("actor")),
    )


def read_tip(user: Any, public_id: str) -> Tip:
    """One tip with its thread, files and time line. Raises ``Tip.DoesNotExist`` for what is not visible."""
    tip = by_id(with_thread(visible_tips(user)), public_id).get()
    hide_unseen(user, tip)
    record(user, "tips.tip.read", tip, unit_path=tip.handler.path)
    note_read(tip, user)
    return tip


def hide_unseen(user: Any, tip: Tip) -> None:
    """Take the ids of tips that the user may not see out of the steps of a tip that is being shown."""
    steps = [event for event in tip.events.all() if event.kind in _NAMING_TIPS]
    named = {public_id for step in steps for public_id in _ids_of(step.data)}
    if not named:
        return
    visible = Tip.objects.visible_to(user).filter(public_id__in=named)
    hidden = named - set(visible.values_list("public_id", flat=True))
    for step in steps:
        facts = {key: value for key, value in step.data.items() if key not in _ONE_ID or value not in hidden}
        if "brought" in facts:
            facts["brought"] = [public_id for public_id in facts["brought"] if public_id not in hidden]
        step.data = facts


def _ids_of(facts: dict[str, Any]) -> list[str]:
    return [*(facts[key] for key in _ONE_ID if key in facts), *facts.get("brought", [])]


def open_file(
    user: Any, tip: Tip, evidence: Evidence, span: tuple[int, int] | None = None
) -> Iterator[bytes]:
    """The bytes of a file of a visible tip, or those of a span (first, last) of it; audited.

    A player asks for one span after another: for those one entry is written each ``ONE_VIEWING`` seconds.
    Raises FileNotFoundError when the file is gone from the disk.
    """
    stream = open_evidence(evidence, span)
    if span is None or cache.add(f"viewing:{user.pk}:{evidence.pk}", 1, timeout=ONE_VIEWING):
        record(
            user,
            "tips.evidence.opened",
            tip,
            unit_path=tip.handler.path,
            data={"evidence": evidence.public_id},
        )
    return stream


def transferred_away(user: Any) -> QuerySet[Transfer]:
    """What the user's own units keep of tips they passed on: code, date, new unit."""
    own = permissions.paths_q(permissions.paths(user, *TIP_ROLES), "from_unit__path")
    return (
        Transfer.objects.filter(own)
        .exclude(tip__in=naming(user))
        .exclude(tip__category=Category.CAN_BO, from_unit__level=Level.COMMUNE)
        .select_related("tip", "from_unit", "to_unit")
        .only("at", "tip__public_id", "from_unit", "to_unit")
    )
