"""The command line of all benchmarks: options, a prepared backend for each, floors at the end.

Every benchmark is a module with ``NAME``, ``add_arguments(parser)``, ``quick(options)`` (make it short) and
``run(place)``. Modules with models are imported by ``run`` only: the settings of the backend come first.
"""

import argparse
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from bench import backends, floors
from bench.backends import Backend
from bench.figures import Report
from bench.stub import StubProcess

QUICK_ROUNDS = 2
QUICK_GROUPS = 1000


@dataclass(frozen=True)
class Place:
    """What a benchmark gets: where it runs, the Zalo stub, its options, and where figures go."""

    backend: Backend
    stub: StubProcess
    options: argparse.Namespace
    report: Report


def main(benchmarks: list[ModuleType], arguments: list[str]) -> int:
    """Run ``benchmarks`` on every backend asked for; 1 when one of them failed or fell below its floor."""
    options = parse(benchmarks, arguments)
    # Being told to end must end what was started here, too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        if options.backend in backends.NAMES:
            return run_here(benchmarks, options)
        # Settings are read once in a process: each backend gets its own.
        command = [sys.executable, "-u", "-m", "bench", *(module.NAME for module in benchmarks), *arguments]
        results = [_run_apart(command, name, options) for name in backends.NAMES]
        return max(results)
    except backends.WrongDatabaseError as error:
        print(error, file=sys.stderr)
        return 2


def parse(benchmarks: list[ModuleType], arguments: list[str]) -> argparse.Namespace:
    """The options common to all, and those of ``benchmarks``."""
    names = " ".join(module.NAME for module in benchmarks)
    parser = argparse.ArgumentParser(prog="python -m bench", description=f"Measures: {names}.")
    parser.add_argument("--backend", choices=(*backends.NAMES, "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="all of it in small, some two minutes")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each figure")
    parser.add_argument("--check", type=Path, metavar="FILE", help="exit 1 below the floors of this file")
    parser.add_argument("--rounds", type=int, default=3, help="ours and baseline in turn, so many times")
    parser.add_argument("--groups", type=int, default=10_000, help="groups to send to, or to seed")
    parser.add_argument("--communes", type=int, default=168, help="communes of the one province")
    parser.add_argument("--database", default="", help="name of the database; must start with bench")
    parser.add_argument("--keep", action="store_true", help="leave the database behind")
    for module in benchmarks:
        module.add_arguments(parser)
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds = min(options.rounds, QUICK_ROUNDS)
        for module in benchmarks:
            module.quick(options)
    return options


def run_here(benchmarks: list[ModuleType], options: argparse.Namespace) -> int:
    """Run on one backend, in this process."""
    missing = backends.unavailable(options.backend)
    if missing:
        print(f"{options.backend}: not here ({missing})", file=sys.stderr)
        return 1
    started = time.monotonic()
    report = Report(backend=options.backend, as_json=options.json)
    with StubProcess() as stub:
        extra = {"ZALO_API_URL": stub.url, "SEND_CONCURRENCY": str(getattr(options, "conc", 100))}
        with backends.prepared(
            options.backend, database=options.database, keep=options.keep, extra=extra
        ) as backend:
            _measure(benchmarks, Place(backend, stub, options, report))
    report.say(f"  took {time.monotonic() - started:.0f} s")
    return _judge(report, options.check)


def _measure(benchmarks: list[ModuleType], place: Place) -> None:
    # The models exist only now that the environment names the backend.
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    django.setup()
    from bench import conditions  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    place.report.say(f"{place.backend.name} ({place.backend.database})")
    place.report.conditions({**conditions.now(place.backend), "stub": place.stub.language})
    try:
        for module in benchmarks:
            place.report.say(f" {module.NAME}")
            module.run(place)
    finally:
        place.report.conditions({"load": conditions.load()})
        connections.close_all()


def _run_apart(command: list[str], backend: str, options: argparse.Namespace) -> int:
    missing = backends.unavailable(backend)
    if missing:
        if not options.json:
            print(f"{backend}: not measured ({missing})")
        return 0
    with subprocess.Popen([*command, "--backend", backend]) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def _judge(report: Report, path: Path | None) -> int:
    if path is None:
        return 0
    missed = floors.shortfalls(report.figures, floors.load(path).get(report.backend, {}))
    for text in missed:
        print(f"{report.backend}: BELOW THE FLOOR: {text}", file=sys.stderr)
    return 1 if missed else 0
