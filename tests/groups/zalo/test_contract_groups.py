"""The contract about groups: founding, changing, slots, who is in and who asks to be."""

import asyncio

import pytest

from groups.zalo.errors import ChannelStopped, OutcomeUnknown, Permanent, Scope
from groups.zalo.records import GroupSettings

GROUP, DISABLED_GROUP = "aaaa1111bbbb2222cccc", "dddd1111bbbb2222cccc"
HEAD, NEIGHBOUR = "3000000000000000001", "3000000000000000002"


def members_of(zalo, group_id: str = GROUP) -> list[str]:
    page = zalo.run(lambda client: client.list_members(group_id))
    return [member.user_id for member in page.items if not member.is_account]


def pending_of(zalo) -> list[str]:
    return [member.user_id for member in zalo.run(lambda client: client.list_pending(GROUP)).items]


def found(zalo, name: str = "Tổ dân phố 7", **changes):
    fields = {"asset_id": "as_1", "member_ids": [HEAD], "description": "An ninh"} | changes
    return zalo.run(lambda client: client.create_group(name, **fields))


def test_groups_are_listed_in_pages(zalo):
    page = zalo.run(lambda client: client.list_groups(offset=0, count=1))
    rest = zalo.run(lambda client: client.list_groups(offset=1, count=50))

    assert (page.total, [group.name for group in page.items]) == (2, ["Tổ dân phố 1"])
    assert [(group.name, group.is_enabled) for group in rest.items] == [("Nhóm hết hạn", False)]


def test_group_is_read_by_id(zalo):
    group = zalo.run(lambda client: client.get_group(GROUP))

    assert (group.group_id, group.name, group.is_enabled) == (GROUP, "Tổ dân phố 1", True)


def test_size_counts_people_without_the_account(zalo):
    zalo.meet(HEAD)
    zalo.own_asset("as_1")

    group = found(zalo)

    assert group.members == 1
    assert zalo.run(lambda client: client.get_group(GROUP)).members == 30


def test_members_include_the_account_itself(zalo):
    page = zalo.run(lambda client: client.list_members(GROUP))

    assert [(member.name, member.is_account) for member in page.items] == [("Công an xã Mẫu", True)]


def test_group_founded_stands_on_its_slot_with_its_people(zalo):
    zalo.meet(HEAD)
    zalo.own_asset("as_1")

    group = found(zalo)

    assert (group.name, group.description, group.is_enabled) == ("Tổ dân phố 7", "An ninh", True)
    assert group.join_url.startswith("https://zalo.me/g/")
    assert members_of(zalo, group.group_id) == [HEAD]
    assets = zalo.run(lambda client: client.list_assets())
    assert [(a.asset_id, a.is_available, a.group_id) for a in assets] == [("as_1", False, group.group_id)]


def test_group_founded_on_a_used_or_unknown_slot_stops_nothing_else(zalo):
    zalo.meet(HEAD)
    zalo.own_asset("as_1")
    found(zalo)

    for asset_id, code in (("as_1", -241), ("as_9", -238)):
        with pytest.raises(ChannelStopped) as caught:
            found(zalo, "Tổ dân phố 8", asset_id=asset_id)
        assert (caught.value.code, caught.value.scope) == (code, Scope.GROUP)


def test_group_founded_with_a_stranger_is_permanent(zalo):
    zalo.own_asset("as_1")

    with pytest.raises(Permanent) as caught:
        found(zalo)

    assert caught.value.code == -213
    assert [asset.is_available for asset in zalo.run(lambda client: client.list_assets())] == [True]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"name": "đ" * 31}, "từ 1 đến 30 ký tự"),
        ({"name": " \n"}, "từ 1 đến 30 ký tự"),
        ({"member_ids": []}, "từ 1 đến 99 thành viên"),
        ({"member_ids": [str(number) for number in range(100)]}, "từ 1 đến 99 thành viên"),
    ],
    ids=["long", "empty", "nobody", "crowd"],
)
def test_group_that_cannot_be_founded_is_refused_in_words_before_any_call(zalo, changes, detail):
    with pytest.raises(Permanent) as caught:
        found(zalo, **changes)

    assert detail in caught.value.detail_vi


