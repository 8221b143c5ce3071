"""Promises of the visual language that a browser would only show much later."""

import gzip
import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from broadcasts.enums import BroadcastState, DeliveryState, NoticeState
from tips.enums import Category, Priority, TipStatus

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted(path for path in ROOT.glob("templates/**/*.html"))
STYLES = ROOT / "static/css"
PUBLIC_SHEETS = ["tokens.css", "base.css", "components.css", "public.css"]
# Half a kilobyte under what would no longer fit the first round trip of a new connection (10 packets).
PUBLIC_STYLE_BUDGET = 14_000

INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
FOREIGN = re.compile(r"(?:src|href|action)=[\"'](?:https?:)?//", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_carries_nothing_the_content_policy_forbids(path):
    text = path.read_text(encoding="utf-8")

    assert not INLINE.search(text)
    assert not FOREIGN.search(text)


def test_public_styles_together_stay_within_their_budget():
    size = sum(len(gzip.compress((STYLES / name).read_bytes())) for name in PUBLIC_SHEETS)

    assert size < PUBLIC_STYLE_BUDGET


def test_styles_fetch_nothing_from_outside_and_only_files_that_exist():
    for sheet in STYLES.glob("*.css"):
        for address in re.findall(r"url\(\"?([^\")]+)\"?\)", sheet.read_text(encoding="utf-8")):
            assert (sheet.parent / address).resolve().is_file(), f"{sheet.name}: {address}"


@pytest.mark.parametrize("category", Category.values)
def test_every_tip_category_has_a_pictogram(category):
    assert "<svg" in render_to_string(f"icons/cat/{category}.svg")


@pytest.mark.parametrize(
    "state", sorted({*BroadcastState.values, *DeliveryState.values, *NoticeState.values, *TipStatus.values})
)
def test_state_badge_shows_a_mark_and_the_word(state):
    badge = render_to_string("components/state.html", {"state": state, "label": "Chữ"})

    assert f"badge--{state}" in badge
    assert "<svg" in badge
    assert "Chữ" in badge


@pytest.mark.parametrize("priority", Priority)
def test_priority_badge_names_the_priority(priority):
    by_number = render_to_string("components/priority.html", {"priority": priority.value})
    by_name = render_to_string("components/priority.html", {"priority": priority.name})

    assert by_number == by_name
    assert f"badge--{priority.name.lower()}" in by_number
    assert f"</svg>{priority.name}</span>" in by_number


def test_progress_bar_gets_plain_digits_and_the_reader_vietnamese_ones():
    bar = render_to_string("components/progress.html", {"value": 1234, "total": 2475})

    assert 'value="1234" max="2475"' in bar
    assert "1.234 trên 2.475" in bar


# A number that a machine reads: a key, a version, a size. "12.345" is none.
MACHINE_NUMBER = re.compile(
    r"=\"[^\"<>]*\{\{ *[\w.]*\.(?:pk|version|width|height)(?P<filters>(?:\|[^}]*)?)\}\}"
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_numbers_for_machines_have_no_thousand_separators(path):
    text = re.sub(
        r"\{% localize off %\}.*?\{% endlocalize %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    found = MACHINE_NUMBER.finditer(text)

    assert [
        hit.group() for hit in found if not re.search(r"unlocalize|plain|stringformat", hit["filters"])
    ] == []
