"""Opening the contact of a sender: a right, a reason, a time limit and a trace, every time."""

import datetime
import json
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.services import record
from portal.crypto.errors import NoPrivateKeyError
from portal.crypto.sealed import unseal
from portal.errors import NotAllowedError, WrongStateError
from portal.text import parse_phone
from tips import permissions, validators
from tips.enums import RESTRICTED, EventKind
from tips.models import Contact, IdentityGrant, Tip, TipEvent
from tips.services.changes import check_version, require
from tips.validators import keyed

GRANT_LASTS = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class Revealed:
    """The contact, and until when it may be shown without asking again."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    until: datetime.datetime


def reveal_contact(tip: Tip, *, actor: Any, version: int, reason: str) -> Revealed:
    """Open the contact of a tip. The tip itself does not change, so its version stays.

    Chiefs and supervisors open it themselves; an officer, and everybody for a restricted category, needs the
    leave of a second person (``grant_identity``). Raises NotAllowedError without
    the right or the private key, WrongStateError for an anonymous tip, ValidationError keyed ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_reveal(actor, tip))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    contact = Contact.objects.filter(tip=tip).first()
    if contact is None:
        raise WrongStateError(_("Tin này gửi ẩn danh, không có thông tin người báo."))
    name, phone = _open(contact)
    grant = give_leave(tip, actor=actor, user=actor, reason=why, ends=_leave_ends(tip, actor))
    return Revealed(name, phone, grant.until)


def grant_identity(tip: Tip, *, actor: Any, version: int, user: Any, reason: str) -> IdentityGrant:
    """Give another officer leave to open the contact for a quarter of an hour; never oneself.

    Raises ValidationError keyed ``user`` or ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    if user == actor or not permissions.can_handle(user, tip):
        raise ValidationError({"user": _("Chọn một cán bộ khác được mở tin này.")})
    return give_leave(tip, actor=actor, user=user, reason=why)


def live_grant(tip: Tip, user: Any) -> IdentityGrant | None:
    """The leave this person is using now, if any: pages show the remaining time."""
    return tip.identity_grants.filter(user=user, until__gt=timezone.now()).order_by("-until").first()


def give_leave(
    tip: Tip, *, actor: Any, user: Any, reason: str, ends: datetime.datetime | None = None
) -> IdentityGrant:
    """Write the leave with its step and trace; whether it may be given was decided before.

    It lasts a quarter of an hour, and no longer than ``ends``.
    """
    now = timezone.now()
    until = min(now + GRANT_LASTS, ends) if ends else now + GRANT_LASTS
    with transaction.atomic():
        grant = IdentityGrant.objects.create(
            tip=tip, user=user, reason=reason, granted_by=actor, granted_at=now, until=until
        )
        facts = {"user": user.get_username(), "until": grant.until.isoformat()}
        action, kind = "tips.contact.revealed", EventKind.REVEALED
        if user != actor:
            action, kind = "tips.contact.granted", EventKind.GRANTED
        TipEvent.objects.create(tip=tip, kind=kind, actor=actor, at=now, note=reason, data=facts)
        record(actor, action, tip, unit_path=tip.handler.path, data=facts)
    return grant


def _leave_ends(tip: Tip, actor: Any) -> datetime.datetime | None:
    """When the leave others gave this person is over; None for who opens by their own right."""
    if tip.category not in RESTRICTED and permissions.can_decide(actor, tip):
        return None
    given = tip.identity_grants.filter(user=actor, until__gt=timezone.now()).exclude(granted_by=actor)
    return given.aggregate(ends=Max("until"))["ends"]


def _open(contact: Contact) -> tuple[str, str]:
    try:
        data = json.loads(unseal(contact.sealed))
    except NoPrivateKeyError:
        raise NotAllowedError(_("Máy chủ này không giữ khóa mở thông tin người báo.")) from None
    return data["name"], parse_phone(data["phone"]).display if data["phone"] else ""
