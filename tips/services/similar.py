"""Tips that may tell of the same matter: a hint for officers, found without decrypting anything.

Compared are the keyed digests of words, and only those of tips that came to the same handler shortly before
and after. A word that many of them share says little, a rare one much. No sender ever learns of it, an
officer only of tips they may see anyway, and restricted categories take no part.
"""

import math
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count

from tips.enums import RESTRICTED, Category, TipStatus
from tips.models import Tip, TipTerm
from tips.querysets import TipQuerySet
from tips.services.reading import visible_tips

# Rows looked at on each side: enough for two weeks of a large commune, and bounded for all others.
NEIGHBOURS = 150
NEAR = timedelta(days=14)
SHOWN = 5
# Alike is what reaches this sum of: the weight of shared words, the same category, the same village.
ALIKE = 1 / 3
SAME_CATEGORY = 0.1
SAME_VILLAGE = 0.1
# How much more a rare word says than a common one; tried on the texts of the demonstration.
RARITY = 1.5


class Neighbour(NamedTuple):
    """What is known of a tip without opening it."""

    pk: int
    category: str
    unit_id: int
    village_id: int | None
    received_at: Any
    outcome: str
    is_valuable: bool


def similar_tips(user: Any, tip: Tip) -> list[Tip]:
    """Up to five tips that may belong to the same matter, the likeliest first. A fixed number of queries."""
    rows = Tip.objects.visible_to(user)
    if tip.case_id is not None:
        rows = rows.exclude(case=tip.case_id)
    best = [neighbour.pk for neighbour in alike(tip, rows)[:SHOWN]]
    found = visible_tips(user).with_text_alone().in_bulk(best) if best else {}
    return [found[pk] for pk in best if pk in found]


def alike(tip: Tip, rows: TipQuerySet) -> list[Neighbour]:
    """Those of ``rows`` that say much of what the tip says, the likeliest first."""
    if tip.category in RESTRICTED:
        return []
    neighbours = _neighbours(tip, rows)
    if not neighbours:
        return []
    shares = _shares(tip, [neighbour.pk for neighbour in neighbours])
    scores = {neighbour: _score(tip, neighbour, shares.get(neighbour.pk, 0.0)) for neighbour in neighbours}
    return sorted((row for row in scores if scores[row] >= ALIKE), key=scores.get, reverse=True)


def _neighbours(tip: Tip, rows: TipQuerySet) -> list[Neighbour]:
    rows = rows.filter(handler=tip.handler_id, erased_at=None)
    rows = rows.exclude(category__in=RESTRICTED).exclude(status=TipStatus.SPAM)
    # Complaints about officers are never joined with other tips.
    is_complaint = tip.category == Category.CAN_BO
    rows = rows.filter(category=Category.CAN_BO) if is_complaint else rows.exclude(category=Category.CAN_BO)
    fields = rows.values_list(*Neighbour._fields)
    before = fields.filter(pk__lt=tip.pk).order_by("-pk")[:NEIGHBOURS]
    after = fields.filter(pk__gt=tip.pk).order_by("pk")[:NEIGHBOURS]
    near = [Neighbour(*row) for row in (*before, *after)]
    return [row for row in near if abs(row.received_at - tip.received_at) <= NEAR]


def _shares(tip: Tip, others: list[int]) -> dict[int, float]:
    """How much of the shorter of two tips stands in the other too, from 0 to 1; rare words count more."""
    own = set(TipTerm.objects.filter(tip=tip).values_list("term", flat=True))
    if not own:
        return {}
    lengths = TipTerm.objects.filter(tip__in=others).values_list("tip").annotate(terms=Count("term"))
    rows = TipTerm.objects.filter(tip__in=others, term__in=TipTerm.objects.filter(tip=tip).values("term"))
    shared = list(rows.values_list("tip_id", "term"))
    # Each word stands in the tip itself, too.
    times = Counter(term for _tip, term in shared)
    weights = {term: math.log((len(others) + 2) / (times[term] + 1)) ** RARITY for term in own}
    average = sum(weights.values()) / len(own) or 1.0
    said: Counter[int] = Counter()
    for other, term in shared:
        said[other] += weights[term]
    return {other: said[other] / (average * min(len(own), length)) for other, length in lengths}


def _score(tip: Tip, other: Neighbour, share: float) -> float:
    if not share:
        return 0.0
    score = share + SAME_CATEGORY * (other.category == tip.category)
    return score + SAME_VILLAGE * (tip.village_id is not None and other.village_id == tip.village_id)
