"""Loading groups from a CSV file: checked as a whole, written in one transaction, safe to repeat.

A group is recognised by its account and Zalo id, or by its unit and name. The file's columns win over what
is stored; an empty ``steward`` leaves the present one, every other empty cell empties the field.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groups.models import Group, JoinLink, OfficialAccount, Posting, Stewardship, Unit
from groups.services.groups import STEWARD_ROLES, field_errors, new_codes
from groups.services.tables import Complaints, Counts, Row, read_table
from portal.audit.services import record

REQUIRED = ("unit_code", "kind", "name", "channel")
OPTIONAL = ("oa_id", "zalo_group_id", "join_url", "steward")
WRITTEN = ("unit", "kind", "channel", "name", "official_account", "zalo_group_id", "join_url")
COMPARED = ("unit_id", "kind", "channel", "name", "official_account_id", "zalo_group_id", "join_url")
KEYS = ("search_key", "sort_key")
BATCH = 500


@dataclass
class Directory:
    """What the rows refer to, read once."""

    units: dict[str, Unit]
    accounts: dict[str, OfficialAccount]
    users: dict[str, Any]
    # Paths at which a user may be steward.
    reach: dict[int, list[str]]
    by_name: dict[tuple[int, str], Group] = field(default_factory=dict)
    by_zalo: dict[tuple[int, str], Group] = field(default_factory=dict)


def import_groups(path: Path, *, by: Any = None) -> Counts:
    """Create and update the groups of a file; others stay. Raises ``TableError`` and then changes nothing."""
    rows = read_table(path, required=REQUIRED, optional=OPTIONAL)
    with transaction.atomic():
        directory = _read_directory(rows)
        planned = _planned(rows, directory)
        counts = _write([group for group, _steward in planned])
        _hand_over(planned)
        record(by, "groups.group.imported", data={"file": path.name, **counts.as_dict()})
    return counts


def _read_directory(rows: list[Row]) -> Directory:
    units = _by(Unit.objects, "code", (row["unit_code"] for row in rows))
    users = _by(get_user_model().objects.filter(is_active=True), "username", (row["steward"] for row in rows))
    accounts = OfficialAccount.objects.select_related("unit")
    directory = Directory(units, _by(accounts, "oa_id", (row["oa_id"] for row in rows)), users, {})
    postings = Posting.objects.open().filter(role__in=STEWARD_ROLES, user__in=users.values())
    for user_id, path in postings.values_list("user", "unit__path"):
        directory.reach.setdefault(user_id, []).append(path)
    known = Group.objects.select_for_update(of=("self",)).select_related("unit", "official_account__unit")
    for group in known.filter(unit__in=units.values()):
        directory.by_name[group.unit_id, group.name] = group
    for group in known.filter(official_account__in=directory.accounts.values()).exclude(zalo_group_id=""):
        same = directory.by_name.get((group.unit_id, group.name), group)
        directory.by_zalo[group.official_account_id, group.zalo_group_id] = same
    return directory


def _by(queryset, name: str, values: Iterable[str]) -> dict[str, Any]:
    """Rows of ``queryset`` whose field ``name`` is one of ``values``, by that field."""
    wanted, found = sorted(set(values) - {""}), {}
    for start in range(0, len(wanted), BATCH):
        batch = queryset.filter(**{f"{name}__in": wanted[start : start + BATCH]})
        found.update({getattr(row, name): row for row in batch})
    return found


def _planned(rows: list[Row], directory: Directory) -> list[tuple[Group, Any]]:
    """The groups as they shall be, with the steward to be; complaints for every line that cannot be."""
    complaints, planned, seen = Complaints(), [], {}
    for row in rows:
        group, steward = _plan(row, directory, complaints)
        if group is None:
            continue
        for key in _identities(group):
            if seen.setdefault(key, row.line) != row.line:
                data = {"line": seen[key]}
                complaints.add(row.line, _("nhóm này đã có ở dòng %(line)d.") % data)
                break
        planned.append((group, steward))
    complaints.raise_if_any()
    return planned


def _identities(group: Group) -> list[tuple]:
    names = [("name", group.unit_id, group.name)]
    if group.official_account_id and group.zalo_group_id:
        names.append(("zalo", group.official_account_id, group.zalo_group_id))
    return names


def _plan(row: Row, directory: Directory, complaints: Complaints) -> tuple[Group | None, Any]:
    unit, account = directory.units.get(row["unit_code"]), directory.accounts.get(row["oa_id"])
    steward = directory.users.get(row["steward"])
    if unit is None:
        complaints.add(row.line, _("không có đơn vị mã «%(code)s».") % {"code": row["unit_code"][:30]})
        return None, None
    if row["oa_id"] and account is None:
        complaints.add(row.line, _("chưa kết nối tài khoản OA «%(oa)s».") % {"oa": row["oa_id"][:40]})
        return None, None
    if row["steward"] and (steward is None or not _may_answer(steward, unit, directory)):
        sentence = _("«%(name)s» không phải cán bộ đang công tác ở địa bàn này.")
        complaints.add(row.line, sentence % {"name": row["steward"][:40]})
    group = _known(unit, account, row, directory, complaints)
    group.unit, group.official_account = unit, account
    group.kind, group.channel = row["kind"].lower(), row["channel"].lower()
    group.name, group.zalo_group_id, group.join_url = row["name"], row["zalo_group_id"], row["join_url"]
    for column, sentence in field_errors(group).items():
        complaints.add(row.line, f"{column}: {sentence}")
    return group, steward


def _may_answer(user: Any, unit: Unit, directory: Directory) -> bool:
    return any(unit.path.startswith(path) for path in directory.reach.get(user.pk, ()))


def _known(
    unit: Unit, account: OfficialAccount | None, row: Row, directory: Directory, complaints: Complaints
) -> Group:
    """The stored group of a row, or a new one."""
    named = directory.by_name.get((unit.pk, row["name"]))
    known = directory.by_zalo.get((account.pk, row["zalo_group_id"])) if account else None
    if known and named and known.pk != named.pk:
        complaints.add(row.line, _("tên nhóm và mã nhóm Zalo thuộc hai nhóm khác nhau."))
    group = known or named
    if group is None:
        return Group()
    # A copy of what is stored stays beside it, to tell whether anything changed.
    group.stored = [getattr(group, name) for name in COMPARED]
    return group


def _write(groups: list[Group]) -> Counts:
    new = [group for group in groups if group.pk is None]
    known = [group for group in groups if group.pk is not None]
    changed = [group for group in known if group.stored != [getattr(group, name) for name in COMPARED]]
    for group in (*new, *changed):
        group.fill_keys()
    Group.objects.bulk_update(changed, [*WRITTEN, *KEYS], batch_size=100)
    Group.objects.bulk_create(new, batch_size=BATCH)
    links = [JoinLink(group=group, code=code) for group, code in zip(new, _codes(len(new)), strict=True)]
    JoinLink.objects.bulk_create(links, batch_size=BATCH)
    return Counts(len(new), len(changed), len(known) - len(changed))


def _codes(count: int) -> Iterable[str]:
    for start in range(0, count, BATCH):
        yield from new_codes(min(BATCH, count - start))


def _hand_over(planned: list[tuple[Group, Any]]) -> None:
    """Open stewardships for the people the file names, closing those of others."""
    today = timezone.localdate()
    wanted = {group.pk: user for group, user in planned if user is not None}
    present = Stewardship.objects.filter(group__in=wanted, ends_on=None)
    same = {row.group_id for row in present if row.user_id == wanted[row.group_id].pk}
    present.exclude(group__in=same).update(ends_on=today)
    rows = [
        Stewardship(group_id=pk, user=user, starts_on=today) for pk, user in wanted.items() if pk not in same
    ]
    Stewardship.objects.bulk_create(rows, batch_size=BATCH)
