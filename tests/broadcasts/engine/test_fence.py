"""What a wait before a call may not do: send for somebody else's lease, or make a row look like a killer."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from broadcasts.engine import store
from broadcasts.engine.drain import Report
from broadcasts.engine.mailbox import LEASE_MARGIN_SECONDS
from broadcasts.models import Broadcast, Delivery, Mailbox
from broadcasts.services import sending
from groups.services.tokens import AccountTokens
from groups.zalo import http
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.broadcasts.drains import drain_here
from tests.factories import GroupFactory


class Clock:
    """Right, until somebody turns it on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(settings):
    with SimulatorThread(World(is_open=True)) as simulator:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = simulator.url
        yield simulator


@pytest.fixture
def campaign(approved, area, account, platform) -> Broadcast:
    """Three queued rows of one account."""
    for _number in range(3):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    platform.control("POST", "oas", {"oa_id": account.oa_id, "rate_per_minute": 1000})
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    return broadcast


def send(clock: Callable[[], float]) -> Report:
    return drain_here(seconds=5, clock=clock)


def seen(platform: SimulatorThread) -> list[int]:
    return [len(group.messages) for group in platform.world.groups.values()]


def rows(broadcast: Broadcast) -> set[tuple]:
    return set(broadcast.deliveries.values_list("state", "attempts", "crashes"))


def while_waiting(monkeypatch, name: str, happens: Callable[[], None]) -> None:
    """Patched: a wait of a minute, or a database that goes away, at one exact moment."""
    real = getattr(AccountTokens, name)

    async def wait(*args):
        await sync_to_async(happens)()
        return await real(*args)

    monkeypatch.setattr(AccountTokens, name, wait)


def test_call_issued_at_the_last_moment_ends_before_its_lease():
    assert LEASE_MARGIN_SECONDS > http.TOTAL_SECONDS


def test_no_call_after_a_wait_for_the_token_that_outlasted_the_lease(campaign, platform, clock, monkeypatch):
    def lose_the_lease() -> None:
        clock.ahead += store.LEASE_SECONDS
        Mailbox.objects.update(lease_owner="heir", lease_until=timezone.now() + timedelta(hours=1))
        store.lose(Delivery.objects.filter(state="sending"), now=timezone.now())

    while_waiting(monkeypatch, "get", lose_the_lease)
    send(clock)

    assert seen(platform) == []
    assert rows(campaign) == {("unknown", 1, 1)}


def test_no_second_call_after_a_renewal_that_outlasted_the_lease(
    campaign, account, platform, clock, monkeypatch
):
    """The first call was refused for its token, so the message is surely not there."""

    def outlast_the_lease() -> None:
        clock.ahead += store.LEASE_SECONDS
        Mailbox.objects.update(lease_owner="heir", lease_until=timezone.now() + timedelta(hours=1))

    account.access_token = "void"
    account.save(update_fields=["access_token"])
    while_waiting(monkeypatch, "renew", outlast_the_lease)
    send(clock)

    assert sum(seen(platform)) == 0
    assert rows(campaign) == {("queued", 0, 0)}


def test_row_whose_token_could_not_be_read_goes_back_unissued(campaign, platform, clock, monkeypatch):
    failures = [OperationalError("gone")]

    def fail_once() -> None:
        if failures:
            raise failures.pop()

    while_waiting(monkeypatch, "get", fail_once)
    assert send(clock).again_in == 0
    send(clock)

    assert seen(platform) == [1, 1, 1]
    assert rows(campaign) == {("sent", 1, 0)}
