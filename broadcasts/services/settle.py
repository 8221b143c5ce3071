"""What people say about a row: posted, seen in the group, send again, leave out.

Each is one conditional UPDATE: a row that a worker, an echo or a colleague moved meanwhile is not touched,
and the person is told to look again.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import permissions, tasks
from broadcasts.enums import POSTABLE, SUSPECT_CRASHES, BroadcastState, DeliveryState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery, Picture
from portal.audit.services import record
from portal.errors import NotAllowedError, WrongStateError
from portal.text import clean

# While a broadcast is in one of these, its rows may still go out.
LIVE = (BroadcastState.SENDING, BroadcastState.PAUSED)


def confirm_posted(delivery: Delivery, *, actor: Any, proof: Picture | None = None) -> Delivery:
    """A person has posted it in the group. Raises ``NotAllowedError``, ``WrongStateError``.

    Who posted it just before it was withdrawn may still say so: the correction then reaches that group too.
    """
    _require(permissions.can_confirm_posted(actor, delivery))
    now = timezone.now()
    return _settle(
        delivery,
        sources=(*POSTABLE, DeliveryState.SKIPPED) if _was_withdrawn(delivery) else POSTABLE,
        to=DeliveryState.POSTED,
        actor=actor,
        action="broadcasts.delivery.posted",
        proof=proof,
        settled_by=actor,
        settled_at=now,
    )


def confirm_seen(delivery: Delivery, *, actor: Any) -> Delivery:
    """An officer has looked into the group and the post is there: an unknown outcome is settled."""
    _require(permissions.can_confirm_seen(actor, delivery))
    return _settle(
        delivery,
        sources=[DeliveryState.UNKNOWN],
        to=DeliveryState.SENT,
        actor=actor,
        action="broadcasts.delivery.seen",
        claim="",
        last_error="",
        settled_by=actor,
        settled_at=timezone.now(),
    )


def resend(delivery: Delivery, *, actor: Any) -> Delivery:
    """An officer has looked and the post is not there: it goes out again.

    Only while its broadcast is being sent: a withdrawn post stays withdrawn.
    """
    _require(permissions.can_resend(actor, delivery))
    if not Broadcast.objects.filter(pk=delivery.broadcast_id, state__in=LIVE).exists():
        raise WrongStateError
    now = timezone.now()
    _settle(
        delivery,
        sources=[DeliveryState.UNKNOWN],
        to=DeliveryState.WAITING,
        actor=actor,
        action="broadcasts.delivery.resent",
        claim="",
        attempts=0,
        crashes=Least("crashes", SUSPECT_CRASHES),
        reads=0,
        clean_since=None,
        unknown_at=None,
        next_attempt_at=now,
    )
    hint(tasks.drain)
    return delivery


def skip(delivery: Delivery, *, actor: Any, reason: str) -> Delivery:
    """Nobody will post it in this group, and this is why."""
    _require(permissions.can_confirm_posted(actor, delivery))
    reason = clean(reason or "")
    if not reason:
        raise ValidationError({"reason": _("Xin nêu lý do bỏ qua nhóm này.")})
    return _settle(
        delivery,
        sources=POSTABLE,
        to=DeliveryState.SKIPPED,
        actor=actor,
        action="broadcasts.delivery.skipped",
        reason=reason[:300],
        settled_by=actor,
        settled_at=timezone.now(),
    )


def _was_withdrawn(delivery: Delivery) -> bool:
    """Whether the withdrawal skipped it, nobody by hand."""
    withdrawn = Broadcast.objects.filter(pk=delivery.broadcast_id, state=BroadcastState.WITHDRAWN)
    return delivery.account_id is None and delivery.settled_by_id is None and withdrawn.exists()


def _settle(
    delivery: Delivery,
    *,
    sources: Iterable[DeliveryState],
    to: DeliveryState,
    actor: Any,
    action: str,
    **fields: Any,
) -> Delivery:
    with transaction.atomic():
        changed = Delivery.objects.filter(pk=delivery.pk, state__in=tuple(sources)).update(
            state=to, updated_at=timezone.now(), **fields
        )
        if changed != 1:
            raise WrongStateError
        data = {"code": delivery.broadcast.code, "group": delivery.group_id}
        record(actor, action, delivery, unit_path=delivery.group.unit.path, data=data)
    delivery.refresh_from_db(fields=["state", "updated_at", *fields])
    return delivery


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise NotAllowedError
