"""The directory in step with Zalo: what a sync changes, what it leaves alone, and how slowly it asks."""

import time
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from groups.enums import AccountState, GroupKind, GroupState, Role
from groups.models import FoundGroup, Group, GroupSize, OfficialAccount
from groups.services import groups as directory
from groups.services import sync
from groups.tasks import sync_account, sync_groups
from groups.zalo import fake
from groups.zalo.errors import Temporary, classify
from groups.zalo.fake import world
from groups.zalo.group_calls import GroupCalls
from groups.zalo.records import GroupInfo
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import GroupFactory, OfficialAccountFactory, make_area, make_user

pytestmark = pytest.mark.django_db
# No waiting between calls: a fifth of it is still one call each 3 ms.
FAST = 100_000


@pytest.fixture
def area():
    return make_area()


@pytest.fixture
def account(area, settings):
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    world.reset()
    return OfficialAccountFactory(unit=area.commune_a, rate_per_minute=FAST)


@pytest.fixture
def group(account, area):
    """A group known to both sides under one name."""
    group = GroupFactory(gmf=True, unit=area.village_a, official_account=account, name="An ninh thôn")
    world.add_group(group.zalo_group_id, "An ninh thôn", members=31)
    return group


@pytest.fixture
def supervisor(area):
    return make_user(Role.SUPERVISOR, area.district)


def run(account, **options) -> Group | None:
    assert sync.sync_accounts([account.pk], **options) == 1
    return account.groups.first()


def at_zalo(group, **changes) -> None:
    world.groups[group.zalo_group_id] = replace(world.groups[group.zalo_group_id], **changes)


def entries() -> list[dict]:
    return [entry.data for entry in AuditEntry.objects.filter(action="groups.group.changed").order_by("pk")]


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


# --- Groups nobody entered --------------------------------------------------------------------------------


def test_group_unknown_to_the_directory_waits_to_be_taken(account, group):
    world.add_group("f" * 20, "Tổ dân phố 9", members=44)
    run(account)
    found = FoundGroup.objects.get()
    assert (found.account, found.name, found.members) == (account, "Tổ dân phố 9", 44)
    assert Group.objects.count() == 1
    del world.groups["f" * 20]
    run(account)
    assert not FoundGroup.objects.exists()


@pytest.fixture
def found(account):
    world.add_group("f" * 20, "Tổ dân phố 9", members=44)
    run(account)
    return FoundGroup.objects.get()


def take(found, unit, user, **changes):
    values = {"kind": GroupKind.HOUSEHOLD, "name": "Tổ 9", **changes}
    return sync.take_group(found, unit=unit, by=user, **values)


def test_found_group_is_taken_into_a_unit_with_its_size(found, area, supervisor, account):
    group = take(found, area.village_a, supervisor)
    group.refresh_from_db()
    assert (group.name, group.zalo_name, group.members_count) == ("Tổ 9", "Tổ dân phố 9", 44)
    assert (group.official_account, group.zalo_group_id) == (account, "f" * 20)
    assert not FoundGroup.objects.exists()
    assert AuditEntry.objects.get(action="groups.group.created").actor == supervisor
    run(account)
    assert not FoundGroup.objects.exists()


def test_found_group_is_taken_once(found, area, supervisor):
    take(found, area.village_a, supervisor)
    with pytest.raises(WrongStateError):
        take(found, area.village_a, supervisor)


def test_found_group_that_could_not_be_taken_still_waits(found, area):
    with pytest.raises(NotAllowedError):
        take(found, area.village_a, make_user(Role.OFFICER, area.commune_a))
    assert FoundGroup.objects.exists()


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(found) -> str:
    return reverse("admin:groups_foundgroup_change", args=[found.pk])


def test_found_group_is_taken_in_the_admin(found, area, supervisor):
    client = client_of(supervisor)
    assert "Đưa vào danh bạ" in client.get(page_of(found)).content.decode()
    data = {"unit": area.village_a.pk, "kind": "household", "name": "Tổ 9"}
    response = client.post(page_of(found), data)
    made = Group.objects.get()
    assert response.url == reverse("admin:groups_group_change", args=[made.pk])


def test_found_group_for_a_unit_of_another_account_is_an_error_of_the_form(found, area, supervisor):
    data = {"unit": area.village_b.pk, "kind": "household", "name": "Tổ 9"}
    response = client_of(supervisor).post(page_of(found), data)
    assert response.context["adminform"].form.errors.keys() == {"unit"}
    assert FoundGroup.objects.exists()


def test_found_group_under_a_taken_name_is_an_error_of_the_form(found, area, supervisor):
    GroupFactory(unit=area.village_a, name="Tổ 9")
    data = {"unit": area.village_a.pk, "kind": "household", "name": "Tổ 9"}
    response = client_of(supervisor).post(page_of(found), data)
    assert response.context["adminform"].form.errors.keys() == {"name"}


def test_found_group_of_another_district_does_not_exist(found, area):
    client = client_of(make_user(Role.SUPERVISOR, area.other_province))
    assert client.get(page_of(found)).status_code == 404


def test_auditor_sees_found_groups_and_takes_none(found, area):
    client = client_of(make_user(Role.AUDITOR, area.province))
    page = client.get(page_of(found))
    assert page.status_code == 200 and "Đưa vào danh bạ" not in page.content.decode()
    data = {"unit": area.village_a.pk, "kind": "household", "name": "Tổ 9"}
    assert client.post(page_of(found), data).status_code == 403


