"""Broadcast to many groups: from the chief's approval to the last row recorded, through the real portal.

``python -m bench.dispatch --groups 10000 --delay-ms 100 --conc 100 --accounts 100`` sends one broadcast a
round, in alternation with a bare aiohttp loop through the same stub. ``--mode worker`` (default) starts the
worker as the Procfile does and only approves; ``--mode drain`` calls the engine in this process.
``--workers N`` starts as many, each with its share of the calls at once. ``--kill-after S`` kills them S
seconds after the approval, starts others, and counts what was lost or sent twice. ``--rate R --minutes M``
gives every account R calls a minute and says how much of that was used, and what the fullest 60 s of any
account held at the other side.
"""

import argparse
import sys

from bench import cli

NAME = "dispatch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Size of the broadcast and behaviour of the API it meets."""
    parser.add_argument("--delay-ms", type=float, default=100, help="the API's answer time")
    parser.add_argument("--conc", type=int, default=100, help="calls at once")
    parser.add_argument("--accounts", type=int, default=100, help="official accounts sharing the groups")
    parser.add_argument("--mode", choices=("worker", "drain"), default="worker")
    parser.add_argument("--workers", type=int, default=1, help="processes of the worker that share the calls")
    parser.add_argument("--kill-after", type=float, metavar="S", help="kill -9 the worker after S seconds")
    parser.add_argument("--fail-every", type=int, default=0)
    parser.add_argument("--http500-every", type=int, default=0)
    parser.add_argument("--drop-every", type=int, default=0)
    parser.add_argument(
        "--also",
        default="raw,own,wide,fanout,growth",
        help="of raw, own (no delay), wide (--wide calls at once), fanout, growth; comma between",
    )
    parser.add_argument("--wide", type=int, default=400, help="calls at once of the wide part")
    parser.add_argument(
        "--rate", type=int, default=0, help="calls a minute of each account; measures the use of that limit"
    )
    parser.add_argument("--minutes", type=float, default=3, help="how long --rate is measured")
    parser.add_argument("--patience", type=float, default=300, metavar="S", help="give up after S seconds")


def quick(options: argparse.Namespace) -> None:
    """A second or so for each broadcast."""
    options.groups = min(options.groups, cli.QUICK_GROUPS)
    options.accounts = min(options.accounts, 20)
    options.also = ",".join(part for part in options.also.split(",") if part not in ("wide", "growth"))


def run(place: cli.Place) -> None:
    """All figures of sending."""
    # Models: only once the backend's settings are chosen.
    from bench import sending  # noqa: PLC0415

    (sending.measure_rate if place.options.rate else sending.measure)(place)


if __name__ == "__main__":
    sys.exit(cli.main([sys.modules[__name__]], sys.argv[1:]))
