"""Reading the CSV files that offices send: any separator, BOM or not, and errors that name the line.

A file is judged as a whole before anything is written: ``TableError`` carries every complaint (up to
``MOST_COMPLAINTS``), each with its line, so that a clerk corrects the file once and not once per error.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from django.utils.translation import gettext as _

from portal.errors import PortalError
from portal.text import clean

MOST_COMPLAINTS = 50
LARGEST_FILE_BYTES = 200 * 1024 * 1024
_GROUPED_NUMBER = re.compile(r"\d{1,3}(?:[.\s]\d{3})+|\d+")


class TableError(PortalError):
    """The file cannot be imported; ``complaints`` are sentences, one for each mistake."""

    def __init__(self, complaints: Sequence[str]):
        self.complaints = list(complaints)
        super().__init__("\n".join(self.complaints))


@dataclass
class Complaints:
    """Collects mistakes; ``raise_if_any`` ends the import when there are some."""

    found: list[str] = field(default_factory=list)
    missed: int = 0

    def add(self, line: int, sentence: str) -> None:
        """One mistake on one line (counted as an editor counts, the header is line 1)."""
        if len(self.found) < MOST_COMPLAINTS:
            self.found.append(_("Dòng %(line)d: %(sentence)s") % {"line": line, "sentence": sentence})
        else:
            self.missed += 1

    def raise_if_any(self) -> None:
        """Raise ``TableError`` with everything collected so far."""
        if not self.found:
            return
        more = [_("… và %(count)d lỗi nữa.") % {"count": self.missed}] if self.missed else []
        raise TableError(self.found + more)


@dataclass(frozen=True, slots=True)
class Row:
    """One data line: cells by column name, cleaned."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_table(path: Path, *, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """The rows of a CSV file with a header. Columns may come in any order; blank lines do not count.

    Separators: comma, semicolon or TAB, whichever the header uses. Raises ``TableError``.
    """
    text = _decode(path)
    complaints = Complaints()
    lines = _split(text)
    header_line, header = next(lines, (1, []))
    _check_header(header, required, optional)
    rows = []
    for line, cells in lines:
        if len(cells) != len(header):
            counts = {"found": len(cells), "expected": len(header)}
            complaints.add(line, _("có %(found)d ô, cần %(expected)d ô.") % counts)
            continue
        rows.append(Row(line, {name: clean(cell) for name, cell in zip(header, cells, strict=True)}))
    complaints.raise_if_any()
    if not rows:
        raise TableError([_("Tệp chỉ có dòng tiêu đề, không có dữ liệu.")])
    return rows


def _decode(path: Path) -> str:
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= LARGEST_FILE_BYTES else b""
    except OSError:
        raise TableError([_("Không mở được tệp %(path)s.") % {"path": path}]) from None
    if size > LARGEST_FILE_BYTES:
        raise TableError([_("Tệp quá lớn.")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        sentence = _("chữ không phải UTF-8. Trong Excel, chọn Lưu thành, loại «CSV UTF-8».")
        raise TableError([_("Dòng %(line)d: %(sentence)s") % {"line": line, "sentence": sentence}]) from None
    if not text.strip():
        raise TableError([_("Tệp trống.")])
    return text


def _split(text: str) -> Iterator[tuple[int, list[str]]]:
    """Non-blank records with the line each starts on."""
    first = next(line for line in text.splitlines() if line.strip())
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise TableError([_("Dòng %(line)d: dấu ngoặc kép không khép.") % {"line": line}]) from None


def _check_header(header: list[str], required: Sequence[str], optional: Sequence[str]) -> None:
    header[:] = [clean(name).lower() for name in header]
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in required and name not in optional]
    complaints = []
    if missing:
        complaints.append(_("Thiếu cột: %(names)s.") % {"names": ", ".join(missing)})
    if unknown:
        complaints.append(_("Cột lạ: %(names)s.") % {"names": ", ".join(name or "?" for name in unknown)})
    if len(set(header)) != len(header):
        complaints.append(_("Có cột lặp lại."))
    if complaints:
        complaints.append(_("Dòng tiêu đề cần các cột: %(names)s.") % {"names": ", ".join(required)})
        raise TableError(complaints)


def parse_count(text: str) -> int | None:
    """A non-negative whole number, thousands grouped by dots or not; None for an empty cell.

    Raises ``ValueError`` for anything else, and for numbers no column can hold.
    """
    if not text:
        return None
    if not _GROUPED_NUMBER.fullmatch(text):
        raise ValueError(text)
    value = int(re.sub(r"[.\s]", "", text))
    if value > 2_000_000_000:
        raise ValueError(text)
    return value


def parse_day(text: str) -> date | None:
    """A day written 21/11/2026, 21-11-2026 or 2026-11-21; None for an empty cell. Raises ``ValueError``."""
    if not text:
        return None
    for form in ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(text)


@dataclass
class Counts:
    """What an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        return self.created + self.updated + self.unchanged

    def as_dict(self) -> dict[str, int]:
        return {"created": self.created, "updated": self.updated, "unchanged": self.unchanged}
