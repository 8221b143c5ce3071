"""Rows by state, in one query over an index; never on the sending path."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from broadcasts.enums import DeliveryState
from broadcasts.models import Broadcast, Delivery
from groups import permissions

OUT = (DeliveryState.SENT, DeliveryState.POSTED)


def counts_of(broadcast_ids: Iterable[int], *, user: Any = None) -> dict[int, dict[str, int]]:
    """``{broadcast: {state: rows}}`` with every state present, for one broadcast or a page of them.

    With ``user``, only rows this person may see: of a post from elsewhere, those of their own groups.
    """
    found = {pk: dict.fromkeys(DeliveryState.values, 0) for pk in broadcast_ids}
    rows = _rows(list(found), user).order_by().values_list("broadcast_id", "state").annotate(rows=Count("pk"))
    for pk, state, number in rows:
        found[pk][state] = number
    return found


def sent_between(broadcast_ids: Iterable[int], *, user: Any = None) -> dict[int, tuple]:
    """``{broadcast: (first_sent_at, last_sent_at)}`` of the rows that reached their group."""
    rows = (
        _rows(list(broadcast_ids), user)
        .filter(state__in=OUT)
        .order_by()
        .values_list("broadcast_id")
        .annotate(first=Min("settled_at"), last=Max("settled_at"))
    )
    return {pk: (first, last) for pk, first, last in rows}


def limited_to(user: Any, broadcasts: Iterable[Broadcast]) -> Any:
    """The ``user`` to count for, or None when all are posts of their units, of which they see every row."""
    own = tuple(permissions.paths(user, *permissions.STAFF_ROLES))
    return None if all(broadcast.unit.path.startswith(own) for broadcast in broadcasts) else user


def _rows(broadcast_ids: list[int], user: Any) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(broadcast_id__in=broadcast_ids)
    return rows if user is None else rows.visible_to(user)
