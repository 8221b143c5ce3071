"""The numbers in the desk's menu: what waits for this person.

They are counted from the tables of tips, posts and rows to post, which takes about as long as all the rest
of the frame of a page. So each person's are kept for some seconds; whatever that person sends from the desk
drops them, and the page that comes back shows what became of it. Acts in the admin or by the API show like
those of others: with the next count.
"""

from collections import Counter
from typing import Any

from django.core.cache import cache
from django.db.models import CharField, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.permissions import SAFE_METHODS

from broadcasts.enums import BroadcastState
from broadcasts.models import Delivery
from groups.models import Posting
from portal.desk import posting, scope

# A badge says "99+": nobody counts further, and no page reads more rows than that for it.
MOST_COUNTED = 100
# How late a badge may say what others did.
KEPT_SECONDS = 15


def shown(request: HttpRequest) -> dict[str, str]:
    """What waits for this person, by menu entry, at most ``KEPT_SECONDS`` old."""
    if request.method not in SAFE_METHODS:
        return nav_counts(request)
    return cache.get_or_set(_key(request, request.desk.posting), lambda: nav_counts(request), KEPT_SECONDS)


def forget(request: HttpRequest) -> None:
    """Count again for the next page, under whichever posting: the person did something."""
    cache.delete_many([_key(request, one) for one in request.desk.postings])


def _key(request: HttpRequest, under: Posting) -> str:
    return f"desk:badges:{request.user.pk}:{under.pk}"


def nav_counts(request: HttpRequest) -> dict[str, str]:
    """Posts to put into groups, tips, drafts and posts of others that wait now."""
    user, desk = request.user, request.desk
    if desk.is_administrator:
        return {}
    to_post = {"today": posting.some_of_queue(user, MOST_COUNTED)}
    if desk.is_deciding:
        to_post["unposted"] = posting.unposted(user, desk.unit)
    counts = capped_each(to_post)
    if desk.is_relay:
        return counts
    counts["tips"] = capped(scope.tips(request).filter(scope.needs_attention(timezone.now())))
    if desk.is_deciding:
        waiting = scope.own_broadcasts(request).filter(state=BroadcastState.SUBMITTED)
        counts["posts"] = capped(waiting.exclude(author=user))
    return counts


def capped(rows: QuerySet[Any]) -> str:
    """A count that stops: "12", "99+", or nothing at all for none."""
    return _badge(len(rows.order_by().values_list("pk")[:MOST_COUNTED]))


def capped_each(lists: dict[str, QuerySet[Delivery]]) -> dict[str, str]:
    """``capped`` for several lists of deliveries, in one query."""
    first, *others = (
        Delivery.objects.filter(pk__in=rows.order_by().values("pk")[:MOST_COUNTED])
        .order_by()
        .values_list(Value(name, CharField()))
        for name, rows in lists.items()
    )
    found = Counter(name for (name,) in first.union(*others, all=True))
    return {name: _badge(found[name]) for name in lists}


def _badge(found: int) -> str:
    if not found:
        return ""
    return str(found) if found < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
