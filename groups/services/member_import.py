"""Loading members from a CSV file: checked as a whole, written in one transaction, safe to repeat.

A member is recognised within the group by the telephone number, or else by name and household. Nobody is
removed: who left gets a date in the admin.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groups.models import Group, Member
from groups.services.tables import Complaints, Counts, Row, parse_day, read_table
from portal.audit.services import record
from portal.text import PhoneError, parse_phone, search_key

REQUIRED = ("unit_code", "group", "display_name")
OPTIONAL = ("zalo_group_id", "role", "phone", "household", "joined_on", "consent_on")
COMPARED = ("display_name", "role", "household", "phone", "joined_on", "consent_on")
WRITTEN = (*COMPARED, "search_key", "sort_key")
BATCH = 500
Key = tuple[int, str, str]


def import_members(path: Path, *, by: Any = None) -> Counts:
    """Create and update the members of a file. Raises ``TableError`` and then changes nothing.

    Columns: ``unit_code`` and ``group`` (its name), or ``zalo_group_id``; ``display_name``, ``role`` (member,
    deputy, owner), ``phone`` (only with ``consent_on``), ``household``, ``joined_on``, ``consent_on``.
    """
    rows = read_table(path, required=REQUIRED, optional=OPTIONAL)
    with transaction.atomic():
        groups = _groups_of(rows)
        members = _checked(rows, groups)
        counts = _write(members)
        record(by, "groups.members.imported", data={"file": path.name, **counts.as_dict()})
    return counts


def _groups_of(rows: list[Row]) -> dict[int, Group]:
    """The group of each row, by line; complaints for rows whose group is unknown or not unique."""
    complaints, by_name, by_zalo = Complaints(), {}, {}
    for batch in _batches({row["unit_code"] for row in rows} - {""}):
        for group in Group.objects.filter(unit__code__in=batch).select_related("unit"):
            by_name[group.unit.code, group.name] = [group]
    for batch in _batches({row["zalo_group_id"] for row in rows} - {""}):
        for group in Group.objects.filter(zalo_group_id__in=batch):
            by_zalo.setdefault(group.zalo_group_id, []).append(group)
    found = {}
    for row in rows:
        by_id = by_zalo.get(row["zalo_group_id"], []) if row["zalo_group_id"] else None
        candidates = by_id if by_id is not None else by_name.get((row["unit_code"], row["group"]), [])
        if len(candidates) == 1:
            found[row.line] = candidates[0]
        elif candidates:
            complaints.add(row.line, _("mã nhóm Zalo này có ở nhiều tài khoản; hãy ghi đơn vị và tên nhóm."))
        else:
            name = row["zalo_group_id"] or row["group"] or "?"
            complaints.add(row.line, _("không có nhóm «%(name)s» ở đơn vị này.") % {"name": name[:60]})
    complaints.raise_if_any()
    return found


def _batches(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def _checked(rows: list[Row], groups: dict[int, Group]) -> list[Member]:
    complaints, members, seen = Complaints(), [], {}
    for row in rows:
        member = _read(row, groups[row.line], complaints)
        key = key_of(member)
        if not any(key[1:]):
            complaints.add(row.line, _("cần tên, điện thoại hoặc hộ để nhận ra người này."))
        elif key in seen:
            complaints.add(row.line, _("người này đã có ở dòng %(line)d.") % {"line": seen[key]})
        seen.setdefault(key, row.line)
        members.append(member)
    complaints.raise_if_any()
    return members


def _read(row: Row, group: Group, complaints: Complaints) -> Member:
    member = Member(group=group, display_name=row["display_name"], household=row["household"])
    member.role = row["role"].lower() or Member.Role.MEMBER
    if member.role not in Member.Role.values:
        roles = ", ".join(Member.Role.values)
        complaints.add(row.line, _("vai trò phải là một trong: %(roles)s.") % {"roles": roles})
    for column, longest in (("display_name", 120), ("household", 40)):
        if len(row[column]) > longest:
            data = {"column": column, "longest": longest}
            complaints.add(row.line, _("cột %(column)s dài quá %(longest)d ký tự.") % data)
    for column in ("joined_on", "consent_on"):
        try:
            setattr(member, column, parse_day(row[column]))
        except ValueError:
            complaints.add(row.line, _("cột %(column)s cần ngày dạng 21/11/2026.") % {"column": column})
    member.phone = _phone(row, complaints)
    if member.phone and not row["consent_on"]:
        complaints.add(row.line, _("ghi số điện thoại cần ngày người đó đồng ý (consent_on)."))
    member.fill_keys()
    return member


def _phone(row: Row, complaints: Complaints) -> str:
    if not row["phone"]:
        return ""
    try:
        phone = parse_phone(row["phone"])
    except PhoneError as error:
        complaints.add(row.line, f"phone: {error}")
        return ""
    if not phone.is_personal:
        complaints.add(row.line, _("cột phone không phải số điện thoại của một người."))
    return phone.e164


def key_of(member: Member) -> Key:
    """Who a member is within the portal: the number, or name and household."""
    if member.phone:
        return member.group_id, member.phone, ""
    return member.group_id, search_key(member.display_name), member.household


def _write(members: list[Member]) -> Counts:
    stored = {}
    for member in Member.objects.filter(group__in={member.group_id for member in members}).order_by("pk"):
        stored.setdefault(key_of(member), member)
        # A number that the file brings for the first time belongs to the person known by name.
        stored.setdefault((member.group_id, search_key(member.display_name), member.household), member)
    new, changed = [], []
    for member in members:
        by_name = (member.group_id, search_key(member.display_name), member.household)
        known = stored.get(key_of(member)) or (stored.get(by_name) if member.display_name else None)
        if known is None:
            new.append(member)
        elif any(getattr(known, name) != getattr(member, name) for name in COMPARED):
            member.pk, member.left_on = known.pk, known.left_on
            changed.append(member)
    Member.objects.bulk_create(new, batch_size=BATCH)
    Member.objects.bulk_update(changed, WRITTEN, batch_size=100)
    return Counts(len(new), len(changed), len(members) - len(new) - len(changed))
