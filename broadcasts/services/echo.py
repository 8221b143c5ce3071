"""Zalo's own copy of what the account posted: the best proof that a message is in its group."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from broadcasts.codes import CODE
from broadcasts.enums import CLAIMABLE, DeliveryState
from broadcasts.models import Delivery
from broadcasts.rendering import carries_code
from broadcasts.services.correcting import correct_late
from broadcasts.services.settle import settle_row
from portal.errors import WrongStateError

# A late echo moves no final row but one that was skipped. For a row that waits for another try it comes just
# in time.
SETTLED_BY_ECHO = (DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.BLOCKED, *CLAIMABLE)


def settle_by_echo(*, oa_id: str, zalo_group_id: str, text: str, message_id: str) -> bool:
    """Settle the delivery whose post ``text`` is; True when it was open until now.

    The post is recognised by the code on its last line. A message that is none of our posts changes nothing.
    """
    code = next((code for code in CODE.findall(text) if carries_code(text, code)), None)
    if code is None:
        return False
    now = timezone.now()
    ours = Delivery.objects.filter(
        broadcast__code=code, group__zalo_group_id=zalo_group_id, account__oa_id=oa_id
    )
    row = ours.filter(state__in=SETTLED_BY_ECHO)
    # The claim goes with it: the outcome that is still on its way must not overwrite what we know now.
    sent = {
        "state": DeliveryState.SENT,
        "message_id": message_id[:64],
        "claim": "",
        "last_error": "",
        "last_error_code": None,
        "unknown_at": None,
        "settled_at": now,
        "updated_at": now,
    }
    found = Delivery.objects.filter(pk__in=row.values("pk"), state__in=SETTLED_BY_ECHO).update(**sent)
    if found == 1:
        return True
    skipped = ours.filter(state=DeliveryState.SKIPPED)
    for delivery in skipped.select_related("broadcast", "group__unit"):
        _settle_skipped(delivery, sent, now)
    return False


def _settle_skipped(delivery: Delivery, sent: dict[str, Any], now: datetime) -> None:
    """Somebody gave the row up, or its post was withdrawn; it is in the group all the same."""
    with transaction.atomic(), suppress(WrongStateError):
        fields = {name: value for name, value in sent.items() if name not in ("state", "updated_at")}
        settle_row(
            delivery,
            sources=[DeliveryState.SKIPPED],
            to=DeliveryState.SENT,
            actor=None,
            action="broadcasts.delivery.found",
            settled_by=None,
            reason="",
            **fields,
        )
        correct_late(delivery.broadcast_id, now=now)