def test_list_of_found_groups_takes_as_many_queries_for_three_rows_as_for_one(found, account, supervisor):
    client, address = client_of(supervisor), reverse("admin:groups_foundgroup_changelist")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(2):
        FoundGroup.objects.create(account=account, zalo_group_id=f"{number}", name=f"Tổ {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few) <= 14


# --- Slots that end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "renews", "level"),
    [(31, False, ""), (30, False, "soon"), (8, False, "soon"), (7, False, "late"), (-1, False, "late")]
    + [(5, True, ""), (-1, True, "late")],
)
def test_slot_that_ends_is_warned_about_thirty_and_seven_days_before(group, days, renews, level):
    Group.objects.update(asset_valid_through=timezone.localdate() + timedelta(days=days), asset_renews=renews)
    group.refresh_from_db()
    assert sync.slot_warning(group)[0] == level
    assert (group in sync.expiring_groups(timezone.now())) == bool(level)


def test_group_that_zalo_will_dissolve_is_warned_about(group):
    Group.objects.update(dissolves_on=date(2026, 12, 30), state=GroupState.DISABLED)
    group.refresh_from_db()
    assert list(sync.expiring_groups(timezone.now())) == [group]
    assert "30/12/2026" in sync.slot_warning(group)[1]
    Group.objects.update(state=GroupState.CLOSED)
    assert not sync.expiring_groups(timezone.now()).exists()


def test_slots_and_names_to_look_at_are_found_in_the_list_of_groups(account, group, supervisor):
    client, address = client_of(supervisor), reverse("admin:groups_group_changelist")
    Group.objects.update(asset_valid_through=timezone.localdate(), zalo_name="Tên khác")
    GroupFactory(gmf=True, unit=group.unit, official_account=account, name="Yên ổn", zalo_name="Yên ổn")
    for needs in ("slot", "renamed"):
        assert list(client.get(address, {"needs": needs}).context["cl"].queryset) == [group]
    page = client.get(reverse("admin:groups_group_change", args=[group.pk])).content.decode()
    assert "Tên khác" in page and "còn 0 ngày" in page


# --- On demand --------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(area):
    return make_user(Role.ADMINISTRATOR, area.province)


def test_administrator_asks_for_a_sync_and_reads_how_it_went(account, group, administrator, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    world.add_group("f" * 20, "Tổ dân phố 9")
    client = client_of(administrator)
    response = client.post(reverse("admin:groups_officialaccount_sync", args=[account.pk]), follow=True)
    page = response.content.decode()
    assert "1 nhóm trong danh bạ" in page and "1 nhóm: chọn đơn vị" in page
    assert AuditEntry.objects.get(action="groups.group.changed").actor == administrator


def test_sync_without_a_broker_says_so(account, group, administrator, monkeypatch):
    def refuse(*args, **options):
        raise OperationalError

    # Other runs of these tests have a broker.
    monkeypatch.setattr(sync_account, "apply_async", refuse)
    client = client_of(administrator)
    response = client.post(reverse("admin:groups_officialaccount_sync", args=[account.pk]), follow=True)
    assert "Hàng đợi công việc không trả lời" in response.content.decode()


def test_sync_of_chosen_accounts_is_an_action_of_the_list(account, group, administrator, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    data = {"action": "sync_now", "_selected_action": [account.pk]}
    client_of(administrator).post(reverse("admin:groups_officialaccount_changelist"), data)
    account.refresh_from_db()
    assert account.synced_at is not None


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR])
def test_sync_is_not_for_everybody_to_ask_for(account, area, role):
    with pytest.raises(NotAllowedError):
        sync.request_sync(account, by=make_user(role, area.province))


def test_sync_of_a_stopped_account_is_refused(account, administrator):
    OfficialAccount.objects.update(state=AccountState.STOPPED)
    account.refresh_from_db()
    with pytest.raises(WrongStateError):
        sync.request_sync(account, by=administrator)


def test_page_shows_that_a_sync_runs_and_why_one_failed(account, administrator):
    client = client_of(administrator)
    page = reverse("admin:groups_officialaccount_connect", args=[account.pk])
    OfficialAccount.objects.update(sync_started_at=timezone.now())
    assert "Đang đọc từ" in client.get(page).content.decode()
    OfficialAccount.objects.update(sync_started_at=None, sync_error="Gói dịch vụ đã hết hạn.")
    assert "Gói dịch vụ đã hết hạn." in client.get(page).content.decode()


def test_task_for_somebody_who_is_gone_runs_all_the_same(account, group):
    sync_account.run(account.pk, 0)
    account.refresh_from_db()
    assert account.synced_at is not None


def test_command_reads_one_account_or_all(account, group, area):
    OfficialAccountFactory(unit=area.commune_b, rate_per_minute=FAST)
    out = StringIO()
    call_command("sync_groups", oa_id=account.oa_id, stdout=out)
    assert "Đã đọc 1/1" in out.getvalue() and "1 nhóm trong danh bạ" in out.getvalue()
    call_command("sync_groups", stdout=out)
    assert "Đã đọc 2/2" in out.getvalue()


def test_command_for_an_unknown_account_says_so(account):
    with pytest.raises(CommandError, match="999"):
        call_command("sync_groups", oa_id="999")
