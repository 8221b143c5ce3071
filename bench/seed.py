"""Fills a database with tips, groups and broadcasts, the same for the same seed.

``python -m bench.seed --backend postgres --database bench_million --keep --tips 1000000 --groups 20000``
leaves the rows behind for other measurements; without ``--keep`` it only prints rows a second. Everything
that the portal encrypts is encrypted, words are digested for search, three years are covered. A database
whose name does not start with ``bench`` is refused.
"""

import argparse
import sys

from bench import cli

NAME = "seed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many of each."""
    parser.add_argument("--tips", type=int, default=20_000)
    parser.add_argument("--broadcasts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)


def quick(options: argparse.Namespace) -> None:
    """A few seconds."""
    options.tips = min(options.tips, 2000)
    options.groups = min(options.groups, cli.QUICK_GROUPS)
    options.broadcasts = min(options.broadcasts, 5)


def run(place: cli.Place) -> None:
    """Write the rows, print how fast."""
    # Models: only once the backend's settings are chosen.
    from bench import seeding  # noqa: PLC0415

    seeding.measure(place)


if __name__ == "__main__":
    sys.exit(cli.main([sys.modules[__name__]], sys.argv[1:]))
