"""Lists of tips and search in them, at two sizes: the desk's, the admin's and the API's pages.

``python -m bench.lists --backend postgres --database bench_million --keep --tips 1000000`` seeds a tenth of
the tips, opens every page, seeds the rest, opens them again. A page goes through Django's test client with
all middleware and templates; beside it, in turn, the bare SQL of a page of as many rows, found by its
key. A kept database that holds more tips already is measured at its own size only.
"""

import argparse
import sys

from bench import cli, seed

NAME = "lists"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many tips."""
    try:
        seed.add_arguments(parser)
    except argparse.ArgumentError:
        # Measured together with seeding, which has the same options.
        return
    parser.set_defaults(tips=100_000, groups=600)


def quick(options: argparse.Namespace) -> None:
    """A thousand rows, one person."""
    options.tips = min(options.tips, 1000)


def run(place: cli.Place) -> None:
    """All figures of lists."""
    # Models: only once the backend's settings are chosen.
    from bench import listing  # noqa: PLC0415

    listing.measure(place)


if __name__ == "__main__":
    sys.exit(cli.main([sys.modules[__name__]], sys.argv[1:]))
