"""What a chief does with a dead letter: have it sent again, or let it lie.

Conditional updates throughout: the second of two clicks changes nothing and is told so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import permissions, tasks
from broadcasts.enums import DEAD, SUSPECT_CRASHES, DeliveryState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import finishing, settle
from broadcasts.services.dead_letters import WANTED
from broadcasts.services.rows import POST_HOURS, automatic
from broadcasts.services.settle import require, settle_row
from broadcasts.services.transitions import trace
from groups.enums import GroupState
from groups.models import Group
from groups.permissions import DECIDING_ROLES, holds, paths, paths_q
from portal.clock import database_now
from portal.errors import PortalError, WrongStateError
from portal.text import clean

# A row starts anew, but what brought senders down before stays alone (see MAX_CRASHES).
ANEW = {"attempts": 0, "crashes": Least("crashes", SUSPECT_CRASHES), "claim": "", "settled_at": None}


@dataclass
class Result:
    """What became of several rows: how many worked, and why each other one did not."""

    done: int = 0
    problems: list[str] = field(default_factory=list)


def retry(delivery: Delivery, *, actor: Any) -> Delivery:
    """Send a refused row again, or an unknown one that somebody looked for in its group.

    Raises ``NotAllowedError``, and ``WrongStateError`` when nothing is to be retried: its post is past use or
    withdrawn, its group is out of service, or it goes on by itself.
    """
    require(permissions.can_resend(actor, delivery))
    now = database_now()
    with transaction.atomic():
        broadcast = _reopened(delivery.broadcast_id, actor, now)
        if delivery.state == DeliveryState.UNKNOWN:
            return settle.resend(delivery, actor=actor)
        if delivery.state == DeliveryState.BLOCKED:
            raise WrongStateError(_("Lượt này tự gửi khi tài khoản và nhóm hoạt động lại."))
        if delivery.group.state != GroupState.ACTIVE:
            raise WrongStateError(_("Nhóm không còn hoạt động trên Zalo, không gửi lại được."))
        settle_row(
            delivery,
            sources=[DeliveryState.REFUSED],
            actor=actor,
            action="broadcasts.delivery.retried",
            **_way_out(delivery.group, broadcast, now),
        )
    hint(tasks.drain)
    return delivery


def retry_failed(broadcast: Broadcast, *, actor: Any) -> int:
    """Send the refused rows of one post again, wherever this person decides; returns how many.

    One UPDATE and one audit entry, however many groups. Groups out of service are left as they are.
    """
    require(_may_retry(actor, broadcast))
    now = database_now()
    account = Group.objects.filter(pk=OuterRef("group")).values("official_account")
    with transaction.atomic():
        broadcast = _reopened(broadcast.pk, actor, now)
        rows = retryable(broadcast, actor)
        done = Delivery.objects.filter(pk__in=rows.values("pk"), state=DeliveryState.REFUSED).update(
            state=DeliveryState.WAITING,
            account=Subquery(account),
            next_attempt_at=now,
            updated_at=now,
            **ANEW,
        )
        if not done:
            raise WrongStateError(_("Không còn lượt lỗi nào của bài này gửi lại được."))
        trace(actor, "broadcasts.broadcast.retried", broadcast, data={"rows": done})
    hint(tasks.drain)
    return done


def retryable(broadcast: Broadcast, actor: Any) -> QuerySet[Delivery]:
    """Refused rows of the post that the machine can send again and this person may have sent."""
    rows = broadcast.deliveries.filter(
        state=DeliveryState.REFUSED, group__state=GroupState.ACTIVE, group__channel__in=automatic()
    )
    if holds(actor, broadcast.unit, *DECIDING_ROLES):
        return rows
    return rows.filter(paths_q(paths(actor, *DECIDING_ROLES), "group__unit__path"))


def discard(delivery: Delivery, *, actor: Any, reason: str) -> Delivery:
    """This group will not get it, and this is why. An unknown row only after a look into the group.

    Raises ``ValidationError`` on ``reason``, ``NotAllowedError``, ``WrongStateError``.
    """
    require(permissions.can_resend(actor, delivery))
    reason = clean(reason or "")
    if not reason:
        raise ValidationError({"reason": _("Xin nêu lý do bỏ qua.")})
    now = timezone.now()
    settle_row(
        delivery,
        sources=DEAD,
        to=DeliveryState.SKIPPED,
        actor=actor,
        action="broadcasts.delivery.discarded",
        reason=reason[:300],
        claim="",
        settled_by=actor,
        settled_at=now,
    )
    finishing.finish([delivery.broadcast_id], now=now)
    return delivery


def for_each(rows: Iterable[Delivery], service: Callable[..., Any], **options: Any) -> Result:
    """``service`` for each row; one that cannot be done keeps nobody else waiting."""
    result = Result()
    for row in rows:
        try:
            service(row, **options)
        except PortalError as error:
            result.problems.append(f"{row.group.name}: {error.message}")
        except ValidationError as error:
            result.problems.append(f"{row.group.name}: {' '.join(error.messages)}")
        else:
            result.done += 1
    return result


def _may_retry(actor: Any, broadcast: Broadcast) -> bool:
    """Who decides for the unit, or for any group that has a row of it."""
    if permissions.can_decide(actor, broadcast):
        return True
    where = paths_q(paths(actor, *DECIDING_ROLES), "group__unit__path")
    return broadcast.deliveries.filter(where).exists()


def _reopened(broadcast_id: int, actor: Any, now: datetime) -> Broadcast:
    """The post, locked and being sent. Raises ``WrongStateError`` when it is past use or taken back."""
    broadcast = finishing.locked(broadcast_id)
    if broadcast.state not in WANTED:
        raise WrongStateError(_("Bài đã thu hồi hoặc hủy, không gửi lại được."))
    settle.require_use(broadcast, now)
    finishing.reopen(broadcast, actor=actor)
    return broadcast


def _way_out(group: Group, broadcast: Broadcast, now: datetime) -> dict[str, Any]:
    """The fields of a row that starts anew, by the way its group is posted to today."""
    if group.channel in automatic():
        account = group.official_account
        return {**ANEW, "to": DeliveryState.WAITING, "account": account, "next_attempt_at": now}
    due_at = now + timedelta(hours=POST_HOURS[broadcast.urgency])
    return {**ANEW, "to": DeliveryState.TO_POST, "account": None, "due_at": due_at}
