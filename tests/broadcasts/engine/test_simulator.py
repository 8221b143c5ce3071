"""The engine with the real client against the simulated platform; judged by what members see."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from broadcasts.engine.drain import Report
from broadcasts.models import Broadcast, Delivery
from broadcasts.services import sending
from groups.enums import AccountState
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.broadcasts.drains import drain_here
from tests.factories import GroupFactory


@pytest.fixture
def platform(settings) -> Iterator[SimulatorThread]:
    with SimulatorThread(World(is_open=True)) as simulator:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = simulator.url
        yield simulator


@pytest.fixture
def campaign(approved, area, account, platform) -> Broadcast:
    """Thirty queued rows of one account."""
    for _number in range(30):
        GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    platform.control("POST", "oas", {"oa_id": account.oa_id, "rate_per_minute": 1000})
    broadcast = approved()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    return broadcast


def send(**options) -> Report:
    return drain_here(**{"seconds": 10} | options)


def read_groups() -> None:
    """Let the time of the next look come."""
    Delivery.objects.filter(state="unknown").update(next_attempt_at=timezone.now())
    send()


def seen(platform: SimulatorThread) -> list[int]:
    """Messages by group, as its members see them."""
    return [len(group.messages) for group in platform.world.groups.values()]


def states(broadcast: Broadcast) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in broadcast.deliveries.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def test_every_group_sees_the_post_once(campaign, platform):
    send()

    assert states(campaign) == {"sent": 30}
    assert seen(platform) == [1] * 30
    ids = {message.message_id for group in platform.world.groups.values() for message in group.messages}
    assert set(campaign.deliveries.values_list("message_id", flat=True)) == ids


@pytest.mark.parametrize(
    "fault", ["reset_after", "gateway_after", "truncated", "empty", "html", "failed_after"]
)
def test_lost_answer_of_a_delivered_message_is_found_in_the_group(campaign, platform, fault):
    platform.control("POST", "faults", {"kind": fault, "path": "group/message", "times": 4})

    send()
    assert states(campaign) == {"sent": 26, "unknown": 4}
    read_groups()

    assert states(campaign) == {"sent": 30}
    assert seen(platform) == [1] * 30


@pytest.mark.parametrize("fault", ["reset_before", "gateway_before", "failed_before"])
def test_lost_answer_of_an_undelivered_message_is_not_believed_at_once(campaign, platform, fault):
    platform.control("POST", "faults", {"kind": fault, "path": "group/message", "times": 3})

    send()
    read_groups()

    assert states(campaign) == {"sent": 27, "unknown": 3}
    assert sum(seen(platform)) == 27


def test_token_that_expires_in_mid_campaign_is_renewed_once(campaign, account, platform):
    platform.control("POST", "tokens/expire", {"oa_id": account.oa_id})

    send()

    calls = platform.control("GET", "stats")["calls"]
    assert states(campaign) == {"sent": 30}
    assert seen(platform) == [1] * 30
    assert sum(calls["/v4/oa/access_token"].values()) == 1


def test_revoked_account_asks_for_a_new_grant_and_loses_no_row(campaign, account, platform):
    platform.control("POST", "tokens/revoke", {"oa_id": account.oa_id})

    send()

    account.refresh_from_db()
    assert account.state in (AccountState.NEEDS_GRANT, AccountState.STOPPED)
    assert states(campaign) == {"blocked": 30}
    assert sum(seen(platform)) == 0


def test_platform_that_counts_fewer_calls_than_we_think_is_obeyed(campaign, account, platform):
    platform.control("POST", "oas", {"oa_id": account.oa_id, "rate_per_minute": 10})

    send()

    found = states(campaign)
    assert found["sent"] == 10
    assert found.get("refused", 0) == 0
    assert set(campaign.deliveries.exclude(state="sent").values_list("attempts", flat=True)) == {0}


def test_unreachable_platform_costs_no_attempt_and_opens_the_breaker(campaign, platform, settings):
    settings.ZALO_API_URL = "http://127.0.0.1:9"

    report = send(concurrency=1)

    assert report.calls == 5
    assert states(campaign) == {"queued": 25, "waiting": 5}
    assert set(campaign.deliveries.values_list("attempts", flat=True)) == {0}
