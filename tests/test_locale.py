"""The Vietnamese catalogues: compiled, naming strings that exist, keeping every placeholder."""

import ast
import gettext
import re
from datetime import timedelta
from pathlib import Path

import django
import django_filters
import pytest
import rest_framework
from django.utils import timezone, translation
from django.utils.timesince import timesince

FOLDER = Path(__file__).resolve().parent.parent / "locale/vi/LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|%[sd]|\{[^}]*\}")
WORD = re.compile(r'^(msgctxt|msgid|msgid_plural|msgstr|msgstr\[0\]) (".*")$')


def entries(domain: str) -> list[dict[str, str]]:
    """The entries of our catalogue's source."""
    return read(FOLDER / f"{domain}.po")


def read(path: Path) -> list[dict[str, str]]:
    """The entries of a source catalogue, its header left out."""
    found: list[dict[str, str]] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        entry: dict[str, str] = {}
        for line in block.splitlines():
            if match := WORD.match(line):
                name, text = match[1], match[2]
                entry[name] = ast.literal_eval(text)
            elif line.startswith('"'):
                entry[name] += ast.literal_eval(line)
        if entry.get("msgid"):
            found.append(entry)
    return found


def lookup(entry: dict[str, str]) -> tuple[str, bool]:
    """What a programme asks for: the string, and whether it asks by number."""
    return key(entry), "msgid_plural" in entry


def strings_of_packages(domain: str) -> set[tuple[str, bool]]:
    """Django ships its English sources; of the others a complete language tells what strings they have."""
    known = set()
    for path in Path(django.__file__).parent.rglob(f"locale/en/LC_MESSAGES/{domain}.po"):
        known |= {lookup(entry) for entry in read(path)}
    for package in (rest_framework, django_filters):
        for path in Path(package.__file__).parent.rglob(f"locale/de/LC_MESSAGES/{domain}.mo"):
            known |= {(k[0], True) if isinstance(k, tuple) else (k, False) for k in catalogue(path)}
    return known


def catalogue(path: Path) -> dict:
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)._catalog


def key(entry: dict[str, str]) -> str:
    context = entry.get("msgctxt")
    return f"{context}\x04{entry['msgid']}" if context else entry["msgid"]


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_catalogue_is_compiled_from_its_source(domain: str):
    compiled = catalogue(FOLDER / f"{domain}.mo")
    for entry in entries(domain):
        text = entry.get("msgstr", entry.get("msgstr[0]"))
        assert text in (compiled.get(key(entry)), compiled.get((key(entry), 0)))
    assert len({k[0] if isinstance(k, tuple) else k for k in compiled if k}) == len(entries(domain))


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_entries_name_strings_that_the_packages_have(domain: str):
    known = strings_of_packages(domain)
    assert [lookup(entry) for entry in entries(domain) if lookup(entry) not in known] == []


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_translations_invent_no_placeholder(domain: str):
    """A dropped one only loses a detail; an invented one is an error on somebody's screen."""
    for entry in entries(domain):
        sources = entry["msgid"] + entry.get("msgid_plural", "")
        texts = entry.get("msgstr", "") + entry.get("msgstr[0]", "")
        assert texts
        assert set(PLACEHOLDER.findall(texts)) <= set(PLACEHOLDER.findall(sources)), entry["msgid"]


def test_portal_wording_wins_over_djangos():
    with translation.override("vi"):
        assert translation.gettext("This field is required.") == "Xin điền mục này."
        assert translation.gettext("Password reset unsuccessful") == "Chưa đặt lại được mật khẩu"


def test_durations_are_in_vietnamese():
    start = timezone.now()
    with translation.override("vi"):
        assert timesince(start, start + timedelta(days=3, hours=2)) == "3\xa0ngày, 2\xa0giờ"
