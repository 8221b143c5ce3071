"""Figures: what was measured, in rounds, beside a baseline measured in alternation with it."""

import json
import statistics
from dataclasses import dataclass, field

# A baseline that moves by more than this between rounds says the machine had other work.
NOISY_SPREAD = 0.30


@dataclass
class Series:
    """Measurements of one thing, one a round."""

    name: str
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Largest less smallest, as a share of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        around = f" [{number(low)}..{number(high)}]" if len(self.values) > 1 else ""
        return f"{number(self.median)}{around}"


@dataclass
class Figure:
    """One figure of a benchmark. ``key`` names it in the floors file; ``unit`` is for people."""

    key: str
    unit: str
    ours: Series
    baseline: Series | None = None
    # The share of something known without measuring, such as concurrency / delay.
    ideal: float | None = None

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' own ratios: neighbours in time share the machine's mood."""
        if self.baseline is None:
            return None
        pairs = zip(self.ours.values, self.baseline.values, strict=True)
        return statistics.median(ours / base for ours, base in pairs)

    @property
    def is_noisy(self) -> bool:
        return self.baseline is not None and self.baseline.spread > NOISY_SPREAD

    def as_dict(self) -> dict:
        """For ``--json``."""
        ours = {"median": self.ours.median, "values": self.ours.values}
        line = {"figure": self.key, "unit": self.unit, **ours}
        if self.baseline is not None:
            base = {
                "name": self.baseline.name,
                "median": self.baseline.median,
                "values": self.baseline.values,
            }
            line |= {"baseline": base, "ratio": self.ratio, "noisy": self.is_noisy}
        if self.ideal is not None:
            line |= {"ideal": self.ideal, "share_of_ideal": self.ours.median / self.ideal}
        return line

    def __str__(self) -> str:
        parts = [f"  {self.key:<34} {self.ours} {self.unit}"]
        if self.baseline is not None:
            parts.append(f"{self.baseline.name}: {self.baseline}, ratio {self.ratio:.2f}")
        if self.ideal is not None:
            parts.append(f"{self.ours.median / self.ideal:.1%} of ideal {number(self.ideal)}")
        if self.is_noisy:
            parts.append("noisy, repeat")
        return "; ".join(parts)


def single(key: str, unit: str, *values: float) -> Figure:
    """A figure without a baseline."""
    return Figure(key, unit, Series("", list(values)))


def number(value: float) -> str:
    """Three significant digits or so, thousands grouped."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


class Report:
    """Where figures go: printed as they come, kept for the floors."""

    def __init__(self, *, backend: str, as_json: bool):
        self.backend = backend
        self.as_json = as_json
        self.figures: list[Figure] = []

    def add(self, figure: Figure) -> None:
        """Print and keep one figure."""
        self.figures.append(figure)
        if self.as_json:
            print(json.dumps({"backend": self.backend, **figure.as_dict()}), flush=True)
        else:
            print(figure, flush=True)

    def say(self, text: str) -> None:
        """A line for people; nothing with ``--json``."""
        if not self.as_json:
            print(text, flush=True)

    def conditions(self, values: dict) -> None:
        """What the figures were measured on."""
        if self.as_json:
            print(json.dumps({"backend": self.backend, "conditions": values}), flush=True)
        else:
            self.say("  " + "; ".join(f"{name} {value}" for name, value in values.items()))
