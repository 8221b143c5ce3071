"""``manage.py zalo_simulator``: the stand-in for Zalo used by demonstrations and training."""

import asyncio
import signal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from groups.zalo.simulator.server import Simulator
from groups.zalo.simulator.state import World

DEFAULT_PORT = 9000


class Command(BaseCommand):
    help = "Run a simulator of Zalo's hosts. Demonstrations only: refuses to run when DEBUG is off."
    # The simulator has no database and must start before one exists.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--strict", action="store_true", help="refuse accounts and groups nobody registered"
        )
        parser.add_argument("--delay-ms", type=int, default=0, help="how long every answer takes")

    def handle(self, *args, port, host, strict, delay_ms, **options):
        if not settings.DEBUG:
            raise CommandError("The simulator runs only with DEBUG on.")
        world = World(is_open=not strict)
        world.delay_ms = delay_ms
        try:
            asyncio.run(self._serve(Simulator(world), host, port))
        except OSError as error:
            raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}") from error

    async def _serve(self, simulator, host, port):
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await simulator.run(host, port, until=stop.wait(), started=self._announce)

    def _announce(self, port):
        self.stdout.write(f"Mô phỏng Zalo (không phải Zalo) đang chạy: http://127.0.0.1:{port}/")
        self.stdout.flush()
