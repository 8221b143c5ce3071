"""Finding tips by their words: digests are compared, never text; case and diacritics do not count."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.crypto.digests import term_digests
from portal.text import words
from tips.models import TipTerm
from tips.querysets import TipQuerySet
from tips.services.additions import TERMS_PURPOSE

# Words found in no more tips than this are looked up first and what they match is sorted; a database left to
# guess would rather walk a million tips in order, and meet few of them.
MATCHED_FIRST = 2000


def search(tips: TipQuerySet, text: str, *, public_id: str = "") -> TipQuerySet:
    """Those of ``tips`` with every whole word of ``text``, and the one with the number ``public_id``."""
    by_id = Q(public_id=public_id) if public_id else Q(pk__in=[])
    terms = sorted(term_digests(TERMS_PURPOSE, words(text)))
    if not terms:
        return tips.filter(by_id)
    matched = list(_matching(terms)[: MATCHED_FIRST + 1])
    if len(matched) <= MATCHED_FIRST:
        return tips.filter(by_id | Q(pk__in=matched))
    # Common words: walking the list in its own order soon finds a page of them.
    for term in terms:
        tips = tips.filter(Exists(TipTerm.objects.filter(term=term, tip=OuterRef("pk"))))
    return tips


def _matching(terms: list[int]) -> QuerySet:
    """Ids of tips, of all units, that have every one of ``terms``."""
    first, *others = terms
    found = TipTerm.objects.filter(term=first)
    for term in others:
        found = found.filter(Exists(TipTerm.objects.filter(term=term, tip=OuterRef("tip"))))
    return found.values_list("tip", flat=True)
