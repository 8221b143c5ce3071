"""The simulator as a process, or as a thread inside a test."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from groups.zalo.simulator import faults, grants
from groups.zalo.simulator.api import OpenApi
from groups.zalo.simulator.bots import Bots
from groups.zalo.simulator.consent import Consent
from groups.zalo.simulator.control import Control
from groups.zalo.simulator.faults import TOKEN_PATH
from groups.zalo.simulator.media import Media
from groups.zalo.simulator.pages import Pages
from groups.zalo.simulator.panels import Panels
from groups.zalo.simulator.people_pages import PeoplePages
from groups.zalo.simulator.phones import Phones
from groups.zalo.simulator.setup import SeedFile
from groups.zalo.simulator.state import World
from groups.zalo.simulator.store import Store
from groups.zalo.simulator.webhooks import Hooks

LARGEST_REQUEST = 8 * 1024 * 1024
HOUSEKEEPING_SECONDS = 2


class Simulator:
    """World, faults, webhooks and HTTP application put together."""

    def __init__(self, world: World, *, store: Store | None = None, seed_file: SeedFile | None = None):
        self.world = world
        self.store = store
        self.seed_file = seed_file
        self.hooks = Hooks(world)
        self.api = OpenApi(world, self.hooks)
        self.app = web.Application(client_max_size=LARGEST_REQUEST)
        self.app.add_subapp("/_control", Control(world, self.hooks, self._close_door).app())
        self.app.add_routes(Pages(world, self.hooks).routes())
        self.app.add_routes(Media(world).routes())
        self.app.add_routes(Phones(world, self.hooks).routes())
        self.app.add_routes(Panels(world, self.hooks, self.reset).routes())
        self.app.add_routes(Consent(world).routes())
        self.app.add_routes(PeoplePages(world, self.hooks).routes())
        self.app.add_routes(Bots(world).routes())
        self.app.router.add_post(TOKEN_PATH, self._token)
        for prefix in ("/v2.0/", "/v3.0/"):
            self.app.router.add_route("*", prefix + "{rest:.*}", self.api.handle)

    def reset(self) -> None:
        """Begin anew, with the groups of the seed file if there is one."""
        self.world.restart()
        self.hooks.forget()
        if self.seed_file:
            self.seed_file.forget()
            self.seed_file.apply(self.world)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        """The token endpoint. Refusals come with HTTP 200, as on the real host."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        if self.world.switches.token_in_query:
            form = dict(request.query) | form
        outcome = "aborted"
        self.world.stats.begin()
        try:
            response, outcome = await self._token_answer(request, form)
            return response
        finally:
            self.world.stats.end(TOKEN_PATH, outcome)

    async def _token_answer(
        self, request: web.Request, form: dict[str, str]
    ) -> tuple[web.StreamResponse, str]:
        """The old token is dead as soon as the pair is made, whatever becomes of the answer."""
        if self.world.is_out:
            return faults.hang_up(request), "outage"
        now, dice = self.world.clock.now(), self.world.random
        fault = self.world.board.take(TOKEN_PATH, "", "", now=now, dice=dice)
        answer: dict[str, Any] = {}
        if fault is None or fault.takes_effect:
            answer = grants.token_answer(self.world, form, request.headers.get("secret_key", ""))
        headers = {"Content-Type": "application/json"}
        if fault is None or fault.kind in {"slow", "duplicate"}:
            await asyncio.sleep(fault.delay_ms / 1000 if fault else 0)
            return faults.reply(answer, headers), str(answer.get("error", 0))
        return await faults.play(fault, request, answer, headers)

    async def run(
        self,
        host: str,
        port: int,
        *,
        until: Awaitable[Any],
        started: Callable[[int], None] = lambda port: None,
    ) -> None:
        """Serve until ``until`` is done; ``started`` gets the port that was bound (0 asks for a free one)."""
        if self.store:
            self.store.load(self.world)
        runner = web.AppRunner(self.app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await runner.setup()
        await self.hooks.open()
        housekeeping = asyncio.create_task(self._housekeeping())
        try:
            site = web.TCPSite(runner, host, port, reuse_address=True)
            await site.start()
            bound = runner.addresses[0][1]
            self.world.base_url = f"http://{host}:{bound}"
            self._door = (runner, site, host, bound)
            started(bound)
            await until
        finally:
            housekeeping.cancel()
            await self.hooks.close()
            await runner.cleanup()
            if self.store:
                self.store.save(self.world)

    def _close_door(self, seconds: float) -> None:
        """Stop listening for a while, so that connections are refused."""
        self._closing = asyncio.get_running_loop().create_task(self._closed_door(seconds))

    async def _closed_door(self, seconds: float) -> None:
        runner, site, host, port = self._door
        await site.stop()
        await asyncio.sleep(seconds)
        site = web.TCPSite(runner, host, port, reuse_address=True)
        await site.start()
        self._door = (runner, site, host, port)

    async def _housekeeping(self) -> None:
        """Try webhooks again, end what has run out, apply a changed seed file, save a changed world."""
        while True:
            self.hooks.tick()
            if self.seed_file:
                self.seed_file.apply(self.world)
            if self.store:
                self.store.save(self.world)
            await asyncio.sleep(HOUSEKEEPING_SECONDS)


class SimulatorThread:
    """A simulator in a thread of this process, for tests: ``with SimulatorThread() as zalo: zalo.url``."""

    def __init__(self, world: World | None = None):
        self.world = world or World()
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> "SimulatorThread":
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the simulator did not start")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call to the control API: ``control("POST", "faults", {"kind": ...})``."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_control/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        await Simulator(self.world).run("127.0.0.1", 0, until=self._stop.wait(), started=self._started)

    def _started(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._ready.set()
