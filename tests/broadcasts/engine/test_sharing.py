"""Fetching beside writing, and several drains beside each other, on a database that lets them."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, connections

from broadcasts.engine.drain import Report, drain
from broadcasts.engine.turns import turn
from broadcasts.models import Broadcast, Mailbox
from groups.zalo import fake
from tests.factories import BroadcastFactory, DeliveryFactory, GroupFactory, OfficialAccountFactory
from tests.waiting import wait_for

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


class SlowZalo(fake.FakeZalo):
    """Zalo in memory, after a moment."""

    async def send_group_text(self, group_id: str, content: str):
        await asyncio.sleep(0.05)
        return await super().send_group_text(group_id, content)


@pytest.fixture(autouse=True)
def _needs_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")


@pytest.fixture
def zalo(zalo, settings) -> fake.FakeWorld:
    settings.ZALO_CLIENT = f"{__name__}.SlowZalo"
    return zalo


@pytest.fixture
def campaign(area) -> Callable[..., Broadcast]:
    """``campaign(accounts, rows)``: so many accounts with as many rows each, being sent."""

    def make(accounts: int, rows: int, *, urgent: bool = False) -> Broadcast:
        broadcast = BroadcastFactory(
            unit=area.commune_a, state="sending", text="Lũ quét" if urgent else "Thường"
        )
        for _account in range(accounts):
            account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=1000)
            Mailbox.objects.create(account=account)
            for _group in range(rows):
                group = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
                DeliveryFactory(broadcast=broadcast, group=group, priority=0 if urgent else 1)
        return broadcast

    return make


@contextmanager
def running(**options):
    """A drain in a thread; its reports, once it is over."""
    reports: list[Report] = []

    def run() -> None:
        try:
            reports.append(drain(**{"seconds": 20} | options))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield reports
    finally:
        thread.join(120)


def test_rows_are_fetched_while_outcomes_wait_for_the_database(campaign, zalo):
    """Who locks the attempts holds up outcomes. Were the drain to die now, the sweep would find every row."""
    broadcast = campaign(1, 60)
    with psycopg.connect(**connection.get_connection_params()) as lock:
        lock.execute("LOCK TABLE broadcasts_attempt IN ACCESS EXCLUSIVE MODE")
        with running(concurrency=5) as reports:
            wait_for(lambda: len(zalo.sent) == 60)
            states = Counter(broadcast.deliveries.values_list("state", flat=True))
            in_doubt = broadcast.deliveries.exclude(claim="").exclude(claimed_at=None).count()
            lock.rollback()

    assert (states, in_doubt) == (Counter(sending=60), 60)
    assert set(broadcast.deliveries.values_list("state", "attempts")) == {("sent", 1)}
    assert reports[0].calls == 60


def test_second_drain_finds_the_mailboxes_the_first_has_no_use_for(campaign, zalo, monkeypatch):
    """Patched: two mailboxes in a lot, or the test would need a hundred."""
    monkeypatch.setattr("broadcasts.engine.leases.LOT", 2)
    broadcast = campaign(6, 20)
    called = threading.Event()
    with running(concurrency=2, call_others=called.set) as first:
        assert called.wait(10)
        with running(concurrency=2) as second:
            pass

    assert min(first[0].calls, second[0].calls) >= 20
    assert first[0].calls + second[0].calls == 120
    assert set(Counter(posted.group_id for posted in zalo.sent).values()) == {1}
    assert set(broadcast.deliveries.values_list("state", "attempts")) == {("sent", 1)}
    assert not Mailbox.objects.exclude(lease_owner="").exists()


def test_urgent_rows_of_a_mailbox_nobody_holds_do_not_wait_for_the_held_ones(campaign, zalo, monkeypatch):
    """Patched: one mailbox in a lot. A hint that finds its process busy is heard by the drain there."""
    monkeypatch.setattr("broadcasts.engine.leases.LOT", 1)
    campaign(1, 60)
    with running(concurrency=1):
        wait_for(lambda: bool(zalo.sent))
        campaign(1, 2, urgent=True)
        turn.begin(60)
        turn.begin(60)

    turn.end()
    texts = [posted.text for posted in zalo.sent]
    assert len(texts) == 62
    assert texts.index("Lũ quét") < 50


@pytest.mark.parametrize("renewed_after", [20, 0])
def test_mailboxes_with_few_rows_are_taken_many_at_a_time(renewed_after, campaign, zalo, monkeypatch):
    """Patched: a lot of two, and leases renewed at once. What comes by ones must not cost a look for each."""
    monkeypatch.setattr("broadcasts.engine.leases.LOT", 2)
    monkeypatch.setattr("broadcasts.engine.leases.RENEW_SECONDS", renewed_after)
    campaign(12, 1)
    looks = Counter()
    real = drain.__globals__["Leases"]._take

    async def counted(self, *args, **options):
        looks["taken"] += 1
        return await real(self, *args, **options)

    monkeypatch.setattr(drain.__globals__["Leases"], "_take", counted)
    with running(concurrency=8) as reports:
        pass

    assert reports[0].calls == 12
    assert looks["taken"] <= 3
