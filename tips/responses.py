"""How many tips answer a broadcast, told to the app of broadcasts, which knows nothing of tips."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Min

from broadcasts.responses import Responses
from tips.models import Tip


def responses_to(user: Any, broadcast_ids: Iterable[int]) -> dict[int, Responses]:
    """Tips that name each broadcast, among those ``user`` may see; a restricted tip counts for its circle."""
    rows = (
        Tip.objects.visible_to(user)
        .filter(broadcast_id__in=list(broadcast_ids))
        .order_by()
        .values_list("broadcast_id")
        .annotate(tips=Count("pk"), first=Min("received_at"))
    )
    return {broadcast_id: Responses(tips, first) for broadcast_id, tips, first in rows}
