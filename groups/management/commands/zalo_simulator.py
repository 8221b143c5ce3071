"""``manage.py zalo_simulator``: the stand-in for Zalo used by demonstrations and training."""

import asyncio
import signal
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from groups.zalo.simulator.server import Simulator
from groups.zalo.simulator.setup import SeedFile
from groups.zalo.simulator.state import World
from groups.zalo.simulator.store import Store

DEFAULT_PORT = 9000
DEMO_APP_ID = "1000000000000000001"
DEMO_OA_SECRET = "demo-oa-secret-key"


class Command(BaseCommand):
    help = "Run a simulator of Zalo's hosts. Demonstrations only: refuses to run when DEBUG is off."
    # The simulator has no database and must start before one exists.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=urlsplit(settings.ZALO_API_URL).port or DEFAULT_PORT)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--strict", action="store_true", help="refuse accounts, tokens and groups nobody registered"
        )
        parser.add_argument(
            "--seed", type=int, help="number the dice start from: same seed, same ids and faults"
        )
        parser.add_argument("--delay-ms", type=int, default=0, help="how long every answer takes")
        parser.add_argument(
            "--webhook-url",
            default="",
            help="where events of accounts without an address of their own go; nowhere unless named",
        )
        parser.add_argument(
            "--state",
            type=Path,
            default=settings.VAR_DIR / "zalo-simulator.json",
            help="file that keeps the world",
        )
        parser.add_argument("--memory", action="store_true", help="keep nothing on disk, read no seed file")

    def handle(self, *args, port, host, strict, seed, delay_ms, webhook_url, state, memory, **options):
        if not settings.DEBUG:
            raise CommandError("The simulator runs only with DEBUG on.")
        world = World(is_open=not strict, seed=seed)
        world.delay_ms = delay_ms
        world.webhook_url = webhook_url
        world.defaults = {"app_id": DEMO_APP_ID, "oa_secret": DEMO_OA_SECRET}
        files = {} if memory else {"store": Store(state), "seed_file": SeedFile(seed_path(state))}
        try:
            asyncio.run(self._serve(Simulator(world, **files), host, port))
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


def seed_path(state: Path) -> Path:
    """Where ``seed_demo`` leaves names and sizes of the demo's groups: beside the state file."""
    return state.with_name("zalo-simulator-seed.json")
