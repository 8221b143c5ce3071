"""Who may do what where: everything follows from a user's open postings. Deny by default.

A posting ties a user, a unit and a role. A user's *paths* for some roles are the paths of the units of those
postings; an object is in reach when its unit's path starts with one of them. There is no superuser bypass.
"""

from collections import defaultdict
from collections.abc import Container, Iterable
from itertools import takewhile

from django.apps import apps
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils import timezone

from groups.enums import Role

STAFF_ROLES = (
    Role.OFFICER,
    Role.BEAT_OFFICER,
    Role.CHIEF,
    Role.SUPERVISOR,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)
WRITING_ROLES = (Role.OFFICER, Role.BEAT_OFFICER, Role.CHIEF, Role.SUPERVISOR)
DECIDING_ROLES = (Role.CHIEF, Role.SUPERVISOR)
DIRECTORY_ROLES = (Role.CHIEF, Role.SUPERVISOR, Role.ADMINISTRATOR)
TIP_ROLES = (Role.OFFICER, Role.BEAT_OFFICER, Role.CHIEF, Role.SUPERVISOR)


# Roles that work in the Django admin.
ADMIN_ROLES = (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)

_DIRECTORY = ("unit", "commune", "village", "unitchange", "programme", "group", "member")
_AROUND_GROUPS = ("groupsize", "stewardship", "joinlink", "placement")


def _names(actions: str, *models: str, app: str = "groups") -> set[str]:
    """``_names("view add", "unit")`` is ``{"groups.view_unit", "groups.add_unit"}``."""
    return {f"{app}.{action}_{model}" for action in actions.split() for model in models}


# Model permissions by role: what ``PostingBackend`` tells the admin. Apps above add theirs with ``grant``.
MODEL_PERMISSIONS: dict[str, set[str]] = defaultdict(set)
MODEL_PERMISSIONS[Role.SUPERVISOR] |= (
    _names("view", *_DIRECTORY, *_AROUND_GROUPS, "posting", "officialaccount", "holiday")
    | _names("add change", "unit", "commune", "village", "programme", "group", "member", *_AROUND_GROUPS)
    | _names("delete", "member", "placement")
)
MODEL_PERMISSIONS[Role.ADMINISTRATOR] |= (
    _names("view add change", *_DIRECTORY, *_AROUND_GROUPS, "posting", "officialaccount", "holiday")
    | _names("delete", "member", "placement", "holiday")
    | _names("view add change", "user", app="accounts")
)
for _role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
    MODEL_PERMISSIONS[_role] |= _names("view", "zaloevent") | _names("view change", "foundgroup")
MODEL_PERMISSIONS[Role.ADMINISTRATOR] |= _names("retry", "zaloevent")
MODEL_PERMISSIONS[Role.AUDITOR] |= _names(
    "view", *_DIRECTORY, *_AROUND_GROUPS, "posting", "officialaccount", "foundgroup", "holiday"
) | _names("view", "auditentry", app="audit")


def grant(role: str, *names: str) -> None:
    """Let holders of ``role`` do more in the admin; call it in ``AppConfig.ready``.

    ``names`` are Django's permission names: ``grant(Role.SUPERVISOR, "tips.view_tip", "tips.change_tip")``.
    """
    MODEL_PERMISSIONS[role] |= set(names)


def roles_with(*names: str) -> tuple[str, ...]:
    """Roles that carry at least one of the model permissions ``names``."""
    return tuple(role for role, granted in MODEL_PERMISSIONS.items() if granted.intersection(names))


def model_permissions(user) -> set[str]:
    """Model permissions of the user's open postings, all units together; once per user object."""
    postings = open_postings(user)
    cached = getattr(user, "_model_permissions", None)
    if cached is None or cached[0] is not postings:
        names = {name for posting in postings for name in MODEL_PERMISSIONS.get(posting.role, ())}
        cached = user._model_permissions = (postings, names)
    return cached[1]


def paths_with(user, *names: str) -> list[str]:
    """Paths of the units where one of the user's roles carries one of the model permissions ``names``."""
    roles = roles_with(*names)
    return paths(user, *roles) if roles else []


