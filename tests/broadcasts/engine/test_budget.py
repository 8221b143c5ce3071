"""All calls of an account in one minute: sending, reading groups, and what somebody waits for."""

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection, connections
from django.utils import timezone

from broadcasts.engine.drain import drain
from broadcasts.engine.pace import CLAIMED
from broadcasts.models import Mailbox
from broadcasts.services import budget, sending
from groups.services import sync, zalo_groups
from groups.services.call_budget import take
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal.errors import PortalError
from tests.broadcasts.drains import drain_here
from tests.factories import GroupFactory, OfficialAccountFactory, make_user

RATE = 40


@pytest.fixture
def platform(settings):
    """Zalo with limits far above ours: it counts, and refuses nothing."""
    settings.ZALO_CLIENT = "groups.zalo.client.ZaloClient"
    with SimulatorThread(World(is_open=True)) as simulator:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = simulator.url
        yield simulator


@pytest.fixture
def account(area, platform, monkeypatch):
    # A turn each 0.01 s: a night's reading in a second.
    monkeypatch.setattr(sync, "SHARE", 150.0)
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=RATE)
    platform.control("POST", "oas", {"oa_id": account.oa_id, "rate_per_minute": 10_000})
    for number in range(30):
        group = GroupFactory(gmf=True, unit=area.village_a, official_account=account, name=f"Tổ {number}")
        about = {"group_id": group.zalo_group_id, "oa_id": account.oa_id, "name": group.name}
        platform.control("POST", "groups", [about])
    return account


@pytest.fixture
def campaign(approved, account):
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    return broadcast


def send(seconds: float = 3) -> int:
    return drain_here(seconds=seconds).calls


def busiest(platform, account) -> int:
    return platform.control("GET", "stats")["accounts"][account.oa_id]["busiest_sliding_minute"]


def leased(account, **fields) -> None:
    until = timezone.now() + timedelta(seconds=50)
    values = {"lease_owner": "somebody", "lease_until": until} | fields
    Mailbox.objects.update_or_create(account=account, defaults=values)


def now() -> float:
    return timezone.now().timestamp()


@pytest.mark.django_db
def test_reading_after_sending_makes_only_the_calls_that_are_left(campaign, account, platform):
    assert send() == 30
    sync.sync_accounts([account.pk], seconds=5)

    assert busiest(platform, account) == budget.usable_rate(RATE)


@pytest.mark.django_db
def test_sending_after_reading_makes_only_the_calls_that_are_left(campaign, account, platform):
    sync.sync_accounts([account.pk], seconds=20)
    send()

    assert busiest(platform, account) == budget.usable_rate(RATE)
    assert campaign.deliveries.filter(state="sent").count() == budget.usable_rate(RATE) - 31


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_reading_while_sending_never_passes_the_limit(campaign, account, platform):
    """Drains come and go; reading takes its turns between them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite in memory has one writer: nothing to race for")

    def read() -> None:
        try:
            close_old_connections()
            sync.sync_accounts([account.pk], seconds=6)
        finally:
            connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    for _turn in range(3):
        drain(seconds=1)
    reader.join(120)

    assert not reader.is_alive()
    assert 30 <= busiest(platform, account) <= budget.usable_rate(RATE)


@pytest.mark.django_db
def test_reading_waits_while_the_mailbox_is_leased_and_says_no_error(account, platform):
    leased(account)
    assert sync.sync_accounts([account.pk], seconds=1) == 1

    account.refresh_from_db()
    assert account.sync_error == ""
    assert account.oa_id not in platform.control("GET", "stats")["accounts"]


@pytest.mark.django_db
def test_second_try_with_a_new_token_is_a_call_of_its_own(account, platform):
    platform.control("POST", "tokens/expire", {"oa_id": account.oa_id})
    sync.sync_accounts([account.pk], seconds=1)

    seen = platform.control("GET", "stats")["accounts"][account.oa_id]["calls"]
    assert seen <= sum(Mailbox.objects.get().window.values())


@pytest.mark.django_db
def test_somebody_who_waits_takes_from_the_reserve_while_the_account_sends(account, area, platform):
    leased(account)
    assert [take(account.pk, is_urgent=True) for _call in range(3)] == [True, False, False]
    assert take(account.pk) is False

    group = account.groups.first()
    steward = make_user("supervisor", area.district)
    with pytest.raises(PortalError, match="hạn mức của phút này"):
        zalo_groups.look(group, by=steward)


@pytest.mark.django_db
def test_place_of_the_reserve_comes_back_after_a_minute(account):
    leased(account, lease_until=timezone.now() + timedelta(minutes=5))
    start = now()
    assert budget.take(account.pk, 1, now=start, is_urgent=True) == 1
    assert budget.take(account.pk, 1, now=start + 69, is_urgent=True) == 0
    assert budget.take(account.pk, 1, now=start + 72, is_urgent=True) == 1


@pytest.mark.django_db
def test_holder_that_died_leaves_its_places_in_use_and_cannot_come_back(account):
    until = timezone.now() - timedelta(seconds=5)
    leased(account, lease_until=until, window={CLAIMED: RATE - 5})

    assert budget.take(account.pk, 100, now=now()) == budget.usable_rate(RATE) - (RATE - 5)

    mailbox = Mailbox.objects.get()
    assert mailbox.lease_owner != "somebody"
    assert mailbox.lease_until == until
    assert CLAIMED not in mailbox.window
