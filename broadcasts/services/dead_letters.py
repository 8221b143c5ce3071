"""Dead letters: rows that did not reach their group and wait for a person. Acts on them: ``retrying``."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from broadcasts.engine.store import MAX_READS
from broadcasts.enums import DEAD, MAX_CRASHES, BroadcastState, DeliveryState
from broadcasts.models import Delivery
from groups.enums import AccountState
from portal.text import whole_number

# What was refused earlier than this is history: the broadcast's own page still shows it.
SHOWN = timedelta(days=30)
# An account that works reads its groups sooner than this; one that does not may never read them.
READ_WITHIN = timedelta(minutes=10)
# A withdrawn or cancelled post is wanted in no group any more.
WANTED = (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.DONE)


class Reason(models.TextChoices):
    """Why a row lies there."""

    REFUSED = "refused", _("Không gửi được")
    BLOCKED = "blocked", _("Tài khoản hoặc nhóm bị chặn")
    UNKNOWN = "unknown", _("Chưa rõ, không đọc được nhóm")
    POISON = "poison", _("Làm dừng tiến trình gửi")
    OVERDUE = "overdue", _("Quá hạn chưa đăng")


_POISON = Q(crashes__gte=MAX_CRASHES, state__in=(DeliveryState.REFUSED, DeliveryState.UNKNOWN))
CONDITIONS = {
    Reason.REFUSED: Q(state=DeliveryState.REFUSED, crashes__lt=MAX_CRASHES),
    Reason.BLOCKED: Q(state=DeliveryState.BLOCKED),
    # Until it was read as often as it is worth, the machine is still at it.
    Reason.UNKNOWN: Q(state=DeliveryState.UNKNOWN, reads__gte=MAX_READS, crashes__lt=MAX_CRASHES),
    Reason.POISON: _POISON,
    Reason.OVERDUE: Q(state=DeliveryState.OVERDUE),
}


def dead_letters(now: datetime, *, reason: str = "") -> QuerySet[Delivery]:
    """Rows that need a person, of all units; narrow them with ``visible_to``."""
    conditions = {**CONDITIONS, Reason.UNKNOWN: CONDITIONS[Reason.UNKNOWN] | _unread(now)}
    condition = conditions.get(reason)
    if condition is None:
        condition = Q()
        for part in conditions.values():
            condition |= part
    return Delivery.objects.filter(
        condition, state__among=DEAD, created_at__gte=now - SHOWN, broadcast__state__in=WANTED
    )


def _unread(now: datetime) -> Q:
    """Unknown rows whose group nobody reads: their account does not work."""
    unread = Q(state=DeliveryState.UNKNOWN, crashes__lt=MAX_CRASHES, unknown_at__lte=now - READ_WITHIN)
    return unread & ~Q(account__state=AccountState.ACTIVE)


def reason_of(delivery: Delivery) -> Reason:
    """Why this row lies there; call it for rows of ``dead_letters`` only."""
    if delivery.crashes >= MAX_CRASHES and delivery.state in (DeliveryState.REFUSED, DeliveryState.UNKNOWN):
        return Reason.POISON
    return Reason(delivery.state)


def narrowed(rows: QuerySet[Delivery], *, unit_path: str = "", account: str = "", code: str = "") -> Any:
    """The filters of the screen: unit of the group, carrying account, code of the post."""
    if unit_path:
        rows = rows.filter(group__unit__path__startswith=unit_path)
    if (key := whole_number(account)) is not None:
        rows = rows.filter(account_id=key)
    if code:
        rows = rows.filter(broadcast__code__iexact=code.strip())
    return rows
