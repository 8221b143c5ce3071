"""Conduct of officers: whether it is a complaint, a suggestion or praise, and about whom.

A complaint is handled at least one level above every unit where the officer it names serves, and does not
exist for that officer, whatever else they are posted to.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Posting, Unit
from tips import deadlines, permissions
from tips.enums import Category, Conduct, EventKind, TipStatus
from tips.models import AlarmCall, NamedOfficer, Tip
from tips.services.cases import keep_together
from tips.services.changes import Step, apply, check_version, require
from tips.services.states import Act


def sort_out(tip: Tip, *, actor: Any, version: int, kind: str, officer: Any = None) -> Tip:
    """Say what a tip about the police is, and name the officer it is about.

    Naming takes the tip away from that officer at once, with all that tell of the same matter, and to the
    level above where they serve. Raises ValidationError keyed ``kind`` or ``officer``.
    """
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    if tip.category != Category.CAN_BO or kind not in Conduct.values:
        raise ValidationError({"kind": _("Xin chọn phản ánh, góp ý hoặc khen cho tin về cán bộ.")})
    if officer is not None and officer.pk == actor.pk:
        raise ValidationError({"officer": _("Tin về chính mình: xin chuyển cấp trên xử lý.")})
    values: dict[str, Any] = {"conduct": kind}
    facts: dict[str, Any] = {"conduct": kind}
    path = tip.handler.path
    if officer is not None and kind != Conduct.PRAISE:
        above = level_above(officer, tip.handler)
        values |= _moved(tip, above) if above != tip.handler else _released(tip, officer)
        facts["officer"] = officer.get_username()
        path = above.path
    step = Step(EventKind.NAMED, "tips.tip.conduct", facts=facts, unit_path=path)

    def also() -> None:
        if "officer" in facts:
            NamedOfficer.objects.get_or_create(tip=tip, user=officer, defaults={"named_by": actor})
            AlarmCall.objects.filter(alarm__tip=tip, user=officer, ended_at=None).update(
                ended_at=timezone.now()
            )
        keep_together(tip, actor=actor)

    return apply(tip, act=Act.CLASSIFY, actor=actor, version=version, values=values, step=step, also=also)


def level_above(officer: Any, handler: Unit) -> Unit:
    """The unit for a complaint about this officer: ``handler``, or the one above where they serve over it.

    Raises ValidationError keyed ``officer`` when nobody is above.
    """
    postings = Posting.objects.open().filter(user=officer).select_related("unit__parent")
    over = [posting.unit for posting in postings if handler.path.startswith(posting.unit.path)]
    if not over:
        return handler
    top = min(over, key=lambda unit: len(unit.path))
    if top.parent is None:
        raise ValidationError(
            {"officer": _("Cán bộ này công tác ở cấp cao nhất trên cổng: xin chuyển thanh tra ngoài cổng.")}
        )
    return top.parent


def candidates(tip: Tip) -> list[Any]:
    """People who serve where it happened or between there and who handles it: whom the tip may be about."""
    return [posting.user for posting in Posting.objects.serving(tip.unit).nearest_of_each()]


def _moved(tip: Tip, unit: Unit) -> dict[str, Any]:
    return {
        "handler": unit,
        "status": TipStatus.TRANSFERRED,
        "assignee": None,
        "deadline": deadlines.deadline(priority=tip.priority, since=timezone.now(), received=tip.received_at),
    }


def _released(tip: Tip, officer: Any) -> dict[str, Any]:
    return {"assignee": None} if tip.assignee_id == officer.pk else {}
