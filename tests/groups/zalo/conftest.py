"""A simulator on a free port, and one harness that drives the fake and the real client alike."""

import asyncio
import socketserver
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from groups.zalo import fake
from groups.zalo.client import ZaloClient
from groups.zalo.errors import OutcomeUnknown, classify
from groups.zalo.http import open_session, timeouts
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World

OA = "2000000000000000002"
ACCESS, REFRESH = "AT-first-0123456789", "RT-first-0123456789"
GROUP, DISABLED_GROUP, UNKNOWN_GROUP = "aaaa1111bbbb2222cccc", "dddd1111bbbb2222cccc", "ffff0000ffff0000ffff"

Use = Callable[[Any], Awaitable[Any]]


class Tokens:
    """A token source in memory that counts its renewals."""

    def __init__(self, token: str = ACCESS, renewed: str = ACCESS):
        self.token, self.renewed, self.renewals = token, renewed, 0

    async def get(self) -> str:
        return self.token

    async def renew(self, rejected_token: str) -> str:
        if self.token == rejected_token:
            self.renewals += 1
            self.token = self.renewed
        return self.token


class FakeHarness:
    """Drives ``FakeZalo``."""

    def __init__(self) -> None:
        fake.world.reset()
        fake.world.profile = fake.world.profile.__class__(OA, "Công an xã Mẫu", 2, True, "", "")
        fake.world.add_group(GROUP, "Tổ dân phố 1")
        fake.world.add_group(DISABLED_GROUP, "Nhóm hết hạn", status="disabled")

    def meet(self, user_id: str, name: str = "Bà H.", *, is_follower: bool = True) -> None:
        fake.world.add_person(user_id, name, is_follower=is_follower)

    def put_in(self, group_id: str, user_id: str) -> None:
        fake.world.admit(group_id, fake.world.invited([user_id]))

    def ask_to_join(self, group_id: str, user_id: str) -> None:
        fake.world.pending.setdefault(group_id, []).extend(fake.world.invited([user_id]))

    def own_asset(self, asset_id: str) -> None:
        fake.world.add_asset(asset_id)

    def silent_for_days(self, user_id: str, days: int) -> None:
        fake.world.people[user_id].last_interaction_at -= timedelta(days=days)

    def told(self, user_id: str) -> list[str]:
        return [message.text for message in fake.world.sent_private if message.user_id == user_id]

    def run(self, use: Use, tokens: Tokens | None = None) -> Any:
        return asyncio.run(use(fake.FakeZalo(None, tokens or Tokens(), "")))

    def seen_in(self, group_id: str) -> list[str]:
        return fake.world.texts_of(group_id)

    def refuse(self, code: int, times: int = 1) -> None:
        fake.world.fail_next(classify(code), times=times)

    def lose_answer(self, *, delivered: bool, times: int = 1) -> None:
        fake.world.fail_next(OutcomeUnknown(None, "lost"), delivered=delivered, times=times)


class RealHarness:
    """Drives ``ZaloClient`` against the simulator, over real HTTP."""

    def __init__(self, simulator: SimulatorThread):
        self.simulator = simulator

    def meet(self, user_id: str, name: str = "Bà H.", *, is_follower: bool = True) -> None:
        person = {"oa_id": OA, "name": name, "user_id": user_id, "is_follower": is_follower}
        self.simulator.control("POST", "people", person)

    def put_in(self, group_id: str, user_id: str) -> None:
        self.ask_to_join(group_id, user_id)
        self.run(lambda client: client.accept_pending(group_id, [user_id]))

    def ask_to_join(self, group_id: str, user_id: str) -> None:
        self.simulator.control("POST", f"people/{OA}/{user_id}/join", {"group_id": group_id})

    def own_asset(self, asset_id: str) -> None:
        self.simulator.control("POST", "assets", {"oa_id": OA, "asset_id": asset_id})

    def silent_for_days(self, user_id: str, days: int) -> None:
        self.simulator.control("POST", "settings", {"advance_seconds": days * 86400})
        # The clock took the token's life along.
        self.simulator.control("POST", "oas", {"oa_id": OA, "access_token": ACCESS})

    def told(self, user_id: str) -> list[str]:
        messages = self.simulator.control("GET", f"people/{OA}/{user_id}/messages")["messages"]
        return [message["text"] for message in messages if message["is_ours"]]

    def run(
        self, use: Use, tokens: Tokens | None = None, *, patience: float = 10, client_class: Any = ZaloClient
    ) -> Any:
        async def call() -> Any:
            async with open_session(10, timeout=timeouts(patience / 2, patience)) as session:
                return await use(client_class(session, tokens or Tokens(), self.simulator.url))

        return asyncio.run(call())

    def seen_in(self, group_id: str) -> list[str]:
        messages = self.simulator.control("GET", f"groups/{group_id}/messages")["messages"]
        return [message["text"] for message in messages]

    def refuse(self, code: int, times: int = 1) -> None:
        self.fault(kind="error", code=code, times=times)

    def lose_answer(self, *, delivered: bool, times: int = 1) -> None:
        self.fault(kind="reset_after" if delivered else "reset_before", times=times)

    def fault(self, **fault: Any) -> None:
        self.simulator.control("POST", "faults", fault)


@pytest.fixture(scope="session")
def simulator_thread() -> Iterator[SimulatorThread]:
    with SimulatorThread(World(seed=1)) as running:
        yield running


@pytest.fixture
def simulator(simulator_thread: SimulatorThread) -> SimulatorThread:
    """The running simulator, emptied, with one account, one live group and one that Zalo has disabled."""
    simulator_thread.world.is_open = False
    simulator_thread.control("POST", "reset", {})
    account = {
        "oa_id": OA,
        "name": "Công an xã Mẫu",
        "app_id": "1000000000000000001",
        "app_secret": "app-secret-for-tests",
        "oa_secret": "demo-oa-secret-key",
        "rate_per_minute": 1000,
        "access_token": ACCESS,
        "refresh_token": REFRESH,
    }
    simulator_thread.control("POST", "oas", account)
    groups = [
        {"group_id": GROUP, "oa_id": OA, "name": "Tổ dân phố 1", "size": 31},
        {"group_id": DISABLED_GROUP, "oa_id": OA, "name": "Nhóm hết hạn", "status": "disabled"},
    ]
    simulator_thread.control("POST", "groups", groups)
    return simulator_thread


@pytest.fixture
def real(simulator: SimulatorThread) -> RealHarness:
    return RealHarness(simulator)


@pytest.fixture(params=["fake", "real"])
def zalo(request: pytest.FixtureRequest) -> FakeHarness | RealHarness:
    """The fake, then the real client with the simulator: both must pass the same cases."""
    return FakeHarness() if request.param == "fake" else request.getfixturevalue("real")


@pytest.fixture
def make_tokens() -> type[Tokens]:
    return Tokens


class CannedHost:
    """A TCP server that answers every request with the same bytes and then hangs up."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._servers: list[socketserver.BaseServer] = []

    def __call__(self, answer: bytes) -> str:
        requests = self.requests

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                requests.append(self.request.recv(65536))
                self.request.sendall(answer)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def canned_host() -> Iterator[CannedHost]:
    host = CannedHost()
    yield host
    host.close()