def test_group_founded_whose_answer_is_lost_is_there_to_be_found(zalo):
    zalo.meet(HEAD)
    zalo.own_asset("as_1")
    zalo.lose_answer(delivered=True)

    with pytest.raises(OutcomeUnknown):
        found(zalo)

    listed = zalo.run(lambda client: client.list_groups())
    assert "Tổ dân phố 7" in [group.name for group in listed.items]


def test_group_changed_keeps_what_was_not_given(zalo):
    settings = GroupSettings(only_admins_write=True, joining_needs_approval=False)
    zalo.run(lambda client: client.update_group(GROUP, name="Khu phố 1", description="Mới"))

    changed = zalo.run(lambda client: client.update_group(GROUP, settings=settings))

    assert (changed.name, changed.description, changed.settings) == ("Khu phố 1", "Mới", settings)
    assert zalo.run(lambda client: client.get_group(GROUP)).settings == settings


def test_group_with_a_new_slot_works_again(zalo):
    zalo.own_asset("as_1")

    group = zalo.run(lambda client: client.update_asset(DISABLED_GROUP, "as_1"))

    assert (group.asset_id, group.is_enabled) == ("as_1", True)
    assert group.asset_valid_through is not None
    zalo.run(lambda client: client.send_group_text(DISABLED_GROUP, "Tin"))
    assert zalo.seen_in(DISABLED_GROUP) == ["Tin"]


def test_slots_of_other_sizes_are_not_listed(zalo):
    zalo.own_asset("as_1")

    assert [asset.kind for asset in zalo.run(lambda client: client.list_assets("gmf100"))] == ["gmf100"]
    assert zalo.run(lambda client: client.list_assets("gmf10")) == []
    assert zalo.run(lambda client: client.list_assets("gmf100", "reward_quota")) == []


def test_follower_invited_is_in_and_removed_is_out(zalo):
    zalo.meet(NEIGHBOUR)
    zalo.run(lambda client: client.invite(GROUP, [NEIGHBOUR]))
    assert members_of(zalo) == [NEIGHBOUR]

    zalo.run(lambda client: client.remove_members(GROUP, [NEIGHBOUR]))

    assert members_of(zalo) == []


def test_stranger_invited_is_permanent(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.invite(GROUP, ["9"]))

    assert caught.value.code == -213


def test_request_to_join_accepted_or_rejected_is_pending_no_more(zalo):
    for user_id in (HEAD, NEIGHBOUR):
        zalo.meet(user_id)
        zalo.ask_to_join(GROUP, user_id)
    assert pending_of(zalo) == [HEAD, NEIGHBOUR]

    zalo.run(lambda client: client.accept_pending(GROUP, [HEAD]))
    zalo.run(lambda client: client.reject_pending(GROUP, [NEIGHBOUR]))

    assert pending_of(zalo) == []
    assert members_of(zalo) == [HEAD]


def test_request_nobody_made_is_permanent(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.accept_pending(GROUP, [HEAD]))

    assert caught.value.code == -201


def test_only_members_become_deputies_and_only_deputies_stop_being_ones(zalo):
    zalo.meet(HEAD)
    for use in (
        lambda client: client.add_admins(GROUP, [HEAD]),
        lambda client: client.remove_admins(GROUP, [HEAD]),
    ):
        with pytest.raises(Permanent) as caught:
            zalo.run(use)
        assert caught.value.code == -201

    zalo.put_in(GROUP, HEAD)
    zalo.run(lambda client: client.add_admins(GROUP, [HEAD]))
    zalo.run(lambda client: client.remove_admins(GROUP, [HEAD]))


def test_last_message_of_each_group_is_listed_newest_first(zalo):
    zalo.own_asset("as_1")

    async def post(client):
        await client.update_asset(DISABLED_GROUP, "as_1")
        for group_id, content in ((GROUP, "Tin 1"), (GROUP, "Tin 2"), (DISABLED_GROUP, "Tin 3")):
            await client.send_group_text(group_id, content)
            # The host's clock counts milliseconds.
            await asyncio.sleep(0.002)

    zalo.run(post)

    recent = zalo.run(lambda client: client.list_recent())
    assert [(item.group_id, item.text) for item in recent] == [(DISABLED_GROUP, "Tin 3"), (GROUP, "Tin 2")]
