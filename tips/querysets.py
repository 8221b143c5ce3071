"""Adjectives of tips: open, overdue, visible to a user, in the order of the queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Case, Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from groups import permissions
from groups.enums import Level
from groups.models import Unit
from portal.keyset import Order
from tips.enums import OPEN, RESTRICTED, Priority

# Without a deadline comes after all that have one.
NO_DEADLINE = datetime(9999, 1, 1, tzinfo=UTC)
DANGER_FIRST = Case(When(priority=Priority.P0, then=0), default=1, output_field=IntegerField())
DUE = Coalesce("deadline", Value(NO_DEADLINE), output_field=models.DateTimeField())
# What is in danger, then by deadline: the order of the queue, and of its index.
BY_DEADLINE = Order(DANGER_FIRST, DUE, "id")
NEWEST_FIRST = Order("id", descending=True)
# Sealed columns beside the text of a tip.
BESIDE_THE_TEXT = ("place", "coordinates", "public_reason", "valuable_reason")
WORDS = ("text", *BESIDE_THE_TEXT)


class TipQuerySet(models.QuerySet):
    """Tips."""

    def closed_to(self, user, *, under: Unit) -> "TipQuerySet":
        """Restricted tips of the user's units that only the circle opens: shown as being there, no more."""
        outside = [u.pk for u in handling_units(user) if not u.is_in_circle and u.path.startswith(under.path)]
        return self.filter(handler__in=outside, category__in=RESTRICTED) if outside else self.none()

    def open(self) -> "TipQuerySet":
        """Not ended; a transferred tip is open at the unit it went to."""
        return self.filter(status__among=OPEN)

    def without_words(self) -> "TipQuerySet":
        """Without the columns that hold what people wrote: each would be decrypted for nothing."""
        return self.defer(*WORDS)

    def with_text_alone(self) -> "TipQuerySet":
        """Of what people wrote only what the sender told: all that a list shows."""
        return self.defer(*BESIDE_THE_TEXT)

    def overdue(self, now=None) -> "TipQuerySet":
        """Open past their deadline."""
        return self.open().filter(deadline__lt=now or timezone.now())

    def visible_to(self, user, *, under: Unit | None = None) -> "TipQuerySet":
        """Tips handled under the user's postings; restricted categories for the named circle only.

        Where no circle is named, it is who inherits it (``permissions.heirs``). Everything that lists, counts
        or finds a tip for a user starts here. ``under`` leaves only what is handled at or below that unit.

        The units are named one by one: a database that knows how many tips each has does not guess, and
        finds the right index for a commune as for a province.
        """
        handling = handling_units(user)
        if under is not None:
            handling = [unit for unit in handling if unit.path.startswith(under.path)]
        in_circle = [unit.pk for unit in handling if unit.is_in_circle]
        rows = self.filter(handler__in=[unit.pk for unit in handling]).exclude(pk__in=naming(user))
        if len(in_circle) == len(handling):
            return rows
        return rows.filter(~Q(category__in=RESTRICTED) | Q(handler__in=in_circle))


def words_of(relation: str) -> list[str]:
    """The sealed columns of a tip read along with another row: to be deferred where nobody shows them."""
    return [f"{relation}__{name}" for name in WORDS]


def naming(user) -> models.QuerySet:
    """Ids of the complaints about this person, who must not know of them: a subquery, no query of its own."""
    # The models of this app import this module.
    return apps.get_model("tips", "NamedOfficer").objects.filter(user=user.pk).values("tip")


def entries_naming(user) -> Q:
    """Audit entries about complaints that name this person."""
    ids = naming(user).annotate(key=Cast("tip_id", models.CharField())).values("key")
    return Q(target_type="tips.tip", target_id__in=ids)


@dataclass(frozen=True)
class HandlingUnit:
    """A unit whose tips a person works with, and whether its restricted ones are among them."""

    pk: int
    path: str
    is_in_circle: bool


def handling_units(user) -> list[HandlingUnit]:
    """Units whose tips the user works with; read once per user object (so once per request)."""
    postings = permissions.open_postings(user)
    cached = getattr(user, "_handling_units", None)
    if cached is None or cached[0] is not postings:
        cached = user._handling_units = (postings, _read_units(user, postings))
    return cached[1]


def _read_units(user, postings: list) -> list[HandlingUnit]:
    """The units below the user's postings, read together with those above them: whose circle fell to whom."""
    working = [p for p in postings if p.role in permissions.TIP_ROLES]
    own = {p.unit.path for p in working}
    named = [p.unit.path for p in working if p.restricted_circle]
    leading = {p.unit.path for p in working if p.role in permissions.DECIDING_ROLES}
    above = {path for top in own for path in permissions.chain(top)}
    units = Unit.objects.filter(permissions.paths_q(own, "path") | Q(path__in=above))
    units = units.exclude(level=Level.VILLAGE).annotate(has_circle=Exists(_circle_of_unit())).order_by()
    fields = ("pk", "path", "has_circle", "had_circle", "emptied")
    rows = list(permissions.with_circle_past(units, user).values_list(*fields))
    had = {path for _pk, path, _has, had_circle, _emptied in rows if had_circle}
    emptied = [path for _pk, path, _has, _had, is_emptied in rows if is_emptied]

    def inherits(path: str) -> bool:
        return not _is_below(path, emptied) and not leading.isdisjoint(permissions.inheriting(path, had))

    return [
        # Nobody is named there or above: the circle is with who leads, or above who emptied it.
        HandlingUnit(pk, path, _is_below(path, named) or (not has_circle and inherits(path)))
        for pk, path, has_circle, *_past in rows
        if _is_below(path, own)
    ]


def _circle_of_unit() -> models.QuerySet:
    """People named for restricted tips at the unit outside, or above it."""
    path = ExpressionWrapper(OuterRef("path"), output_field=models.CharField())
    postings = permissions.restricted_circle().annotate(handled_at=path)
    return postings.filter(handled_at__startswith=F("unit__path"))


def _is_below(path: str, tops: Iterable[str]) -> bool:
    return any(path.startswith(top) for top in tops)


class TipTermQuerySet(models.QuerySet):
    """Digests of words."""

    def add(self, tip: Any, terms: Sequence[int]) -> None:
        """Write the terms that the tip does not have yet."""
        with connection.cursor() as cursor:
            for statement, params in self.statements(str(int(tip.pk)), terms):
                cursor.execute(f"{statement} ON CONFLICT DO NOTHING", params)

    def statements(self, key: str, terms: Sequence[int]) -> list[tuple[str, list[str]]]:
        """The INSERT of the terms of a tip that has none yet, if any; ``key`` is SQL of the tip's key.

        Some forty terms come with every tip: as model instances, or as parameters, they would cost more than
        the tip itself. All of them are one text; none may stand in it twice.
        """
        if not terms:
            return []
        numbers = ",".join(map(str, terms))
        if connection.vendor == "postgresql":
            rows, text = "unnest(%s::bigint[]) AS words (term)", f"{{{numbers}}}"
        else:
            rows, text = "(SELECT value AS term FROM json_each(%s)) AS words", f"[{numbers}]"
        table = connection.ops.quote_name(self.model._meta.db_table)
        # Without a WHERE SQLite would take an ON CONFLICT for that of a join.
        return [(f"INSERT INTO {table} (tip_id, term) SELECT {key}, term FROM {rows} WHERE true", [text])]
