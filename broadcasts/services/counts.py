"""Rows by state, in one query over an index; never on the sending path."""

from collections.abc import Iterable

from django.db.models import Count, Max, Min

from broadcasts.enums import DeliveryState
from broadcasts.models import Delivery

OUT = (DeliveryState.SENT, DeliveryState.POSTED)


def counts_of(broadcast_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """``{broadcast: {state: rows}}`` with every state present, for one broadcast or a page of them."""
    found = {pk: dict.fromkeys(DeliveryState.values, 0) for pk in broadcast_ids}
    rows = (
        Delivery.objects.filter(broadcast_id__in=list(found))
        .order_by()
        .values_list("broadcast_id", "state")
        .annotate(rows=Count("pk"))
    )
    for pk, state, number in rows:
        found[pk][state] = number
    return found


def sent_between(broadcast_ids: Iterable[int]) -> dict[int, tuple]:
    """``{broadcast: (first_sent_at, last_sent_at)}`` of the rows that reached their group."""
    rows = (
        Delivery.objects.filter(broadcast_id__in=list(broadcast_ids), state__in=OUT)
        .order_by()
        .values_list("broadcast_id")
        .annotate(first=Min("settled_at"), last=Max("settled_at"))
    )
    return {pk: (first, last) for pk, first, last in rows}
