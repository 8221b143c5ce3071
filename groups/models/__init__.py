"""Directory: units, who serves where, groups and the accounts that post to them."""

from groups.models.accounts import OfficialAccount
from groups.models.circle import CircleEnding, CircleMember
from groups.models.events import ZaloEvent
from groups.models.groups import (
    FoundGroup,
    Group,
    GroupSize,
    JoinLink,
    Member,
    Placement,
    Programme,
    Stewardship,
)
from groups.models.units import Commune, Holiday, Posting, Unit, UnitChange, Village

__all__ = [
    "CircleEnding",
    "CircleMember",
    "Commune",
    "FoundGroup",
    "Group",
    "GroupSize",
    "Holiday",
    "JoinLink",
    "Member",
    "OfficialAccount",
    "Placement",
    "Posting",
    "Programme",
    "Stewardship",
    "Unit",
    "UnitChange",
    "Village",
    "ZaloEvent",
]
