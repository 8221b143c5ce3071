"""What the nightly look at Zalo changes in the directory: names, links, sizes, states, slots.

Nothing is deleted: a group that Zalo no longer has is flagged, and comes back by itself when Zalo has it
again. What an officer closed stays closed. Applied twice, the same answers change nothing; each change is one
audit entry, except the daily sizes, whose dated series is the trace.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from groups.enums import Channel, GroupState
from groups.models import FoundGroup, Group, GroupSize, OfficialAccount
from groups.services.groups import MOST_MEMBERS, is_zalo_link
from groups.services.zalo_news import BY_ZALO
from groups.zalo.records import GroupInfo
from portal.audit.services import record

# What a sync counts, for the person who reads how it went.
COUNTED = ("groups", "changed", "vanished", "found", "unread")


@dataclass(slots=True)
class Seen:
    """What Zalo said of one account's groups, by their ids.

    ``listed``: the list, whole only when ``is_whole``. ``asked``: groups asked for by id, whatever it gave;
    ``read``: those that answered, with their slots; ``disabled``: those of which Zalo said no more than that;
    ``gone``: those that are neither in a whole list nor known by their id.
    """

    listed: dict[str, GroupInfo] = field(default_factory=dict)
    read: dict[str, GroupInfo] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    is_whole: bool = False


def apply(account: OfficialAccount, seen: Seen, *, by: Any = None) -> dict[str, int]:
    """Bring the directory in step with what was seen; ``by`` is who asked for it, None for the nightly job.

    Returns the numbers of ``COUNTED``.
    """
    now = timezone.now()
    with transaction.atomic():
        groups = list(_groups_of(account))
        changed = sum(_follow(group, seen, by=by, now=now) for group in groups)
        _store_sizes(groups, seen)
        known = {group.zalo_group_id for group in groups}
        _list_unknown(account, seen, known=_known_ids(account) | known)
        counts = {
            "groups": len(groups),
            "changed": changed,
            "vanished": len(seen.gone),
            "found": account.found_groups.count(),
            "unread": len(seen.asked - seen.read.keys() - seen.disabled - seen.gone),
        }
        OfficialAccount.objects.filter(pk=account.pk).update(
            synced_at=now if seen.is_whole else account.synced_at, sync_error="", sync_counts=counts
        )
    return counts


def _groups_of(account: OfficialAccount) -> Any:
    """The account's groups, locked: an event or an officer may change them at the same moment."""
    counted = GroupSize.objects.filter(group=OuterRef("pk"), source=GroupSize.Source.COUNTED)
    return (
        Group.objects.select_for_update(of=("self",))
        .select_related("unit")
        .filter(official_account=account, channel=Channel.GMF)
        .annotate(counted_households=Subquery(counted.order_by("-day").values("households")[:1]))
        .order_by("pk")
    )


def _known_ids(account: OfficialAccount) -> set[str]:
    return set(account.groups.exclude(zalo_group_id="").values_list("zalo_group_id", flat=True))


def _follow(group: Group, seen: Seen, *, by: Any, now: datetime) -> bool:
    """Write what differs of one group; True when that was news."""
    whole = seen.read.get(group.zalo_group_id)
    info = whole or seen.listed.get(group.zalo_group_id)
    values = _facts(info) if info else {}
    if whole:
        values |= _slot(whole)
    if group.zalo_group_id in seen.asked:
        values["zalo_read_at"] = now
    values |= _state(group, info, seen)
    before = {name: getattr(group, name) for name in values}
    different = {name: value for name, value in values.items() if value != before[name]}
    if not different:
        return False
    Group.objects.filter(pk=group.pk).update(**different)
    news = [name for name in different if _is_news(group, name, before[name], different[name])]
    if not news:
        return False
    data: dict[str, Any] = {"fields": [name for name in news if name != "state"]}
    if "state" in news:
        data["state"] = [before["state"], different["state"]]
    data = {name: value for name, value in data.items() if value}
    record(by, "groups.group.changed", group, unit_path=group.unit.path, data=data)
    return True


def _facts(info: GroupInfo) -> dict[str, Any]:
    facts = {"zalo_name": info.name[:120]} if info.name else {}
    if is_zalo_link(info.join_url):
        facts["join_url"] = info.join_url
    return facts


def _slot(whole: GroupInfo) -> dict[str, Any]:
    return {
        "asset_valid_through": whole.asset_valid_through,
        "asset_renews": whole.asset_renews_itself,
        "dissolves_on": whole.dissolves_on,
    }


def _state(group: Group, info: GroupInfo | None, seen: Seen) -> dict[str, str]:
    """The state Zalo gives the group; nothing for one that we closed, or that Zalo said nothing about."""
    if group.state not in BY_ZALO:
        return {}
    if group.zalo_group_id in seen.disabled:
        return {"state": GroupState.DISABLED}
    if info is not None and info.status:
        return {"state": GroupState.ACTIVE if info.is_enabled else GroupState.DISABLED}
    return {"state": GroupState.VANISHED} if group.zalo_group_id in seen.gone else {}


def _is_news(group: Group, name: str, before: Any, after: Any) -> bool:
    """Whether a difference deserves an audit entry: not what is read for the first time and fits."""
    if name in ("zalo_read_at", "asset_renews"):
        return False
    if name == "zalo_name":
        return after != group.name
    return name == "state" or before not in (None, "")


def _store_sizes(groups: list[Group], seen: Seen) -> None:
    """Today's number of members as Zalo shows it; what somebody counted by hand today stays.

    Households are nothing Zalo knows: the last count by hand goes on, at most one for each member.
    """
    today = timezone.localdate()
    rows = {row.group_id: row for row in GroupSize.objects.filter(group__in=groups, day=today)}
    for group in groups:
        info, row = seen.listed.get(group.zalo_group_id), rows.get(group.pk)
        if info is None or info.members is None or (row and row.source == GroupSize.Source.COUNTED):
            continue
        members = min(info.members, MOST_MEMBERS)
        households = group.households_count if group.counted_households is None else group.counted_households
        numbers = {"members": members, "households": min(households, members)}
        if row and {name: getattr(row, name) for name in numbers} == numbers:
            continue
        source = {"source": GroupSize.Source.ZALO}
        GroupSize.objects.update_or_create(group=group, day=today, defaults=numbers | source)
        latest = {f"{name}_count": number for name, number in numbers.items()}
        Group.objects.filter(pk=group.pk).update(**latest)


def _list_unknown(account: OfficialAccount, seen: Seen, *, known: set[str]) -> None:
    """Keep the list of groups that wait to be taken into the directory."""
    unknown = {group_id: info for group_id, info in seen.listed.items() if group_id not in known}
    sized, unsized = [], []
    for group_id, info in unknown.items():
        if len(group_id) <= 40:
            (unsized if info.members is None else sized).append(_found(account, group_id, info))
    about = ["name", "join_url"]
    for rows, fields in ((sized, [*about, "members"]), (unsized, about)):
        FoundGroup.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["account", "zalo_group_id"], update_fields=fields
        )
    waiting = FoundGroup.objects.filter(account=account)
    waiting.filter(zalo_group_id__in=known).delete()
    if seen.is_whole:
        waiting.exclude(zalo_group_id__in=unknown).delete()


def _found(account: OfficialAccount, group_id: str, info: GroupInfo) -> FoundGroup:
    return FoundGroup(
        account=account,
        zalo_group_id=group_id,
        name=info.name[:120] or group_id,
        members=min(info.members or 0, MOST_MEMBERS),
        join_url=info.join_url if is_zalo_link(info.join_url) else "",
    )
