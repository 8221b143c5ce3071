"""How slowly a sync asks, whose turn it is, and what one failing account leaves to the others."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from groups.enums import AccountState
from groups.models import Group, OfficialAccount
from groups.services import sync
from groups.tasks import sync_groups
from groups.zalo import fake
from groups.zalo.errors import classify
from groups.zalo.fake import world
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.factories import GroupFactory, OfficialAccountFactory
from tests.groups.sync.directory import FAST, run

pytestmark = pytest.mark.django_db


def test_failing_account_stops_no_other_and_says_why(account, group, area):
    world.fail_next(classify(-224), times=1)
    other = OfficialAccountFactory(unit=area.commune_b, rate_per_minute=FAST)
    assert sync.sync_accounts([account.pk, other.pk]) == 1
    account.refresh_from_db()
    other.refresh_from_db()
    [failed] = [row for row in (account, other) if row.sync_error]
    assert "Gói dịch vụ" in failed.sync_error and failed.synced_at is None
    assert failed.state == AccountState.ACTIVE


def test_accident_in_one_account_stops_no_other(account, group, area, monkeypatch, caplog):
    apply, other = sync.sync_changes.apply, OfficialAccountFactory(unit=area.commune_b, rate_per_minute=FAST)

    def breaks(row, seen, *, by=None):
        if row.pk == account.pk:
            raise ZeroDivisionError
        return apply(row, seen, by=by)

    monkeypatch.setattr(sync.sync_changes, "apply", breaks)
    assert sync.sync_accounts([account.pk, other.pk]) == 1
    account.refresh_from_db()
    assert account.sync_error.startswith("Cổng gặp lỗi") and account.sync_started_at is None
    assert "ZeroDivisionError" in caplog.text and "ZeroDivisionError" not in account.sync_error


def test_call_limit_ends_the_run_and_keeps_what_was_listed(account, group, monkeypatch):
    async def over_limit(self, group_id):
        raise classify(-32)

    monkeypatch.setattr(fake.FakeZalo, "get_group", over_limit)
    found = run(account)
    assert (found.members_count, found.zalo_read_at) == (31, None)


def test_account_that_waits_for_its_grant_is_not_read(account, group):
    OfficialAccount.objects.update(state=AccountState.NEEDS_GRANT)
    assert sync.sync_accounts([account.pk]) == 0


def test_account_being_read_is_not_read_twice_but_a_dead_readers_claim_is_taken_over(account, group):
    OfficialAccount.objects.update(sync_started_at=timezone.now())
    assert sync.sync_accounts([account.pk]) == 0
    OfficialAccount.objects.update(sync_started_at=timezone.now() - timedelta(minutes=6))
    assert sync.sync_accounts([account.pk]) == 1


@pytest.mark.parametrize("wrong_by", [timedelta(hours=2), timedelta(hours=-2)], ids=["ahead", "behind"])
def test_reader_on_a_machine_with_a_wrong_clock_claims_by_the_databases(account, group, wrong_by):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    OfficialAccount.objects.update(sync_started_at=timezone.now())
    with time_machine.travel(timezone.now() + wrong_by):
        assert sync._claim(account.pk) is None
    OfficialAccount.objects.update(sync_started_at=timezone.now() - timedelta(minutes=6))
    with time_machine.travel(timezone.now() + wrong_by):
        assert sync._claim(account.pk) is not None


def test_night_reads_each_account_once_a_day(account, group):
    assert sync.sync_due() == 1
    assert sync.sync_due() == 0
    OfficialAccount.objects.update(synced_at=timezone.now() - timedelta(days=1))
    assert sync.sync_due() == 1
    sync_groups.run()


def test_night_comes_back_for_slots_it_had_no_turn_for(account, group):
    sync.sync_due()
    Group.objects.update(zalo_read_at=timezone.now() - timedelta(days=4))
    assert sync.sync_due() == 1


def test_calls_take_a_fifth_of_the_accounts_minute(account, group):
    OfficialAccount.objects.update(rate_per_minute=3000)  # a turn each 0.1 s
    for number in range(4):
        row = GroupFactory(gmf=True, unit=group.unit, official_account=account, name=f"Tổ {number}")
        world.add_group(row.zalo_group_id, row.name)
    began = time.monotonic()
    run(account)
    # One list and five groups: five pauses between six calls.
    assert time.monotonic() - began >= 0.5


def test_run_that_has_no_time_left_keeps_what_it_saw(account, group):
    OfficialAccount.objects.update(rate_per_minute=60)  # a turn each 5 s
    began = time.monotonic()
    found = run(account, seconds=2)
    assert time.monotonic() - began < 2
    assert (found.members_count, found.zalo_read_at) == (31, None)


def test_sync_leaves_the_rest_of_a_busy_minute_to_sending(account, group, area, settings):
    """Against the simulator: its rate headers say how much of the minute is left."""
    settings.ZALO_CLIENT = "groups.zalo.client.ZaloClient"
    with SimulatorThread(World(seed=1)) as zalo:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = zalo.url
        names = ("oa_id", "access_token", "refresh_token")
        about = {name: getattr(account, name) for name in names}
        zalo.control("POST", "oas", {**about, "rate_per_minute": 10})
        rows = [
            GroupFactory(gmf=True, unit=area.village_a, official_account=account) for _number in range(20)
        ]
        about = [{"group_id": r.zalo_group_id, "oa_id": account.oa_id, "name": r.name} for r in rows]
        zalo.control("POST", "groups", about)
        assert sync.sync_accounts([account.pk]) == 1
        calls = zalo.control("GET", "stats")["calls"]
    assert "-32" not in str(calls)
    assert account.groups.exclude(zalo_read_at=None).count() < 10
    assert account.groups.exclude(zalo_name="").count() == 20
