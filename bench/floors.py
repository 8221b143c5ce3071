"""Floors: what a change must not fall below. Ratios where speed is meant, plain numbers where counting is.

The file maps ``backend -> figure -> {"min_ratio": x, "min_share": x, "min": x, "max": x}``. A figure whose
baseline was noisy cannot fail a ratio or a share: the machine was busy, and the run is worth repeating, not
believing. Counts (``min``, ``max``) hold all the same. A figure that was not measured in this run is not
judged.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from bench.figures import Figure


def load(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The floors file."""
    return json.loads(path.read_text(encoding="utf-8"))


def shortfalls(figures: Iterable[Figure], floors: dict[str, dict[str, float]]) -> list[str]:
    """One sentence for each figure that misses its floor."""
    return [text for figure in figures for text in _judge(figure, floors.get(figure.key, {}))]


def _judge(figure: Figure, floor: dict[str, float]) -> Iterable[str]:
    unknown = set(floor) - {"min_ratio", "min_share", "min", "max"}
    if unknown:
        raise ValueError(f"{figure.key}: unknown kinds of floor: {', '.join(sorted(unknown))}")
    median = figure.ours.median
    share = median / figure.ideal if figure.ideal else None
    if not figure.is_noisy:
        for name, value in (("min_ratio", figure.ratio), ("min_share", share)):
            if name in floor and (value is None or value < floor[name]):
                yield f"{figure.key}: {name[4:]} {_text(value)} is below {floor[name]}"
    if "min" in floor and median < floor["min"]:
        yield f"{figure.key}: {_text(median)} is below {floor['min']}"
    if "max" in floor and median > floor["max"]:
        yield f"{figure.key}: {_text(median)} is above {floor['max']}"


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
