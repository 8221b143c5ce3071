"""Registering accounts and groups, the seed file, and the file that keeps the world."""

import json

import pytest

from groups.zalo.simulator import grants, people
from groups.zalo.simulator.setup import SeedFile, add_accounts, add_groups
from groups.zalo.simulator.state import Refusal, World
from groups.zalo.simulator.store import Store

OA, GROUP = "2000000000000000002", "aaaa1111bbbb2222cccc"
SEED = {
    "accounts": [{"oa_id": OA, "name": "Công an xã Mẫu", "access_token": "AT-1"}],
    "groups": [{"group_id": GROUP, "oa_id": OA, "name": "Thôn Đông Phú", "size": 40}],
}


@pytest.fixture
def world():
    return World(seed=1)


@pytest.mark.parametrize(
    "row",
    [{}, {"oa_id": 12}, {"oa_id": OA, "rate_per_minute": "100"}, [1], "text"],
)
def test_add_accounts_senseless_row_is_refused(world, row):
    with pytest.raises(ValueError):
        add_accounts(world, row)


def test_add_groups_again_keeps_messages_and_takes_the_new_name(world):
    add_groups(world, SEED["groups"])
    world.add_message(world.groups[GROUP], "Tin")

    add_groups(world, {"group_id": GROUP, "oa_id": OA, "name": "Thôn mới"})

    group = world.groups[GROUP]
    assert (group.name, group.size, len(group.messages)) == ("Thôn mới", 40, 1)


def test_seed_file_is_applied_when_it_appears_and_again_only_when_changed(world, tmp_path):
    seed_file = SeedFile(tmp_path / "seed.json")
    assert seed_file.apply(world) is False

    seed_file.path.write_text(json.dumps(SEED))

    assert seed_file.apply(world) is True
    assert seed_file.apply(world) is False
    assert world.groups[GROUP].name == "Thôn Đông Phú"
    assert grants.account_of(world, "AT-1").name == "Công an xã Mẫu"


@pytest.mark.parametrize("content", ["", "[]", '{"groups":[{"group_id":"x"}]}', "\x00"])
def test_seed_file_that_makes_no_sense_changes_no_group(world, tmp_path, content):
    seed_file = SeedFile(tmp_path / "seed.json")
    seed_file.path.write_text(content)

    assert seed_file.apply(world) is False
    assert world.groups == {}


def test_store_brings_back_groups_messages_pictures_and_tokens(world, tmp_path):
    add_accounts(world, SEED["accounts"])
    add_groups(world, SEED["groups"])
    account, group = world.accounts[OA], world.groups[GROUP]
    picture = world.add_upload(account, b"\x89PNG\r\n\x1a\n...")
    world.post(account, group, {"text": "Tin"})
    world.post(account, group, {"text": "Tin"})
    world.spent.add("RT-0")
    people.say(world, people.register(world, OA, "Bà H."), "Chào")
    assert Store(tmp_path / "state.json").save(world) is True

    after = World()
    assert Store(tmp_path / "state.json").load(after) is True

    assert after.groups == world.groups
    assert after.accounts == world.accounts
    assert after.people == world.people
    assert after.uploads[picture].content == b"\x89PNG\r\n\x1a\n..."
    assert grants.account_of(after, "AT-1").oa_id == OA
    assert after.spent == {"RT-0"}
    assert after.stats.as_dict()["duplicates"] == {GROUP: 1}


def test_store_unchanged_world_is_not_written_again(world, tmp_path):
    store = Store(tmp_path / "state.json")
    add_groups(world, SEED["groups"])

    assert (store.save(world), store.save(world)) == (True, False)


@pytest.mark.parametrize("content", ["", "{}", '{"format":0}', '{"format":1,"accounts":[{"x":1}]}', "[]"])
def test_store_damaged_file_is_an_empty_world(tmp_path, content):
    (tmp_path / "state.json").write_text(content)
    world = World()

    assert Store(tmp_path / "state.json").load(world) is False
    assert world.groups == {}


def test_open_world_learns_account_and_group_on_first_use():
    world = World(is_open=True)

    account = grants.account_of(world, "demo-at-77-3")
    group = world.group_of(account, "g1")

    assert (account.oa_id, account.serial, group.oa_id) == ("77", 3, "77")


def test_open_world_still_refuses_tokens_of_another_form():
    with pytest.raises(Refusal) as caught:
        grants.account_of(World(is_open=True), "AT-unknown")

    assert caught.value.code == -216


def test_strict_world_refuses_self_describing_tokens(world):
    with pytest.raises(Refusal):
        grants.account_of(world, "demo-at-77")


def test_open_world_that_lost_its_memory_accepts_the_pair_it_gave_out():
    before, after = World(is_open=True), World(is_open=True)
    form = {"grant_type": "refresh_token", "refresh_token": "demo-rt-77", "app_id": "1"}
    pair = grants.token_answer(before, form, "any")

    assert grants.account_of(after, pair["access_token"]).oa_id == "77"
    again = grants.token_answer(after, form | {"refresh_token": pair["refresh_token"]}, "any")
    assert again["access_token"] == "demo-at-77-2"


def test_open_world_expired_tokens_stay_expired_and_the_next_pair_works():
    world = World(is_open=True)
    grants.account_of(world, "demo-at-77")
    grants.expire(world, "77")

    with pytest.raises(Refusal) as caught:
        grants.account_of(world, "demo-at-77")
    form = {"grant_type": "refresh_token", "refresh_token": "demo-rt-77", "app_id": "1"}
    pair = grants.token_answer(world, form, "")

    assert caught.value.code == -220
    assert grants.account_of(world, pair["access_token"]).oa_id == "77"


def test_revoked_account_refuses_access_and_refresh_tokens():
    world = World(is_open=True)
    grants.account_of(world, "demo-at-77")
    grants.revoke(world, "77")

    with pytest.raises(Refusal) as caught:
        grants.account_of(world, "demo-at-77")
    form = {"grant_type": "refresh_token", "refresh_token": "demo-rt-77", "app_id": "1"}

    assert caught.value.code == -216
    assert grants.token_answer(world, form, "")["error"] == -14014


def test_tokens_run_out_with_the_clock(world):
    add_accounts(world, SEED["accounts"])
    world.clock.advance(90_000)

    with pytest.raises(Refusal) as caught:
        grants.account_of(world, "AT-1")

    assert caught.value.code == -220