def open_postings(user) -> list:
    """The user's postings in force today, read once per user object (so once per request)."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return []
    day = timezone.localdate()
    cached = getattr(user, "_open_postings", None)
    if cached is None or cached[0] != day:
        postings = list(user.postings.open(day).select_related("unit"))
        cached = user._open_postings = (day, postings)
    return cached[1]


def paths(user, *roles: str) -> list[str]:
    """Paths of the units where the user holds one of ``roles`` (any role when none is named)."""
    return sorted({p.unit.path for p in open_postings(user) if not roles or p.role in roles})


def paths_q(paths: Iterable[str], field: str) -> Q:
    """A filter for rows whose ``field`` lies at or below one of ``paths``; matches nothing without paths."""
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(**{f"{field}__startswith": path})
    return condition


def holds(user, unit, *roles: str) -> bool:
    """Whether the user holds one of ``roles`` at ``unit`` or above it."""
    return any(unit.path.startswith(path) for path in paths(user, *roles))


def has_role(user, *roles: str) -> bool:
    """Whether the user holds one of ``roles`` anywhere."""
    return any(posting.role in roles for posting in open_postings(user))


def can_manage_directory(user, unit) -> bool:
    """Chiefs and above keep the groups of their units."""
    return holds(user, unit, *DIRECTORY_ROLES)


def can_count(user, group) -> bool:
    """Who keeps the directory, and the group's steward while they serve there, write down its size."""
    stewarded = group.stewardships.filter(user=user, ends_on=None)
    return can_manage_directory(user, group.unit) or (
        holds(user, group.unit, *WRITING_ROLES) and stewarded.exists()
    )


def is_in_restricted_circle(user, path: str) -> bool:
    """Named people who may open child-abuse and domestic-violence tips handled at ``path``.

    Where nobody is named at ``path`` or above it, its ``heirs`` are: no such tip may lie unread.
    """
    above = [p for p in open_postings(user) if p.role in TIP_ROLES and path.startswith(p.unit.path)]
    if any(posting.restricted_circle for posting in above):
        return True
    leads = any(posting.role in DECIDING_ROLES for posting in above)
    return leads and not has_restricted_circle(path) and heirs(path).filter(user=user).exists()


def restricted_circle():
    """Open postings of the people named for restricted tips, whatever their unit."""
    # The models of this app import this module.
    postings = apps.get_model("groups", "Posting").objects.open()
    return postings.filter(role__in=TIP_ROLES, restricted_circle=True, user__is_active=True)


def has_restricted_circle(path: str) -> bool:
    """Whether somebody is named for restricted tips at ``path`` or above it."""
    return restricted_circle().filter(unit__path__in=chain(path)).exists()


def chain(path: str) -> list[str]:
    """The paths from the top down to ``path``, both included."""
    codes = path.rstrip("/").split("/")
    return ["/".join(codes[: end + 1]) + "/" for end in range(len(codes))]


def heirs(path: str):
    """Open postings of those who are the circle of ``path`` while nobody is named there or above it.

    Who leads there, as long as there never was a circle; after one, who leads above it. Never who took its
    last member out: nobody may open tips to themselves by ending a circle.
    """
    units = apps.get_model("groups", "Unit").objects.filter(path__in=chain(path))
    had = {unit.path for unit in with_circle_past(units, None) if unit.had_circle}
    endings = apps.get_model("groups", "CircleEnding").objects.filter(
        unit__path__in=chain(path), ended_at__isnull=False
    )
    postings = apps.get_model("groups", "Posting").objects.open()
    return (
        postings.filter(role__in=DECIDING_ROLES, unit__path__in=inheriting(path, had), user__is_active=True)
        .exclude(user__in=endings.values("asked_by"))
        .exclude(user__in=endings.values("ended_by"))
    )


def inheriting(path: str, had: Container[str]) -> list[str]:
    """The units whose leaders inherit the circle of ``path``: above the highest of ``had`` on its chain.

    The top unit inherits from itself, there being none above it.
    """
    above = chain(path)
    return list(takewhile(lambda top: top not in had, above)) or above[:1]


def with_circle_past(units, user):
    """Units with ``had_circle``, there ever was one, and ``emptied``, ``user`` took out its last member."""
    model = apps.get_model
    flagged = model("groups", "Posting").objects.filter(role__in=TIP_ROLES, restricted_circle=True)
    named = model("groups", "CircleMember").objects.filter(
        posting__unit=OuterRef("pk"), valid_from__isnull=False
    )
    endings = model("groups", "CircleEnding").objects.filter(unit=OuterRef("pk"), ended_at__isnull=False)
    mine = endings.filter(Q(asked_by=user) | Q(ended_by=user)) if user else endings.none()
    had = Exists(flagged.filter(unit=OuterRef("pk"))) | Exists(named) | Exists(endings)
    return units.annotate(
        had_circle=ExpressionWrapper(had, output_field=BooleanField()), emptied=Exists(mine)
    )
