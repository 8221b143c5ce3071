"""After an older database was put back: what it does not know must not be sent blindly.

Between the copy and the failure posts went out of which the copy knows nothing. So every row that could have
been sent since is in doubt, and is settled as any doubt is: its group is read once sending is resumed. What
had not been started stays with a person: nobody can say from here whether it was.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcasts.enums import CLAIMABLE, BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery
from broadcasts.services.transitions import move


def doubt_rows(*, since: datetime, now: datetime) -> int:
    """Every open row of an account becomes ``unknown``; returns how many.

    ``since`` is when the copy was made: groups are read back to there.
    """
    may_be_sent = (*CLAIMABLE, DeliveryState.SENDING, DeliveryState.BLOCKED)
    known = Q(state=DeliveryState.UNKNOWN, claimed_at__lt=since)
    doubt = {
        "unknown_at": now,
        "next_attempt_at": now,
        "reads": 0,
        "clean_since": None,
        "claim": "",
        "last_error": _("Vừa khôi phục từ bản sao lưu: chưa rõ tin đã vào nhóm hay chưa."),
        "updated_at": now,
    }
    with transaction.atomic():
        rows = Delivery.objects.filter(account__isnull=False)
        older = rows.filter(known).update(**doubt)
        newer = rows.filter(Q(state__in=may_be_sent) | Q(state=DeliveryState.UNKNOWN, claimed_at=None))
        return older + newer.update(state=DeliveryState.UNKNOWN, claimed_at=since, **doubt)


def hold_started(*, now: datetime) -> int:
    """Pause every broadcast whose hour has come, repeated ones too; returns how many need a look."""
    due = Broadcast.objects.filter(
        Q(state=BroadcastState.APPROVED, due_at__lte=now) | Q(state=BroadcastState.EXPANDING)
    ).select_related("unit")
    for broadcast in due:
        move(
            broadcast,
            sources=[broadcast.state],
            to=BroadcastState.PAUSED,
            actor=None,
            action="broadcasts.broadcast.paused",
            paused_from=BroadcastState.APPROVED,
            reason=_("Vừa khôi phục từ bản sao lưu: xem trong nhóm đã có bài này chưa rồi mới cho gửi tiếp."),
        )
    return len(due)
