"""Two drains at once on a database that lets them: every group gets its post once."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.utils import timezone

from broadcasts.codes import next_code
from broadcasts.engine import store
from broadcasts.engine.drain import drain
from broadcasts.models import Broadcast, Mailbox
from broadcasts.services import sending
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, OfficialAccountFactory

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _needs_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: nothing to race for")


def at_once(*functions: Callable[[], object]) -> list:
    """Run each in a thread, all started together; their results in order."""
    barrier, results = threading.Barrier(len(functions)), [None] * len(functions)

    def run(number: int, function: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            results[number] = function()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


@pytest.fixture
def campaign(area) -> Broadcast:
    """Sixty rows over three accounts, being sent."""
    broadcast = BroadcastFactory(unit=area.commune_a, state="sending", text="Nội dung\n\nTB-2611-0001 · x")
    for _account in range(3):
        account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=1000)
        Mailbox.objects.create(account=account)
        for _group in range(20):
            group = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
            DeliveryFactory(broadcast=broadcast, group=group)
    return broadcast


def test_four_drains_make_one_call_for_each_row(campaign, zalo):
    reports = at_once(*[lambda: drain(seconds=10, concurrency=8)] * 4)

    assert sum(report.calls for report in reports) == 60
    assert set(Counter(posted.group_id for posted in zalo.sent).values()) == {1}
    assert set(campaign.deliveries.values_list("state", "attempts")) == {("sent", 1)}
    assert not Mailbox.objects.exclude(lease_owner="").exists()


def test_two_claims_of_one_mailbox_give_rows_to_its_holder_only(campaign):
    """A drain whose lease was taken over claims at the same moment as its heir."""
    mailbox = Mailbox.objects.order_by("pk").first()
    Mailbox.objects.update(lease_owner="heir")
    now, budget = timezone.now(), [(mailbox.pk, mailbox.account_id, 15)]

    def claim_as(owner: str) -> list[int]:
        calls, _held = store.claim(owner, budget, {mailbox.pk: {}}, now=now)
        return [call.delivery_id for call in calls]

    late, heir = at_once(lambda: claim_as("late"), lambda: claim_as("heir"))

    assert (len(late), len(heir)) == (0, 15)


def test_two_leases_of_one_mailbox_have_one_holder(campaign):
    now = timezone.now()
    held = at_once(*[lambda n=n: store.lease(f"drain{n}", now=now, count=9) for n in range(4)])

    accounts = [lease.account_id for leases in held for lease in leases]
    assert sorted(accounts) == sorted(set(accounts))
    assert len(accounts) == 3


def test_two_expansions_write_each_row_once(area, campaign):
    broadcast = BroadcastFactory(unit=area.commune_a, state="expanding", started_at=timezone.now())

    at_once(*[lambda: sending.expand(broadcast.pk)] * 3)

    broadcast.refresh_from_db()
    assert broadcast.deliveries.count() == 60
    assert broadcast.state == "sending"


def test_codes_handed_out_at_once_differ(db):
    codes = at_once(*[lambda: [next_code("TB") for _number in range(10)]] * 4)

    assert len({code for batch in codes for code in batch}) == 40
