"""Opening the contact of a sender: a right, a reason, a time limit and a trace, every time."""

import datetime
import json
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from portal.errors import WrongStateError
from portal.text import parse_phone
from tips import permissions, validators
from tips.enums import EventKind
from tips.models import Contact, IdentityGrant, Tip
from tips.services import leaves
from tips.services.changes import Step, check_version, require
from tips.validators import keyed

OPENED = Step(EventKind.REVEALED, "tips.contact.revealed")
GRANTED = Step(EventKind.GRANTED, "tips.contact.granted")


@dataclass(frozen=True)
class Revealed:
    """The contact, and until when it may be shown without asking again."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    until: datetime.datetime


def reveal_contact(tip: Tip, *, actor: Any, version: int, reason: str) -> Revealed:
    """Open the contact of a tip. The tip itself does not change, so its version stays.

    Chiefs and supervisors open it themselves; an officer, and everybody for a tip that is or was restricted,
    needs the leave of a second person (``grant_identity``). Raises NotAllowedError without
    the right or the private key, WrongStateError for an anonymous tip, ValidationError keyed ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_reveal(actor, tip))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    contact = Contact.objects.filter(tip=tip).first()
    if contact is None:
        raise WrongStateError(_("Tin này gửi ẩn danh, không có thông tin người báo."))
    name, phone = _open(contact)
    leave = leaves.give(tip.identity_grants, tip, actor=actor, user=actor, reason=why, step=OPENED)
    return Revealed(name, phone, leave.until)


def grant_identity(tip: Tip, *, actor: Any, version: int, user: Any, reason: str) -> IdentityGrant:
    """Give another officer leave to open the contact for a quarter of an hour; never oneself.

    Raises ValidationError keyed ``user`` or ``reason``.
    """
    check_version(tip, version)
    require(permissions.can_decide(actor, tip))
    why = keyed("reason", validators.clean_reveal_reason, reason)
    leaves.check_colleague(tip, actor=actor, user=user)
    return give_leave(tip, actor=actor, user=user, reason=why)


def give_leave(tip: Tip, *, actor: Any, user: Any, reason: str) -> IdentityGrant:
    """Let another person open the contact; whether they may was decided before."""
    return leaves.give(tip.identity_grants, tip, actor=actor, user=user, reason=reason, step=GRANTED)


def live_grant(tip: Tip, user: Any) -> IdentityGrant | None:
    """The leave this person is using now, if any: pages show the remaining time."""
    return tip.identity_grants.live_for(user).order_by("-until").first()


def _open(contact: Contact) -> tuple[str, str]:
    box = leaves.opened(contact.sealed, refusal=_("Máy chủ này không giữ khóa mở thông tin người báo."))
    data = json.loads(box)
    return data["name"], parse_phone(data["phone"]).display if data["phone"] else ""
