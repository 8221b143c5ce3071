"""Tips through the real site: open ``/gui-tin/``, read its tokens, send the form, read the receipt.

``python -m bench.intake --visitors 16 --secs 10`` serves the portal by gunicorn as the Procfile does, and
beside it the least Django that inserts a row (``bench/bare``) on the same configuration; visitors go to one
and the other in turn. Limits per network, encryption, search digests and the audit trail are on.
``--photos 10 --secs 60`` offers tips with a photo at a steady pace instead, and waits until all are
clean.
"""

import argparse
import sys

from bench import cli

NAME = "intake"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many visitors, for how long."""
    parser.add_argument("--visitors", type=int, default=16)
    parser.add_argument("--secs", type=float, default=10, help="seconds of each round")
    parser.add_argument(
        "--photos",
        type=float,
        default=0,
        metavar="RATE",
        help="instead: so many tips a second, each with a photo",
    )


def quick(options: argparse.Namespace) -> None:
    """A second or so a round, after a short warm-up; no photos."""
    options.secs, options.photos = min(options.secs, 1.0), 0


def run(place: cli.Place) -> None:
    """All figures of the tip form."""
    # Models: only once the backend's settings are chosen.
    from bench import developing, receiving  # noqa: PLC0415

    (developing if place.options.photos else receiving).measure(place)


if __name__ == "__main__":
    sys.exit(cli.main([sys.modules[__name__]], sys.argv[1:]))
