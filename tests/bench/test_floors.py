"""Floors judge ratios unless the machine was busy, and counts always."""

import json
from pathlib import Path

import pytest

from bench import floors
from bench.backends import NAMES
from bench.figures import Figure, Series, number, single

FLOORS_FILE = Path(__file__).resolve().parent.parent.parent / "bench" / "floors.json"


def figure(ours: list[float], base: list[float], ideal: float | None = None) -> Figure:
    return Figure("send.rate", "msg/s", Series("", ours), Series("raw", base), ideal)


def test_ratio_is_the_median_of_the_rounds_own_ratios():
    """A slow moment that hits both sides of one round must not tell."""
    assert figure([50, 90, 45], [100, 100, 90]).ratio == 0.5


def test_ratio_below_its_floor_is_named():
    (text,) = floors.shortfalls([figure([40], [100])], {"send.rate": {"min_ratio": 0.5}})
    assert text == "send.rate: ratio 0.4 is below 0.5"


def test_ratio_at_its_floor_passes():
    assert floors.shortfalls([figure([50], [100])], {"send.rate": {"min_ratio": 0.5}}) == []


def test_noisy_baseline_cannot_fail_a_ratio():
    noisy = figure([10, 10], [100, 60])
    assert noisy.is_noisy
    assert "noisy, repeat" in str(noisy)
    assert floors.shortfalls([noisy], {"send.rate": {"min_ratio": 0.5}}) == []


def test_noisy_baseline_does_not_excuse_a_count():
    noisy = figure([10, 10], [100, 60])
    assert floors.shortfalls([noisy], {"send.rate": {"max": 5}}) == ["send.rate: 10 is above 5"]


def test_share_of_the_ideal_is_judged():
    texts = floors.shortfalls([figure([80], [100], 100)], {"send.rate": {"min_share": 0.9}})
    assert texts == ["send.rate: share 0.8 is below 0.9"]


def test_ratio_asked_of_a_figure_without_baseline_fails():
    assert floors.shortfalls([single("a", "x", 1)], {"a": {"min_ratio": 0.1}}) != []


def test_count_above_its_limit_fails_and_below_passes():
    limits = {"send.lost": {"max": 0}}
    assert floors.shortfalls([single("send.lost", "messages", 1)], limits) != []
    assert floors.shortfalls([single("send.lost", "messages", 0)], limits) == []


def test_unknown_kind_of_floor_is_an_error():
    with pytest.raises(ValueError, match="min_speed"):
        floors.shortfalls([single("a", "x", 1)], {"a": {"min_speed": 1}})


def test_json_line_has_ratio_and_noise():
    line = json.loads(json.dumps(figure([50, 50], [100, 100], 200).as_dict()))
    assert (line["ratio"], line["noisy"], line["share_of_ideal"]) == (0.5, False, 0.25)


def test_floors_file_knows_both_backends_and_only_known_kinds():
    loaded = floors.load(FLOORS_FILE)
    assert sorted(loaded) == sorted(NAMES)
    for limits in loaded.values():
        for key in limits:
            floors.shortfalls([single(key, "", 0)], limits)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.0412, "0.0412"), (12.34, "12.3"), (1234.5, "1,234"), (3, "3")]
)
def test_number_is_short(value: float, text: str):
    assert number(value) == text
