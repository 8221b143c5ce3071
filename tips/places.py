"""Communes a sender can choose from, and the villages of one: reads for the form and the search step."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from groups.models import Group, Posting, Unit, UnitChange
from portal.memory import Memory
from portal.text import search_key, words
from tips.validators import plain_code

# Up to this many communes fit into one select; beyond it a search step comes first.
SELECT_LIMIT = 30
RESULTS_LIMIT = 20
# Read before the best are chosen: the database sorts by name, not by how well a name fits.
CANDIDATES_LIMIT = 200
# For the form only: what is sent is checked by ``tips.validators``.
_names = Memory(size=2000)


@dataclass(frozen=True)
class Found:
    """A commune that a search found; ``former_name`` says under which old name, when it was one."""

    unit: Unit
    former_name: str = ""


def open_communes() -> QuerySet[Unit]:
    """Communes in force that take tips; units for training are not among them."""
    return Unit.objects.communes().current().filter(is_practice=False)


def communes_to_choose() -> list[Unit]:
    """The communes of a select, or an empty list when there are too many for one.

    Those that have groups or people posted; on an installation without any, all communes in force.
    """
    return list(_names.get("communes", _communes_to_choose))


def _communes_to_choose() -> list[Unit]:
    served = open_communes().filter(
        Exists(Group.objects.filter(unit=OuterRef("pk")))
        | Exists(Group.objects.filter(unit__parent=OuterRef("pk")))
        | Exists(Posting.objects.open().filter(unit=OuterRef("pk")))
    )
    chosen = list(served[: SELECT_LIMIT + 1]) or list(open_communes()[: SELECT_LIMIT + 1])
    return chosen if len(chosen) <= SELECT_LIMIT else []


def find_commune(code: str) -> Unit | None:
    """The commune in force with this code, or None."""
    code = plain_code(code)
    return _names.get(("commune", code), lambda: open_communes().filter(code=code).first()) if code else None


def villages_of(commune: Unit) -> list[Unit]:
    """Villages in force of one commune, in Vietnamese order."""

    def read() -> list[Unit]:
        return list(Unit.objects.villages().current().filter(parent=commune))

    return list(_names.get(("villages", commune.pk), read))


def search_communes(text: str) -> list[Found]:
    """Communes whose name, with its province or district if typed, holds every word; diacritics ignored.

    Old names find their successors: after the mergers of 2025 many people only know those.
    """
    terms = words(text)
    if not terms:
        return []
    found = {
        unit.pk: Found(unit)
        for unit in _matching(open_communes(), terms).select_related("parent__parent")[:CANDIDATES_LIMIT]
    }
    gone = _matching(Unit.objects.communes().filter(valid_to__lte=timezone.localdate()), terms)
    changes = UnitChange.objects.filter(before__in=gone[:RESULTS_LIMIT])
    for change in changes.distinct().prefetch_related("before", "after__parent__parent")[:RESULTS_LIMIT]:
        former = ", ".join(unit.full_name for unit in change.before.all())
        for unit in change.after.all():
            if unit.valid_to is None:
                found.setdefault(unit.pk, Found(unit, former))
    ranked = sorted(((_rank(hit, terms), hit) for hit in found.values()), key=lambda pair: pair[0])
    # Where a name holds every word, names that need their province's to do so are noise.
    whole = [hit for rank, hit in ranked if rank.has_all]
    return (whole or [hit for _rank, hit in ranked])[:RESULTS_LIMIT]


def _matching(units: QuerySet[Unit], terms: list[str]) -> QuerySet[Unit]:
    own_word = Q()
    for term in terms:
        units = units.filter(
            Q(search_key__contains=term)
            | Q(parent__search_key__contains=term)
            | Q(parent__parent__search_key__contains=term)
        )
        own_word |= Q(search_key__contains=term)
    return units.filter(own_word)


class Rank(NamedTuple):
    """How well a name fits; False sorts first."""

    is_other_name: bool
    is_scattered: bool
    needs_more: bool
    sort_key: str

    @property
    def has_all(self) -> bool:
        return not self.needs_more


def _rank(hit: Found, terms: list[str]) -> Rank:
    """The very name first, then the words in a row, then all of them somewhere, then with the province's."""
    phrase, name = " ".join(terms), " ".join(words(hit.unit.name))
    key = f" {hit.unit.search_key} "
    return Rank(
        is_other_name=phrase not in (name, f"{search_key(hit.unit.kind)} {name}"),
        is_scattered=f" {phrase} " not in key,
        needs_more=not hit.former_name and not all(f" {term} " in key for term in terms),
        sort_key=hit.unit.sort_key,
    )
