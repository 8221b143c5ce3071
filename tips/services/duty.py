"""Who is on duty for a unit, and whom an urgent tip calls. No mails here, no rings: ``alarms`` does those."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Posting, Unit
from groups.permissions import DECIDING_ROLES, TIP_ROLES, holds
from portal.audit.services import record
from portal.errors import NotAllowedError
from tips import permissions
from tips.enums import AlarmStage
from tips.models import DutyShift, Tip

# A day of duty begins in the morning, as rosters on the wall do.
HANDOVER_HOUR = 7
MOST_CALLED = 30


def duty_day(at: datetime.datetime) -> datetime.date:
    """The day of duty that ``at`` belongs to: before the hand-over it is still the day before."""
    return (timezone.localtime(at) - datetime.timedelta(hours=HANDOVER_HOUR)).date()


def staff(unit: Unit) -> QuerySet[Posting]:
    """Open postings at exactly this unit of people who work with tips."""
    rows = Posting.objects.open().filter(unit=unit, role__in=TIP_ROLES, user__is_active=True)
    return rows.select_related("user", "unit").order_by("user__full_name", "user_id")


def shifts_on(unit: Unit, day: datetime.date) -> list[DutyShift]:
    """The roster of a day: what was set for that very day, else what stands for its weekday."""
    rows = DutyShift.objects.filter(unit=unit).filter(Q(day=day) | Q(weekday=day.weekday()))
    found = list(rows.select_related("user").order_by("user__full_name", "pk"))
    return [shift for shift in found if shift.day] or found


def on_duty(unit: Unit, at: datetime.datetime) -> list[Any]:
    """People of the roster who still serve at the unit."""
    serving = {posting.user_id for posting in staff(unit)}
    return [shift.user for shift in shifts_on(unit, duty_day(at)) if shift.user_id in serving]


def to_call(tip: Tip, stage: int, at: datetime.datetime) -> list[Any]:
    """Whom a stage calls: the first group of people in which somebody may know of the tip.

    Duty: the roster, else the officers, else the chiefs of the handling unit. Chief: its chiefs. Superior:
    the duty above. Where nobody is found, the next unit above is asked. Of a restricted tip its circle is
    told; only chiefs hear that there is one without being of it. A named officer is never called.
    """
    for people, knows in _groups(tip, stage, at):
        found = [user for user in _once(people) if knows(user, tip)]
        if found:
            return found[:MOST_CALLED]
    return []


def _groups(tip: Tip, stage: int, at: datetime.datetime) -> Iterator[tuple[Iterable[Any], Any]]:
    unit, can_open = tip.handler, permissions.can_handle
    if stage == AlarmStage.DUTY:
        yield on_duty(unit, at), can_open
        officers, chiefs = _officers(unit), _chiefs(unit)
        if tip.is_restricted:
            yield [*officers, *chiefs], can_open
        yield officers, can_open
    if stage in (AlarmStage.DUTY, AlarmStage.CHIEF):
        yield _chiefs(unit), permissions.may_hear_of
    for above in _above(unit):
        yield on_duty(above, at), can_open
        yield [*_officers(above), *_chiefs(above)], can_open
    for above in _above(unit):
        yield _chiefs(above), permissions.may_hear_of


def _above(unit: Unit) -> list[Unit]:
    """The units above, the nearest first."""
    return list(Unit.objects.filter(code__in=unit.ancestor_codes()).order_by("-path"))


def _officers(unit: Unit) -> list[Any]:
    return [posting.user for posting in staff(unit) if posting.role not in DECIDING_ROLES]


def _chiefs(unit: Unit) -> list[Any]:
    return [posting.user for posting in staff(unit) if posting.role in DECIDING_ROLES]


def _once(people: Iterable[Any]) -> list[Any]:
    return list({user.pk: user for user in people}.values())


# --- The roster ------------------------------------------------------------------------------------------


def can_set(user: Any, unit: Unit) -> bool:
    """Chiefs of the unit and supervisors above make its roster."""
    return holds(user, unit, *DECIDING_ROLES)


def put_on(unit: Unit, user: Any, *, actor: Any, day: datetime.date | None = None, weekday: int = -1) -> None:
    """Put a person on the roster of a day, or of every such weekday; twice is once.

    Raises NotAllowedError, or ValidationError keyed ``user`` for somebody who does not serve there.
    """
    if not can_set(actor, unit):
        raise NotAllowedError
    if user is None or not staff(unit).filter(user=user).exists():
        raise ValidationError({"user": _("Người này không công tác tại đơn vị.")})
    when = _when(day, weekday)
    with transaction.atomic():
        _shift, is_new = DutyShift.objects.get_or_create(
            unit=unit, user=user, **when, defaults={"set_by": actor}
        )
        if is_new:
            _trace("tips.duty.set", unit, user, actor, when)


def take_off(
    unit: Unit, user: Any, *, actor: Any, day: datetime.date | None = None, weekday: int = -1
) -> None:
    """Take a person off the roster of a day or weekday; who was not on it changes nothing."""
    if not can_set(actor, unit):
        raise NotAllowedError
    when = _when(day, weekday)
    with transaction.atomic():
        gone, _rows = DutyShift.objects.filter(unit=unit, user=user, **when).delete()
        if gone:
            _trace("tips.duty.cleared", unit, user, actor, when)


def _when(day: datetime.date | None, weekday: int) -> dict[str, Any]:
    if day is not None:
        return {"day": day, "weekday": None}
    if weekday not in range(7):
        raise ValidationError({"weekday": _("Xin chọn một ngày trong tuần.")})
    return {"day": None, "weekday": weekday}


def _trace(action: str, unit: Unit, user: Any, actor: Any, when: dict[str, Any]) -> None:
    day = when["day"].isoformat() if when["day"] else f"T{when['weekday'] + 2}"
    record(actor, action, unit, unit_path=unit.path, data={"user": user.get_username(), "day": day})
