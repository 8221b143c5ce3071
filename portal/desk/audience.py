"""The tree of units and groups a person chooses an audience from: two queries, whatever its size."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from groups.enums import GroupKind, Level
from groups.models import Group, Unit

# More groups than this are no list to tick on a phone; units and kinds still are.
GROUPS_LISTED = 300


@dataclass
class Branch:
    """A unit with the number of active groups at or below it."""

    unit: Unit
    groups: int
    children: list["Branch"] = field(default_factory=list)


@dataclass(frozen=True)
class Tree:
    """What can be ticked below ``root``."""

    root: Unit
    branches: list[Branch]
    groups: list[Group]
    total: int
    kinds: list[tuple[str, str, int]]

    @property
    def unit_choices(self) -> list[tuple[str, str]]:
        nested = [branch for top in self.branches for branch in (top, *top.children)]
        return [(b.unit.code, b.unit.full_name) for b in (Branch(self.root, self.total), *nested)]

    @property
    def group_choices(self) -> list[tuple[str, str]]:
        return [(str(group.pk), group.name) for group in self.groups]


def tree_of(root: Unit) -> Tree:
    """The tree below ``root``; units without any active group are left out: nobody would receive anything."""
    groups = list(
        Group.objects.active().under(root).select_related("unit").defer("unit__address").order_by("sort_key")
    )
    counted: Counter[str] = Counter()
    for group in groups:
        codes = group.unit.path.rstrip("/").split("/")
        counted.update(codes)
    # Below a province the villages would be thousands of boxes.
    levels = [Level.DISTRICT, Level.COMMUNE] + ([Level.VILLAGE] if root.level != Level.PROVINCE else [])
    units = Unit.objects.under(root).current().filter(level__in=levels, code__in=counted).exclude(pk=root.pk)
    below: dict[int, list[Branch]] = defaultdict(list)
    for unit in units.order_by("sort_key", "pk"):
        below[unit.parent_id].append(Branch(unit, counted[unit.code]))
    tops = below.get(root.pk, [])
    for top in tops:
        top.children = below.get(top.unit.pk, [])
    kinds = Counter(group.kind for group in groups)
    return Tree(
        root=root,
        branches=tops,
        groups=groups if len(groups) <= GROUPS_LISTED else [],
        total=len(groups),
        kinds=[(kind.value, kind.label, kinds[kind.value]) for kind in GroupKind if kinds[kind.value]],
    )
