"""A flood through the real door with two workers behind it, and the simulator in the place of Zalo."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.db.models import Sum

from broadcasts.enums import DeliveryState
from groups.enums import AccountState
from groups.models import Group, GroupSize, ZaloEvent
from groups.services import inbox, signers
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    OfficialAccountFactory,
    UnitFactory,
)
from tests.groups.webhooks import URL, moved, post, raw
from tests.waiting import wait_for

EVENTS = 5000
SENDERS = 8


@pytest.fixture(autouse=True)
def _fresh_keys():
    signers.forget()


def on_own_connection(call: Callable[..., object]) -> Callable[..., object]:
    """``call`` in a thread of its own, which leaves no connection behind."""

    def run(*args: object) -> object:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return run


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_flood_of_5000_events_loses_none_and_doubles_none():
    assert connection.vendor == "postgresql", "needs PostgreSQL (tests/run.sh, part 2)"
    account = OfficialAccountFactory()
    unit = UnitFactory(village=True)
    groups = [
        GroupFactory(gmf=True, unit=unit, official_account=account, members_count=0, households_count=0)
        for _number in range(20)
    ]
    # Every tenth is delivered twice, as Zalo does when an answer is late.
    bodies = [raw(moved(groups[number % 20], "user_join_group")) for number in range(EVENTS)]
    deliveries = bodies + bodies[::10]

    with ThreadPoolExecutor(SENDERS + 2) as pool:
        shares = [deliveries[number::SENDERS] for number in range(SENDERS)]
        sent = [pool.submit(on_own_connection(_send), share) for share in shares]
        statuses = [status for future in sent for status in future.result()]
        workers = [pool.submit(on_own_connection(inbox.process_due)) for _number in range(2)]
        done = sum(future.result() for future in workers)
        while more := inbox.process_due():
            done += more

    assert set(statuses) == {200} and len(statuses) == EVENTS * 1.1
    assert (done, ZaloEvent.objects.count()) == (EVENTS, EVENTS)
    assert not ZaloEvent.objects.filter(processed_at=None).exists()
    assert Group.objects.aggregate(all=Sum("members_count"))["all"] == EVENTS
    assert GroupSize.objects.aggregate(all=Sum("members"))["all"] == EVENTS


def _send(bodies: list[bytes]) -> list[int]:
    return [post(body).status_code for body in bodies]


@pytest.fixture
def zalo(live_server):
    """The simulator, sending its events to this portal."""
    world = World(seed=1)
    world.webhook_url = live_server.url + URL
    with SimulatorThread(world) as running:
        yield running


@pytest.fixture
def group(zalo) -> Group:
    group = GroupFactory(gmf=True)
    names = ("oa_id", "app_id", "app_secret", "oa_secret", "access_token", "refresh_token")
    zalo.control("POST", "oas", {name: getattr(group.official_account, name) for name in names})
    row = {
        "group_id": group.zalo_group_id,
        "oa_id": group.official_account.oa_id,
        "name": group.name,
        "size": 30,
    }
    zalo.control("POST", "groups", [row])
    return group


def call_zalo(zalo: SimulatorThread, group: Group, text: str) -> None:
    """Post in the group as the portal does, by plain HTTP."""
    import json
    import urllib.request

    body = {"recipient": {"group_id": group.zalo_group_id}, "message": {"text": text}}
    request = urllib.request.Request(
        f"{zalo.url}/v3.0/oa/group/message",
        json.dumps(body).encode(),
        {"access_token": group.official_account.access_token, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert json.load(answer)["error"] == 0


@pytest.mark.django_db(transaction=True)
def test_simulators_echo_is_genuine_and_settles_the_delivery(zalo, group):
    broadcast = BroadcastFactory(code="TB-2611-0077")
    row = DeliveryFactory(group=group, broadcast=broadcast, state=DeliveryState.UNKNOWN)

    call_zalo(zalo, group, "Đề phòng cháy nổ\nTB-2611-0077 · Kiểm tra: http://testserver/kiem-tra/")
    wait_for(ZaloEvent.objects.filter(name="oa_send_group_text").exists)
    inbox.process_due()

    row.refresh_from_db()
    assert row.state == DeliveryState.SENT and row.message_id
    assert zalo.control("GET", "stats")["webhooks"] == {"200": 1}


@pytest.mark.django_db(transaction=True)
def test_simulators_private_message_arrives_with_its_letters(zalo, group):
    account = group.official_account
    person = zalo.control("POST", "people", {"oa_id": account.oa_id, "name": "Bà H."})
    zalo.control("POST", f"people/{account.oa_id}/{person['user_id']}/messages", {"text": "Có người lạ ạ"})
    found = ZaloEvent.objects.filter(name="user_send_text", account=account)
    wait_for(found.exists)
    assert "Có người lạ ạ" in found.get().body


@pytest.mark.django_db(transaction=True)
def test_revocation_at_the_simulator_stops_the_account(zalo, group):
    account = group.official_account
    zalo.control("POST", "tokens/revoke", {"oa_id": account.oa_id})
    wait_for(ZaloEvent.objects.filter(name="permission_revoked").exists)
    inbox.process_due()
    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_GRANT
