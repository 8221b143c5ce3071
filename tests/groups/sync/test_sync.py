"""The directory in step with Zalo: what a sync changes and what it leaves alone."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from groups.enums import GroupState
from groups.models import FoundGroup, Group, GroupSize
from groups.services import groups as directory
from groups.services import sync
from groups.zalo import fake
from groups.zalo.errors import Temporary, classify
from groups.zalo.fake import world
from groups.zalo.group_calls import GroupCalls
from groups.zalo.records import GroupInfo
from tests.factories import GroupFactory
from tests.groups.sync.directory import at_zalo, entries, run

pytestmark = pytest.mark.django_db


def test_first_sync_brings_name_link_size_and_slot(account, group):
    at_zalo(group, asset_valid_through=date(2027, 1, 31), asset_renews_itself=True)
    found = run(account)
    assert (found.name, found.zalo_name, found.members_count) == ("An ninh thôn", "An ninh thôn", 31)
    assert found.join_url == f"https://zalo.me/g/{group.zalo_group_id[:9]}"
    assert (found.asset_valid_through, found.asset_renews) == (date(2027, 1, 31), True)
    assert [row.source for row in found.sizes.all()] == ["zalo"]
    account.refresh_from_db()
    assert account.synced_at > timezone.now() - timedelta(minutes=1)
    assert (account.sync_started_at, account.sync_error) == (None, "")
    # The link that members had before is replaced: that is news. The rest was read for the first time.
    assert entries() == [{"fields": ["join_url"]}]


def test_second_sync_changes_nothing(account, group):
    run(account)
    before = entries()
    run(account)
    assert entries() == before
    assert group.sizes.count() == 1


def test_many_pages_are_read(account, area):
    groups = [GroupFactory(gmf=True, unit=area.village_a, official_account=account) for _number in range(60)]
    for row in groups:
        world.add_group(row.zalo_group_id, row.name, members=12)
    run(account)
    assert set(account.groups.values_list("members_count", flat=True)) == {12}
    assert account.groups.filter(state=GroupState.ACTIVE).count() == 60


def test_group_renamed_at_zalo_keeps_our_name_and_shows_theirs(account, group, client):
    run(account)
    at_zalo(group, name="Hội bán hàng")
    found = run(account)
    assert (found.name, found.zalo_name, found.is_renamed) == ("An ninh thôn", "Hội bán hàng", True)
    assert entries()[-1] == {"fields": ["zalo_name"]}
    link = directory.open_join_link(found, by=None)
    assert "«Hội bán hàng»" in client.get(f"/n/{link.code}/").content.decode()


def test_disabled_group_is_flagged_and_comes_back(account, group):
    at_zalo(group, status="disabled", dissolves_on=date(2026, 12, 30))
    found = run(account)
    assert (found.state, found.dissolves_on) == (GroupState.DISABLED, date(2026, 12, 30))
    at_zalo(group, status="enabled", dissolves_on=None)
    found = run(account)
    assert (found.state, found.dissolves_on) == (GroupState.ACTIVE, None)
    states = [data["state"] for data in entries() if "state" in data]
    assert states == [["active", "disabled"], ["disabled", "active"]]


def test_vanished_group_is_flagged_not_deleted_and_comes_back(account, group):
    gone = world.groups.pop(group.zalo_group_id)
    assert run(account).state == GroupState.VANISHED
    run(account)
    world.groups[group.zalo_group_id] = gone
    assert run(account).state == GroupState.ACTIVE
    states = [data["state"] for data in entries() if "state" in data]
    assert states == [["active", "vanished"], ["vanished", "active"]]


@pytest.mark.parametrize("status", ["enabled", "disabled"])
def test_group_that_an_officer_closed_stays_closed(account, group, status):
    Group.objects.update(state=GroupState.CLOSED)
    at_zalo(group, status=status)
    assert run(account).state == GroupState.CLOSED


def test_group_missing_from_the_list_but_known_by_its_id_is_not_gone(account, group, monkeypatch):
    async def empty(self, offset=0, count=50):
        return fake.Page([], 0, offset)

    monkeypatch.setattr(fake.FakeZalo, "list_groups", empty)
    assert run(account).state == GroupState.ACTIVE


def test_list_that_is_shorter_than_its_total_condemns_nobody(account, group, monkeypatch):
    async def short(self, offset=0, count=50):
        return fake.Page([], 7, offset)

    monkeypatch.setattr(fake.FakeZalo, "list_groups", short)
    world.groups.clear()
    assert run(account).state == GroupState.ACTIVE
    account.refresh_from_db()
    assert account.synced_at is None


@pytest.mark.parametrize(
    ("code", "state"),
    [(-201, "vanished"), (-403, "vanished"), (-237, "disabled")]
    + [(code, "active") for code in (-999, -210, -238, -241, -214)],
)
def test_missing_group_is_gone_only_when_zalo_does_not_know_it(account, group, code, state):
    del world.groups[group.zalo_group_id]
    world.fail_next(classify(code), group_id=group.zalo_group_id)
    assert run(account).state == state


class Silent(fake.FakeZalo):
    """Zalo as it says only that all went well: ``{"error": 0, "message": "Success"}``."""

    list_groups, get_group = GroupCalls.list_groups, GroupCalls.get_group

    async def _read(self, path, **params):
        return None


class SilentOfOne(Silent):
    list_groups = fake.FakeZalo.list_groups


def test_success_without_the_group_changes_nothing(account, group, settings):
    end = {"asset_valid_through": date(2026, 12, 31), "dissolves_on": date(2026, 12, 30)}
    Group.objects.update(state=GroupState.DISABLED, members_count=31, **end)
    at_zalo(group, status="disabled")
    settings.ZALO_CLIENT = f"{__name__}.SilentOfOne"
    found = run(account)
    assert (found.state, found.members_count) == (GroupState.DISABLED, 31)
    assert (found.asset_valid_through, found.dissolves_on) == tuple(end.values())


def test_success_without_a_group_missing_from_the_list_condemns_nobody(account, group, settings):
    world.groups.clear()
    settings.ZALO_CLIENT = f"{__name__}.SilentOfOne"
    found = run(account)
    assert (found.state, found.members_count, found.sizes.count()) == (GroupState.ACTIVE, 30, 0)


def test_success_without_a_list_is_none_and_forgets_no_found_group(account, group, settings):
    FoundGroup.objects.create(account=account, zalo_group_id="f" * 20, name="Tổ dân phố 9")
    settings.ZALO_CLIENT = f"{__name__}.Silent"
    assert sync.sync_accounts([account.pk]) == 0
    account.refresh_from_db()
    assert FoundGroup.objects.exists() and account.sync_error and account.synced_at is None


def test_list_without_its_total_is_not_whole(account, group, monkeypatch):
    async def uncounted(self, offset=0, count=50):
        return fake.Page([], None, offset)

    monkeypatch.setattr(fake.FakeZalo, "list_groups", uncounted)
    FoundGroup.objects.create(account=account, zalo_group_id="f" * 20, name="Tổ dân phố 9")
    world.groups.clear()
    assert run(account).state == GroupState.ACTIVE
    assert FoundGroup.objects.exists()


def test_group_listed_without_state_and_number_keeps_both(account, group):
    Group.objects.update(state=GroupState.DISABLED, members_count=31)
    world.add_group("f" * 20, "Tổ dân phố 9", members=44)
    run(account)
    Group.objects.update(state=GroupState.DISABLED)
    for group_id, info in world.groups.items():
        world.groups[group_id] = GroupInfo.read({"group_id": group_id, "name": info.name})
    found = run(account)
    assert (found.state, found.members_count) == (GroupState.DISABLED, 31)
    assert FoundGroup.objects.get().members == 44


def test_group_that_cannot_be_read_stops_no_other_and_waits_its_turn(account, group, area):
    others = [GroupFactory(gmf=True, unit=area.village_a, official_account=account) for _number in range(7)]
    for row in others:
        world.add_group(row.zalo_group_id, row.name)
    bad = [group, *others[:5]]
    for row in bad:
        world.fail_next(Temporary(None, "lost"), group_id=row.zalo_group_id, times=9)
    # Five in a row end a run: it may be Zalo, not the groups.
    run(account)
    assert account.groups.exclude(zalo_read_at=None).count() == 5
    run(account)
    assert not account.groups.filter(zalo_read_at=None).exists()
    account.refresh_from_db()
    assert account.sync_error == "" and "nhóm chưa đọc được" in sync.result_words(account)
    assert set(account.groups.values_list("state", flat=True)) == {GroupState.ACTIVE}


def test_size_is_one_row_a_day_and_follows_the_day(account, group):
    run(account)
    at_zalo(group, members=35)
    found = run(account)
    assert found.members_count == 35
    assert list(group.sizes.values_list("day", "members")) == [(timezone.localdate(), 35)]


def test_count_by_hand_of_today_is_not_overwritten(account, group):
    directory.record_size(group, members=28, households=26, by=None)
    found = run(account)
    assert (found.members_count, found.households_count) == (28, 26)
    assert list(group.sizes.values_list("members", "source")) == [(28, "counted")]


def test_households_counted_by_hand_go_on_at_most_one_for_each_member(account, group):
    yesterday = timezone.localdate() - timedelta(days=1)
    directory.record_size(group, members=30, households=27, day=yesterday, by=None)
    assert run(account).households_count == 27
    at_zalo(group, members=20)
    assert run(account).households_count == 20
    at_zalo(group, members=40)
    assert run(account).households_count == 27
    assert group.sizes.get(day=yesterday).households == 27


def test_count_by_hand_replaces_the_one_from_zalo(account, group):
    run(account)
    directory.record_size(group, members=29, households=20, by=None)
    assert GroupSize.objects.get().source == GroupSize.Source.COUNTED
