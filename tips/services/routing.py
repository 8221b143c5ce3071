"""Where a tip belongs: another unit, another category or priority."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.enums import Level
from groups.models import Posting, Unit
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError
from tips import deadlines, permissions, validators
from tips.enums import Authority, Category, EventKind, Outcome, Priority, TipStatus
from tips.models import Tip, TipEvent, Transfer
from tips.priority import guess
from tips.services import closing
from tips.services.cases import keep_together, move_along, place_before, place_of
from tips.services.changes import Step, apply, check_version, require
from tips.services.handling import add_public
from tips.services.intake import handling_unit
from tips.services.states import IN_HAND, Act
from tips.validators import keyed


def transfer(tip: Tip, *, actor: Any, version: int, unit: Unit | str, reason: str) -> Tip:
    """Hand a tip to another unit. The sender is told where; this unit keeps only the fact (``Transfer``).

    The deadline starts anew and nobody is assigned; its duplicates go along. A tip passed to another commune
    happened there. A conduct complaint stays above the communes. Raises ValidationError keyed ``unit`` or
    ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_lead(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    target = keyed("unit", _target, unit, tip)
    now = timezone.now()
    values: dict[str, Any] = {
        "handler": target,
        "status": TipStatus.TRANSFERRED,
        "assignee": None,
        "deadline": deadlines.deadline(priority=tip.priority, since=now, received=tip.received_at),
    }
    if target.level == Level.COMMUNE and target.pk != tip.unit_id:
        values |= {"unit": target, "village": None}

    def also() -> None:
        Transfer.objects.create(tip=tip, from_unit=tip.handler, to_unit=target, at=now)
        text = told(tip.handler, target.police_name, now)
        add_public(tip, actor=actor, text=text, at=now)
        move_along(tip, actor=actor, sender=tip.handler, text=text, at=now)
        keep_together(tip, actor=actor)

    facts = {"from": tip.handler.code, "to": target.code, "place": place_of(tip)}
    step = Step(EventKind.TRANSFERRED, "tips.tip.transferred", note=why, facts=facts)
    return apply(tip, act=Act.TRANSFER, actor=actor, version=version, values=values, step=step, also=also)


def give_back(tip: Tip, *, actor: Any, version: int, reason: str) -> Tip:
    """Return a wrongly transferred tip, before anybody takes it, to where it came from; its sender is told.

    Where it happened is again what that unit had. The deadline runs on: the way there and back is no reason
    for more time. Raises ValidationError keyed ``reason``; WrongStateError when no unit had passed it on.
    """
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    why = keyed("reason", validators.clean_reason, reason)
    came = tip.transfers.select_related("from_unit").first()
    if came is None or came.to_unit_id != tip.handler_id:
        raise WrongStateError(_("Tin này không do đơn vị nào chuyển tới."))
    target = keyed("reason", _target, came.from_unit, tip)
    now = timezone.now()

    def also() -> None:
        Transfer.objects.create(tip=tip, from_unit=tip.handler, to_unit=target, at=now)
        text = told(tip.handler, target.police_name, now)
        add_public(tip, actor=actor, text=text, at=now)
        move_along(tip, actor=actor, sender=tip.handler, text=text, at=now)
        keep_together(tip, actor=actor)

    facts = {"from": tip.handler.code, "to": target.code}
    step = Step(EventKind.RETURNED, "tips.tip.returned", note=why, facts=facts)
    values = {"handler": target, "assignee": None, **place_before(tip)}
    return apply(tip, act=Act.RETURN, actor=actor, version=version, values=values, step=step, also=also)


def refer(tip: Tip, *, actor: Any, version: int, authority: str, reason: str) -> Tip:
    """End a tip that is no police matter: the sender is told which authority it went to.

    ``authority`` is one of ``Authority``; handing the matter over is done outside the portal. Raises
    ValidationError keyed ``authority`` or ``reason``.
    """
    target = keyed("authority", _authority, authority)
    why = keyed("reason", validators.clean_reason, reason)
    now = timezone.now()
    with transaction.atomic():
        text = told(tip.handler, str(target.label), now)
        ended = closing.close(tip, actor=actor, version=version, outcome=Outcome.GUIDED, public_reason=text)
        facts = {"authority": target.value}
        TipEvent.objects.create(tip=tip, kind=EventKind.REFERRED, actor=actor, at=now, note=why, data=facts)
        record(actor, "tips.tip.referred", tip, unit_path=tip.handler.path, data=facts)
    return ended


def reclassify(
    tip: Tip,
    *,
    actor: Any,
    version: int,
    category: str | None = None,
    priority: int | None = None,
    reason: str = "",
) -> Tip:
    """Correct what the sender chose and the machine guessed.

    Who handles a tip may raise its priority; lowering it takes somebody who decides, and a reason. So does
    leaving a restricted category, which opens the tip to more people; entering one is everybody's. In another
    category a tip is at least as urgent as one that comes in under it.

    Turning a tip into a conduct complaint takes it away from its commune at once, without a trace there, and
    with it what tells of the same matter. Who can no longer open it is no longer assigned. Raises
    ValidationError keyed ``category``, ``priority`` or ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_handle(actor, tip))
    wanted = Tip(pk=tip.pk, category=tip.category, priority=tip.priority, unit=tip.unit, handler=tip.handler)
    if category is not None:
        wanted.category = keyed("category", validators.clean_category, category)
    if priority is not None:
        wanted.priority = keyed("priority", _priority, priority)
    if tip.named_ids and wanted.category != Category.CAN_BO:
        raise ValidationError({"category": _("Tin đã ghi tên cán bộ bị phản ánh: giữ loại “Về cán bộ”.")})
    if wanted.category != tip.category:
        wanted.priority = min(wanted.priority, _guess(tip, wanted.category))
    is_decision = _needs_decision(tip, wanted, actor)
    why = keyed("reason", validators.clean_reason, reason) if reason or is_decision else ""
    values: dict[str, Any] = {"category": wanted.category, "priority": wanted.priority}
    becomes_complaint = wanted.category == Category.CAN_BO != tip.category
    if becomes_complaint and tip.handler.level == Level.COMMUNE:
        wanted.handler = handling_unit(Category.CAN_BO, tip.handler)
        values |= {"handler": wanted.handler, "status": TipStatus.TRANSFERRED, "assignee": None}
    elif tip.assignee is not None and not permissions.can_handle(tip.assignee, wanted):
        values["assignee"] = None
    if wanted.priority != tip.priority or "handler" in values:
        values["deadline"] = _new_deadline(tip, wanted.priority)
    facts = {"category": [tip.category, wanted.category], "priority": [tip.priority, int(wanted.priority)]}
    # Where it goes, the trace goes: at the commune no audit entry may tell of a complaint.
    path = wanted.handler.path
    step = Step(EventKind.RECLASSIFIED, "tips.tip.reclassified", note=why, facts=facts, unit_path=path)

    def also() -> None:
        keep_together(tip, actor=actor)

    return apply(tip, act=Act.CLASSIFY, actor=actor, version=version, values=values, step=step, also=also)


def _needs_decision(tip: Tip, wanted: Tip, actor: Any) -> bool:
    """Whether the change is for who decides, with a reason. Raises NotAllowedError for everybody else."""
    is_opened = tip.is_restricted and not wanted.is_restricted
    is_lowered = wanted.priority > tip.priority
    if (is_opened or is_lowered) and not permissions.can_decide(actor, tip):
        wish = _("bỏ loại hạn chế") if is_opened else _("hạ mức ưu tiên")
        raise NotAllowedError(_("Chỉ chỉ huy được %(wish)s.") % {"wish": wish})
    return is_opened or is_lowered


def _target(value: Unit | str, tip: Tip) -> Unit:
    """The unit a tip may go to, given as itself or as its code."""
    unit = value if isinstance(value, Unit) else None
    if unit is None and isinstance(value, str):
        unit = Unit.objects.current().filter(code=validators.plain_code(value)).first()
    if unit is None or unit.level == Level.VILLAGE:
        raise ValidationError(_("Xin chọn đơn vị công an nhận tin: xã, phường, đặc khu hoặc cấp trên."))
    if validators.is_for_practice(unit):
        raise ValidationError(_("Đơn vị tập huấn không nhận tin."))
    if unit.pk == tip.handler_id:
        raise ValidationError(_("Tin đang ở chính đơn vị này."))
    if tip.category == Category.CAN_BO and unit.level == Level.COMMUNE:
        raise ValidationError(_("Phản ánh về cán bộ chỉ chuyển tới cấp trên của xã, phường."))
    if any(unit.path.startswith(path) for path in _paths_of_named(tip)):
        raise ValidationError(_("Cán bộ bị phản ánh công tác ở đơn vị này hoặc cấp trên của nó."))
    return unit


def _paths_of_named(tip: Tip) -> list[str]:
    """Where the officers serve whom a complaint names: there and below it has no place."""
    if not tip.named_ids:
        return []
    serving = Posting.objects.open().filter(user__in=tip.named_ids)
    return list(serving.values_list("unit__path", flat=True))


def _authority(value: Any) -> Authority:
    if value not in Authority.values:
        raise ValidationError(_("Xin chọn cơ quan nhận."))
    return Authority(value)


def told(sender: Unit, target: str, now: datetime.datetime) -> str:
    """What the sender reads about where the tip went; ``target`` is a name."""
    local = timezone.localtime(now)
    return _("Việc này thuộc %(target)s. %(sender)s đã chuyển lúc %(time)s ngày %(date)s.") % {
        "target": target,
        "sender": sender.police_name,
        "time": date_format(local, "H:i"),
        "date": date_format(local, "d/m/Y"),
    }


def _priority(value: Any) -> Priority:
    try:
        return Priority(int(str(value).upper().removeprefix("P")))
    except ValueError:
        raise ValidationError(_("Mức ưu tiên là P0, P1, P2, P3 hoặc P4.")) from None


def _guess(tip: Tip, category: str) -> Priority:
    """What the tip would start with, had it come in under ``category``."""
    return guess(category=category, text=tip.text, occurred_at=tip.occurred_at, now=tip.received_at)


def _new_deadline(tip: Tip, priority: Priority):
    """Raised: counted from now, since nobody could know before; lowered: from the day it came."""
    since = timezone.now() if priority <= tip.priority else tip.received_at
    return deadlines.deadline(
        priority=priority, since=since, received=tip.received_at, is_opened=tip.status in IN_HAND
    )
