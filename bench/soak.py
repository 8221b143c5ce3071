"""A long run: what grows while the portal sends for minutes. ``python -m bench.soak --minutes 10``.

Broadcasts go out one after the other through the worker of the Procfile, with its beat. Printed for start and
end: the memory of each process, open connections and dead rows of the database, tasks waiting in the broker.
The first broadcast is over before the start is taken, so that caches are warm.
"""

import argparse
import sys
import time

from bench import cli

NAME = "soak"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The broadcast's own options, and how long."""
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--delay-ms", type=float, default=100, help="the API's answer time")
    parser.add_argument("--conc", type=int, default=100, help="calls at once")
    parser.add_argument("--accounts", type=int, default=100, help="official accounts sharing the groups")
    parser.add_argument("--patience", type=float, default=300, metavar="S", help="give up after S seconds")
    for name in ("kill-after", "fail-every", "http500-every", "drop-every"):
        parser.add_argument(f"--{name}", type=int, default=0)


def quick(options: argparse.Namespace) -> None:
    """Half a minute."""
    options.minutes = min(options.minutes, 0.5)
    options.groups = min(options.groups, cli.QUICK_GROUPS)


def run(place: cli.Place) -> None:
    """Send until the time is over; start and end side by side."""
    # Models: only once the backend's settings are chosen.
    from bench import sending, soaking  # noqa: PLC0415
    from bench.figures import single  # noqa: PLC0415
    from bench.senders import Worker  # noqa: PLC0415

    scene = sending.Scene(place)
    with Worker(place, scene.world.approver, with_beat=True) as worker:
        rounds = [scene.round(worker, place.options.delay_ms)]
        start, until = soaking.look(worker), time.monotonic() + place.options.minutes * 60
        while time.monotonic() < until:
            rounds.append(scene.round(worker, place.options.delay_ms))
        end = soaking.look(worker)
    for name, unit in soaking.UNITS.items():
        if name in start:
            place.report.add(single(f"soak.{name}_start", unit, start[name]))
            place.report.add(single(f"soak.{name}_end", unit, end[name]))
    place.report.add(single("soak.messages", "sent", sum(one.groups for one in rounds)))
    place.report.add(single("soak.unsent", "rows", max(one.unsent for one in rounds)))
    place.report.add(single("soak.twice", "messages", max(one.twice for one in rounds)))


if __name__ == "__main__":
    sys.exit(cli.main([sys.modules[__name__]], sys.argv[1:]))
