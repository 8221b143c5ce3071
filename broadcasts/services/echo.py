"""Zalo's own copy of what the account posted: the best proof that a message is in its group."""

from django.utils import timezone

from broadcasts.codes import CODE
from broadcasts.enums import CLAIMABLE, DeliveryState
from broadcasts.models import Delivery
from broadcasts.rendering import carries_code

# A late echo moves no final row. For a row that waits for another try it comes just in time.
SETTLED_BY_ECHO = (DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.BLOCKED, *CLAIMABLE)


def settle_by_echo(*, oa_id: str, zalo_group_id: str, text: str, message_id: str) -> bool:
    """Settle the delivery whose post ``text`` is; True when it was open until now.

    The post is recognised by the code on its last line. A message that is none of our posts changes nothing.
    """
    code = next((code for code in CODE.findall(text) if carries_code(text, code)), None)
    if code is None:
        return False
    now = timezone.now()
    row = Delivery.objects.filter(
        broadcast__code=code,
        group__zalo_group_id=zalo_group_id,
        account__oa_id=oa_id,
        state__in=SETTLED_BY_ECHO,
    )
    # The claim goes with it: the outcome that is still on its way must not overwrite what we know now.
    found = Delivery.objects.filter(pk__in=row.values("pk"), state__in=SETTLED_BY_ECHO).update(
        state=DeliveryState.SENT,
        message_id=message_id[:64],
        claim="",
        last_error="",
        last_error_code=None,
        unknown_at=None,
        settled_at=now,
        updated_at=now,
    )
    return found == 1
