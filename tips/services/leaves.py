"""Leave to open what is sealed, a sender's contact or the original of a file: given and written down."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.services import record
from portal.crypto.errors import NoPrivateKeyError
from portal.crypto.sealed import unseal
from portal.errors import NotAllowedError
from tips import permissions
from tips.models import Tip, TipEvent
from tips.services.changes import Step

LASTS = datetime.timedelta(minutes=15)


def check_colleague(tip: Tip, *, actor: Any, user: Any) -> None:
    """Leave is for another person who may open the tip. Raises ValidationError keyed ``user``."""
    if user == actor or not permissions.can_handle(user, tip):
        raise ValidationError({"user": _("Chọn một cán bộ khác được mở tin này.")})


def give(leaves: Any, tip: Tip, *, actor: Any, user: Any, reason: str, step: Step) -> Any:
    """Write leave (a row of the related manager ``leaves``) with its step and trace.

    Whether it may be given was decided before. It lasts a quarter of an hour; who opens by the leave of a
    second person opens no longer than that lasts. Raises NotAllowedError when it has just run out.
    """
    now = timezone.now()
    until = now + LASTS
    if user == actor and not permissions.opens_alone(actor, tip):
        until = min(until, _lent_until(leaves, actor))
    with transaction.atomic():
        leave = leaves.create(user=user, reason=reason, granted_by=actor, granted_at=now, until=until)
        facts = {**step.facts, "user": user.get_username(), "until": until.isoformat()}
        TipEvent.objects.create(tip=tip, kind=step.kind, actor=actor, at=now, note=reason, data=facts)
        record(actor, step.action, tip, unit_path=tip.handler.path, data=facts)
    return leave


def opened(box: bytes, *, refusal: str) -> bytes:
    """What is in a sealed box. Raises NotAllowedError(``refusal``) in a process without the private key."""
    try:
        return unseal(box)
    except NoPrivateKeyError:
        raise NotAllowedError(refusal) from None


def _lent_until(leaves: Any, user: Any) -> datetime.datetime:
    until = leaves.from_others(user).aggregate(until=Max("until"))["until"]
    if until is None:
        raise NotAllowedError
    return until
