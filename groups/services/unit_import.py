"""Loading units from a CSV file: checked as a whole, written in one transaction, safe to repeat."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from groups.enums import Level
from groups.models import Unit
from groups.models.units import full_name_of
from groups.services.tables import Complaints, Counts, Row, parse_count, read_table
from portal.audit.services import record

NATIONAL_LIST = Path(__file__).resolve().parent.parent / "data" / "units.csv"
REQUIRED = ("code", "name", "kind", "level", "parent_code")
OPTIONAL = ("households", "population")
PLAIN = ("kind", "name", "full_name", "path", "households", "population", "search_key", "sort_key")
WRITTEN = (*PLAIN, "parent")
COMPARED = (*PLAIN, "parent_id")
BATCH = 500
LONGEST_PATH = Unit._meta.get_field("path").max_length

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,23}")
_RANK = {level: rank for rank, level in enumerate(Level.values)}
# Decision 19/2025/QĐ-TTg. A shorter number has lost its leading zero, usually in a spreadsheet.
_DIGITS = {Level.PROVINCE: 2, Level.COMMUNE: 5}


@dataclass(slots=True)
class Entry:
    """One checked line."""

    line: int
    code: str
    name: str
    kind: str
    level: str
    parent_code: str
    households: int | None
    population: int | None

    @property
    def full_name(self) -> str:
        return full_name_of(self.kind, self.name)


def import_units(path: Path = NATIONAL_LIST, *, by: Any = None) -> Counts:
    """Create and update units so that the database says what the file says; nothing is deleted.

    Empty ``households`` and ``population`` keep the numbers already stored. Raises ``TableError`` and
    changes nothing when any line is wrong.
    """
    entries = _checked(read_table(path, required=REQUIRED, optional=OPTIONAL))
    with transaction.atomic():
        stored = _stored_units(entries)
        _check_parents(entries, stored)
        counts = _write(entries, stored)
        record(by, "groups.unit.imported", data={"file": path.name, **counts.as_dict()})
    return counts


def _checked(rows: Iterable[Row]) -> list[Entry]:
    complaints, entries, seen = Complaints(), [], {}
    for row in rows:
        entry = _read(row, complaints)
        if entry.code in seen:
            data = {"code": entry.code, "line": seen[entry.code]}
            complaints.add(row.line, _("mã %(code)s đã có ở dòng %(line)d.") % data)
        seen.setdefault(entry.code, row.line)
        entries.append(entry)
    complaints.raise_if_any()
    return entries


def _read(row: Row, complaints: Complaints) -> Entry:
    code, level = row["code"], row["level"].lower()
    digits = _DIGITS.get(level)
    if not _CODE.fullmatch(code):
        complaints.add(row.line, _("mã đơn vị «%(code)s» trống hoặc có ký tự lạ.") % {"code": code[:30]})
    elif code.isdecimal() and digits and len(code) != digits:
        data = {"code": code, "digits": digits}
        sentence = _("mã %(code)s phải đủ %(digits)d chữ số (bảng tính hay làm mất số 0 ở đầu).")
        complaints.add(row.line, sentence % data)
    if level not in Level.values:
        data = {"level": row["level"][:30], "levels": ", ".join(Level.values)}
        complaints.add(row.line, _("cấp «%(level)s» không có; dùng một trong: %(levels)s.") % data)
    for column, longest in (("name", 120), ("kind", 40)):
        if not row[column] or len(row[column]) > longest:
            data = {"column": column, "longest": longest}
            complaints.add(row.line, _("cột %(column)s trống hoặc dài quá %(longest)d ký tự.") % data)
    numbers = {}
    for column in OPTIONAL:
        try:
            numbers[column] = parse_count(row[column])
        except ValueError:
            complaints.add(row.line, _("cột %(column)s phải là số nguyên không âm.") % {"column": column})
    return Entry(
        row.line,
        code,
        row["name"],
        row["kind"].lower(),
        level,
        row["parent_code"],
        numbers.get("households"),
        numbers.get("population"),
    )


def _stored_units(entries: list[Entry]) -> dict[str, Unit]:
    """Units of the database that the file names, as themselves or as parents, by code; locked."""
    codes = sorted({entry.code for entry in entries} | {entry.parent_code for entry in entries} - {""})
    stored = {}
    for start in range(0, len(codes), BATCH):
        batch = Unit.objects.select_for_update().filter(code__in=codes[start : start + BATCH])
        stored.update({unit.code: unit for unit in batch.order_by("pk")})
    return stored


def _check_parents(entries: list[Entry], stored: dict[str, Unit]) -> None:
    """Each unit lies below one of a higher level; a known unit keeps its level."""
    complaints = Complaints()
    levels = {code: unit.level for code, unit in stored.items()}
    for entry in entries:
        if levels.get(entry.code, entry.level) != entry.level:
            data = {"code": entry.code, "level": Level(levels[entry.code]).label}
            complaints.add(entry.line, _("mã %(code)s đang là cấp «%(level)s», không đổi được.") % data)
    complaints.raise_if_any()
    levels |= {entry.code: entry.level for entry in entries}
    for entry in entries:
        if not entry.parent_code:
            if entry.level != Level.PROVINCE:
                complaints.add(entry.line, _("thiếu mã đơn vị cấp trên."))
        elif entry.parent_code not in levels:
            data = {"parent": entry.parent_code[:30]}
            complaints.add(entry.line, _("mã đơn vị cấp trên «%(parent)s» không có.") % data)
        elif _RANK[levels[entry.parent_code]] >= _RANK[entry.level]:
            data = {"parent": entry.parent_code, "code": entry.code}
            complaints.add(entry.line, _("đơn vị %(parent)s không ở cấp cao hơn %(code)s.") % data)
    complaints.raise_if_any()


def _write(entries: list[Entry], stored: dict[str, Unit]) -> Counts:
    """Level by level from the top, so that every parent has its key and path."""
    counts = Counts()
    for level in Level.values:
        _write_level([entry for entry in entries if entry.level == level], stored, counts)
    return counts


def _write_level(entries: list[Entry], stored: dict[str, Unit], counts: Counts) -> None:
    complaints, created, changed, moved = Complaints(), [], [], []
    for entry in entries:
        unit = stored.get(entry.code) or Unit(code=entry.code, level=entry.level)
        before = {name: getattr(unit, name) for name in COMPARED}
        _fill(unit, entry, stored)
        if len(unit.path) > LONGEST_PATH:
            complaints.add(entry.line, _("chuỗi mã từ cấp trên xuống quá dài."))
        if unit.pk is None:
            created.append(unit)
        elif any(getattr(unit, name) != value for name, value in before.items()):
            changed.append(unit)
            moved.append((before["path"], unit.path))
    complaints.raise_if_any()
    Unit.objects.bulk_create(created, batch_size=BATCH)
    _move_descendants(moved)
    Unit.objects.bulk_update(changed, WRITTEN, batch_size=100)
    stored.update({unit.code: unit for unit in created})
    counts.created += len(created)
    counts.updated += len(changed)
    counts.unchanged += len(entries) - len(created) - len(changed)


def _fill(unit: Unit, entry: Entry, stored: dict[str, Unit]) -> None:
    unit.name, unit.kind, unit.full_name = entry.name, entry.kind, entry.full_name
    unit.parent = stored[entry.parent_code] if entry.parent_code else None
    unit.households = entry.households if entry.households is not None else unit.households
    unit.population = entry.population if entry.population is not None else unit.population
    unit.fill_keys()


def _move_descendants(moved: list[tuple[str, str]]) -> None:
    """Units below one that got another parent follow it, whether the file names them or not."""
    for old_path, new_path in moved:
        if old_path == new_path:
            continue
        below = Unit.objects.filter(path__startswith=old_path).exclude(path=old_path)
        below.update(path=Concat(Value(new_path), Substr("path", len(old_path) + 1)))
