"""Zalo's events through the real webhook: signed bodies over kept connections, each stored once.

``python -m bench.webhook --events 5000 --conc 16 --dup 10`` serves the portal by gunicorn as the Procfile
does, and beside it the least Django view that reads a JSON body and inserts one row, on the same
configuration; both take ``--events`` events in turn. ``--dup`` per cent of the portal's events come twice.
Then one worker process takes a steady ``--steady`` events a second while the Celery worker does what they
ask for.
"""

import argparse
import sys

from bench import cli

NAME = "webhook"
CONNECTIONS = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many events, over how many connections."""
    parser.add_argument("--events", type=int, default=5000, help="events of each round")
    parser.add_argument("--dup", type=float, default=10, metavar="PERCENT", help="events delivered twice")
    parser.add_argument("--steady", type=float, default=100, metavar="N", help="events a second at rest")
    parser.add_argument("--steady-secs", type=float, default=10)
    try:
        parser.add_argument("--conc", dest="connections", type=int, default=CONNECTIONS)
    except argparse.ArgumentError:
        # Measured together with sending, whose calls at once are something else.
        parser.set_defaults(connections=CONNECTIONS)


def quick(options: argparse.Namespace) -> None:
    """A second or so for each round."""
    options.events = min(options.events, 1000)
    options.steady_secs = min(options.steady_secs, 3.0)


def run(place: cli.Place) -> None:
    """All figures of the webhook."""
    # Models: only once the backend's settings are chosen.
    from bench import hooking  # noqa: PLC0415

    hooking.measure(place)


if __name__ == "__main__":
    sys.exit(cli.main([sys.modules[__name__]], sys.argv[1:]))
