"""Audiences: which groups a rule reaches, whether its author may reach them, and how long sending will take.

A rule is ``{"units": [code], "kinds": [..], "groups": [id], "exclude": [id]}``: the groups of the units (and
of everything below them), narrowed to the kinds when any are named, plus single groups, less the excluded.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from broadcasts import permissions
from broadcasts.engine.pace import usable_rate
from groups.enums import Channel, GroupKind
from groups.models import Group, Unit
from groups.permissions import STAFF_ROLES, WRITING_ROLES, open_postings, paths, paths_q
from groups.services.groups import recipients_for

KEYS = ("units", "kinds", "groups", "exclude")


@dataclass(frozen=True)
class Reach:
    """What a rule reaches now. ``minutes`` is how long the slowest account needs for its share."""

    groups: int
    members: int
    assisted: int
    minutes: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def clean_rule(rule: Any) -> dict[str, list]:
    """The rule with all four keys and plain values. Raises ``ValidationError`` on ``audience``."""
    if not isinstance(rule, dict) or not set(rule) <= set(KEYS):
        raise _refusal(_("Đối tượng nhận cần có: đơn vị, loại nhóm, nhóm, hoặc nhóm loại trừ."))
    cleaned = {key: rule.get(key) or [] for key in KEYS}
    if not all(isinstance(value, list) for value in cleaned.values()):
        raise _refusal(_("Đối tượng nhận cần là danh sách."))
    cleaned["units"] = _distinct(map(str, cleaned["units"]))
    cleaned["kinds"] = _distinct(map(str, cleaned["kinds"]))
    if not set(cleaned["kinds"]) <= set(GroupKind.values):
        raise _refusal(_("Có loại nhóm không đúng."))
    for key in ("groups", "exclude"):
        try:
            cleaned[key] = _distinct(int(value) for value in cleaned[key])
            if any(not 0 < value <= BigIntegerField.MAX_BIGINT for value in cleaned[key]):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise _refusal(_("Mã nhóm cần là số.")) from None
    return cleaned


def recipients(rule: dict[str, list], *, under: Unit) -> QuerySet[Group]:
    """Active groups of the rule that lie under ``under``, the unit in whose name is sent."""
    return recipients_for(rule).under(under)


def check_audience(rule: dict[str, list], *, author: Any) -> Unit:
    """The unit in whose name ``author`` writes to this audience.

    It is the lowest of the author's units that covers everything. Raises ``ValidationError`` on ``audience``
    when a unit or group is not theirs to reach (or does not exist: the answer is the same), when no single
    unit of theirs covers all, or when no group would receive anything.
    """
    units = list(Unit.objects.filter(permissions.reach_q(author, "path"), code__in=rule["units"]))
    groups = list(
        Group.objects.filter(permissions.reach_q(author), pk__in=rule["groups"]).select_related("unit")
    )
    if len(units) != len(rule["units"]) or len(groups) != len(rule["groups"]):
        raise _refusal(_("Có đơn vị hoặc nhóm không thuộc địa bàn của anh/chị."))
    paths = [unit.path for unit in units] + [group.unit.path for group in groups]
    unit = _covering_unit(author, paths)
    if unit is None:
        raise _refusal(_("Các nhóm chọn không cùng thuộc một đơn vị của anh/chị. Xin soạn riêng từng nơi."))
    if not recipients(rule, under=unit).exists():
        raise _refusal(_("Không có nhóm nào đang hoạt động trong đối tượng nhận."))
    return unit


def reach_of(rule: dict[str, list], *, under: Unit, user: Any = None) -> Reach:
    """Groups, members, how many need a person to post, and minutes for the automatic ones.

    With ``user``, only of groups this person may see.
    """
    groups = recipients(rule, under=under).order_by()
    if user is not None:
        groups = groups.filter(paths_q(paths(user, *STAFF_ROLES), "unit__path"))
    totals = groups.aggregate(
        groups=Count("pk"),
        members=Sum("members_count"),
        assisted=Count("pk", filter=Q(channel=Channel.ASSISTED)),
    )
    shares = (
        groups.exclude(channel=Channel.ASSISTED)
        .values_list("official_account__rate_per_minute")
        .annotate(share=Count("pk"))
        .values_list("official_account_id", "official_account__rate_per_minute", "share")
    )
    minutes = max((math.ceil(share / usable_rate(rate)) for _account, rate, share in shares), default=0)
    return Reach(totals["groups"], totals["members"] or 0, totals["assisted"], minutes)


def _covering_unit(author: Any, paths: list[str]) -> Unit | None:
    if not paths:
        return None
    units = {posting.unit for posting in open_postings(author) if posting.role in WRITING_ROLES}
    covering = [unit for unit in units if all(path.startswith(unit.path) for path in paths)]
    return max(covering, key=lambda unit: len(unit.path), default=None)


def _distinct(values: Any) -> list:
    return list(dict.fromkeys(values))


def _refusal(message: str) -> ValidationError:
    return ValidationError({"audience": message})
