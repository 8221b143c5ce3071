"""Group calls, A1 to A6 and A12 of the platform's behaviour, over plain HTTP."""

import re

import pytest

from tests.groups.zalo.simulator.conftest import ACCESS, GROUP, OA, fetch

DAY = 86_400
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def asset(simulator):
    """A paid slot of the account; returns its id."""

    def asset(**settings):
        [asset_id] = simulator.control("POST", "assets", {"oa_id": OA, **settings})["assets"]
        return asset_id

    return asset


@pytest.fixture
def create(group_call, asset, meet):
    """Make a group with one follower; returns the envelope."""

    def create(name="Khu phố 3", **fields):
        users = fields.pop("member_user_ids", None) or [meet("Bà H.")]
        fields = {"asset_id": fields.pop("asset_id", None) or asset(), **fields}
        return group_call(
            "creategroupwithoa",
            {"group_name": name, "group_description": "Tổ 5", "member_user_ids": users, **fields},
        )

    return create


def test_a1_success_is_a_200_envelope_in_text_json_with_both_rate_headers(simulator, switch):
    _status, headers, _body = fetch(simulator.url + "/v2.0/oa/getoa", headers={"access_token": ACCESS})
    switch(plain_json=True)
    plain = fetch(simulator.url + "/v2.0/oa/getoa", headers={"access_token": ACCESS})[1]

    assert headers["Content-Type"] == "text/json;charset=utf-8"
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remain"]) == ("1000", "999")
    assert plain["Content-Type"] == "application/json"


def test_a1_call_without_an_answer_has_no_data(group_call, meet):
    answer = group_call("invite", {"group_id": GROUP, "member_user_ids": [meet()]})

    assert answer == {"error": 0, "message": "Success"}


def test_a2_calls_beyond_the_limit_are_refused_until_the_next_minute(simulator, call, advance):
    simulator.control("POST", "clock", {"freeze": True})
    simulator.control("POST", "oas", {"oa_id": OA, "rate_per_minute": 2})
    codes = [call("GET", "/v2.0/oa/getoa")["error"] for _number in range(3)]
    advance(seconds=60)

    assert [*codes, call("GET", "/v2.0/oa/getoa")["error"]] == [0, 0, -32, 0]


def test_a3_message_gets_an_id_of_twenty_hexadecimal_digits(send):
    assert re.fullmatch("[0-9a-f]{20}", send("Tin")["data"]["message_id"])


@pytest.mark.parametrize(
    ("unit", "text", "code"),
    [
        ("characters", "ạ" * 2000, 0),
        ("characters", "ạ" * 2001, -210),
        ("utf16", "😀" * 1001, -210),
        ("bytes", "ạ" * 700, -210),
    ],
)
def test_a3_length_is_counted_as_the_switch_says(send, switch, unit, text, code):
    switch(count_unit=unit)

    assert send(text)["error"] == code


def test_a3_address_in_place_of_an_upload_is_a_switch(send, switch):
    element = {"media_type": "image", "url": "https://xa.example/anh.png"}
    attachment = {"type": "template", "payload": {"template_type": "media", "elements": [element]}}
    refused = send("Ảnh", attachment=attachment)["error"]
    switch(accept_urls=True)

    assert (refused, send("Ảnh", attachment=attachment)["error"]) == (-201, 0)


def test_a3_posts_by_group_and_hour_can_be_limited(simulator, send, switch, advance):
    simulator.control("POST", "clock", {"freeze": True})
    switch(group_posts_per_hour=2)
    codes = [send(f"Tin {number}")["error"] for number in range(3)]
    advance(hours=1)

    assert [*codes, send("Tin 4")["error"]] == [0, 0, -32, 0]


def test_a4_group_is_made_in_an_asset_which_is_then_used(call, create, asset, group_call, hook):
    asset_id = asset(product_type="gmf50")

    made = create(asset_id=asset_id)["data"]

    owned = {"quota_owner": "OA", "product_type": "gmf50"}
    [row] = call("POST", "/v3.0/oa/quota/group", owned)["data"]
    assert (row["asset_id"], row["status"], row["used_id"]) == (asset_id, "used", made["group_id"])
    assert (row["auto_renew"], row["quota_type"]) == (False, "sub_quota")
    assert re.fullmatch(r"\d\d/\d\d/\d{4}", row["valid_through"])
    assert (made["name"], made["total_member"], made["status"]) == ("Khu phố 3", 2, "enabled")
    info = group_call("getgroup", group_id=made["group_id"])["data"]
    assert (info["group_info"]["max_member"], info["asset_info"]["asset_id"]) == ("50", asset_id)
    event = hook.event()
    assert (event["event_name"], event["group_id"], len(event["users"])) == (
        "create_group",
        made["group_id"],
        1,
    )


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 31}, {"member_user_ids": [5]}])
def test_a4_group_that_makes_no_sense_is_refused(create, fields):
    assert create(**fields)["error"] == -201


def test_a4_group_needs_an_administrator_among_its_first_members(simulator, create, meet):
    admin = meet("Đồng chí A.")
    simulator.control("POST", "oas", {"oa_id": OA, "admins": [admin]})

    assert create()["error"] == -201
    assert create(member_user_ids=[admin, meet("Bà H.")])["error"] == 0


def test_a4_asset_under_another_group_is_241_and_one_run_out_238(create, asset, advance):
    taken, ended = asset(), asset(valid_days=1)
    create(asset_id=taken)
    advance(days=2)

    assert create(asset_id=taken)["error"] == -241
    assert create(asset_id=ended)["error"] == -238
    assert create(asset_id="as_unknown")["error"] == -238


def test_a4_invited_come_in_only_if_they_follow_or_spoke_within_seven_days(
    simulator, group_call, meet, advance, hook
):
    silent, stranger = meet("Ông B.", is_follower=False), "4000000000000000004"
    advance(days=8)
    follower = meet("Bà H.")
    refused = [
        group_call("invite", {"group_id": GROUP, "member_user_ids": [user_id]})["error"]
        for user_id in (silent, stranger)
    ]
    simulator.control("POST", f"people/{OA}/{silent}/messages", {"text": "Alo"})
    hook.event()

    invited = group_call("invite", {"group_id": GROUP, "member_user_ids": [silent, follower]})

    event = hook.event()
    assert (refused, invited["error"]) == ([-213, -213], 0)
    assert (event["event_name"], event["users"]) == ("user_join_group", [{"id": silent}, {"id": follower}])
    assert group_call("getgroup", group_id=GROUP)["data"]["group_info"]["total_member"] == 33


def test_a4_members_stay_within_the_cap_of_the_asset(create, asset, group_call, meet):
    group_id = create(asset_id=asset(product_type="gmf10"))["data"]["group_id"]
    crowd = [meet(f"Người {number}") for number in range(9)]

    too_many = group_call("invite", {"group_id": group_id, "member_user_ids": crowd})
    just_enough = group_call("invite", {"group_id": group_id, "member_user_ids": crowd[:8]})

    assert (too_many["error"], just_enough["error"]) == (-210, 0)
    assert group_call("listmember", group_id=group_id)["data"]["total"] == 10


@pytest.mark.parametrize(
    ("action", "event", "size"),
    [
        ("acceptpendinginvite", "accept_request_join_group", 32),
        ("rejectpendinginvite", "reject_request_join_group", 31),
    ],
)
def test_a4_request_to_join_waits_until_it_is_answered(
    simulator, group_call, meet, hook, action, event, size
):
    user_id = meet("Chị L.")
    asked = simulator.control("POST", f"people/{OA}/{user_id}/join", {"group_id": GROUP})
    waiting = group_call("listpendinginvite", group_id=GROUP)["data"]

    group_call(action, {"group_id": GROUP, "member_user_ids": [user_id]})

    assert asked == {"result": "waiting"}
    assert [row["user_id"] for row in waiting["members"]] == [user_id]
    assert hook.names(2) == sorted(["user_request_join_group", event])
    assert group_call("listpendinginvite", group_id=GROUP)["data"]["total"] == 0
    assert group_call("getgroup", group_id=GROUP)["data"]["group_info"]["total_member"] == size
    assert group_call(action, {"group_id": GROUP, "member_user_ids": [user_id]})["error"] == -201


def test_a4_switch_lets_a_join_follow_each_acceptance(simulator, group_call, meet, hook, switch):
    switch(join_after_accept=True)
    user_id = meet()
    simulator.control("POST", f"people/{OA}/{user_id}/join", {"group_id": GROUP})
    group_call("acceptpendinginvite", {"group_id": GROUP, "member_user_ids": [user_id]})

    assert "user_join_group" in hook.names(3)


def test_a4_open_group_is_joined_by_link_at_once_and_a_closed_one_never(simulator, group_call, meet, hook):
    user_id, late = meet(), meet("Ông B.")
    group_call("updateinfo", {"group_id": GROUP, "join_appr": False})
    joined = simulator.control("POST", f"people/{OA}/{user_id}/join", {"group_id": GROUP})
    group_call("updateinfo", {"group_id": GROUP, "enable_link_join": "false"})

    status = fetch(f"{simulator.url}/_control/people/{OA}/{late}/join", f'{{"group_id":"{GROUP}"}}'.encode())[
        0
    ]

    assert (joined, status) == ({"result": "joined"}, 400)
    assert hook.names(3) == ["update_group_info", "update_group_info", "user_join_group"]


def test_a4_deputies_are_named_and_dismissed(group_call, create, hook):
    made = create()["data"]["group_id"]
    [_ours, member] = group_call("listmember", group_id=made)["data"]["members"]
    body = {"group_id": made, "member_user_ids": [member["user_id"]]}

    codes = [group_call(action, body)["error"] for action in ("addadmins", "removeadmins", "removeadmins")]

    assert codes == [0, 0, -201]
    assert hook.names(3) == ["add_group_admin", "create_group", "remove_group_admin"]


def test_a4_removed_members_are_gone_and_strangers_cannot_be_removed(group_call, create, hook):
    made = create()["data"]["group_id"]
    [_ours, member] = group_call("listmember", group_id=made)["data"]["members"]
    body = {"group_id": made, "member_user_ids": [member["user_id"]]}

    codes = [group_call("removemembers", body)["error"] for _number in range(2)]

    assert codes == [0, -201]
    assert group_call("listmember", group_id=made)["data"]["total"] == 1
    assert hook.names(2) == ["create_group", "user_out_group"]


def test_a4_name_and_settings_change_and_come_back_as_the_group(group_call, hook):
    changed = group_call("updateinfo", {"group_id": GROUP, "group_name": "Tổ 7", "lock_send_msg": True})

    data = changed["data"]
    assert (data["group_info"]["name"], data["group_setting"]["lock_send_msg"]) == ("Tổ 7", True)
    assert hook.event()["group_info"]["name"] == "Tổ 7"
    assert group_call("updateinfo", {"group_id": GROUP, "group_name": "x" * 31})["error"] == -201


def test_a4_deleted_group_is_gone_and_its_asset_free(call, group_call, create, asset, hook):
    asset_id = asset()
    made = create(asset_id=asset_id)["data"]["group_id"]

    assert group_call("delete", {"group_id": made})["error"] == 0

    [row] = call("POST", "/v3.0/oa/quota/group", {"quota_owner": "OA"})["data"]
    assert (row["status"], row["used_id"]) == ("available", "")
    assert group_call("getgroup", group_id=made)["error"] == -201
    assert hook.names(2) == ["create_group", "delete_group"]


def test_a4_recent_chats_are_the_last_message_of_each_group(simulator, send, group_call, advance):
    simulator.control("POST", "groups", {"group_id": "bbbb", "oa_id": OA})
    send("Cũ")
    send("Mới")
    advance(seconds=5)
    send("Ở nhóm khác", "bbbb")

    assert [row["message"] for row in group_call("listrecentchat")["data"]] == ["Ở nhóm khác", "Mới"]


def test_a5_group_is_disabled_with_its_asset_and_dissolved_45_days_later(
    simulator, send, group_call, create, asset, advance, hook
):
    made = create(asset_id=asset(valid_days=10))["data"]["group_id"]
    hook.event()
    advance(days=9)
    before = send("Tin", made)["error"]
    hook.event()
    advance(days=2)
    info = group_call("getgroup", group_id=made)["data"]["group_info"]
    disabled = send("Tin", made)["error"]
    advance(days=43)
    last_day = group_call("getgroup", group_id=made)["error"]
    advance(days=2)

    assert (before, disabled, last_day) == (0, -237, 0)
    assert info["status"] == "disabled"
    assert re.fullmatch(r"\d\d/\d\d/\d{4}", info["auto_delete_date"])
    # Nobody has asked for the group: the clock alone dissolves it.
    event = hook.event()
    assert (event["event_name"], event["group_id"]) == ("delete_group", made)
    assert made not in simulator.world.groups
    assert send("Tin", made)["error"] == -201


def test_a5_new_asset_brings_a_disabled_group_back(send, group_call, create, asset, advance):
    made = create(asset_id=asset(valid_days=1))["data"]["group_id"]
    advance(days=3)
    disabled = send("Tin", made)["error"]

    group_call("updateasset", {"group_id": made, "asset_id": asset()})

    assert (disabled, send("Tin", made)["error"]) == (-237, 0)
    assert group_call("getgroup", group_id=made)["data"]["group_info"]["auto_delete_date"] == ""


def test_a6_conversation_is_newest_first_five_unless_told_and_ten_at_most(send, group_call, switch):
    for number in range(12):
        send(f"Tin {number}")

    def texts(**params):
        return [row["message"] for row in group_call("conversation", group_id=GROUP, **params)["data"]]

    assert texts() == [f"Tin {number}" for number in range(11, 6, -1)]
    assert len(texts(count=50)) == 10
    assert texts(offset=10, count=10) == ["Tin 1", "Tin 0"]
    switch(conversation_cap=3)
    assert len(texts(count=50)) == 3


@pytest.mark.parametrize(
    ("marker", "rings"),
    [
        (f"[@{GROUP}]", ["all"]),
        ("[@3000000000000000003]", ["3000000000000000003"]),
        ("[@9999999999999999999]", []),
        (f"[ @{GROUP}]", []),
        (f"[@{OA}]", []),
    ],
)
def test_a12_marker_rings_whom_it_names(simulator, send, members, marker, rings):
    member = {"user_id": "3000000000000000003", "name": "Bà H."}
    simulator.control("POST", "groups", {"group_id": GROUP, "oa_id": OA, "members": [member]})

    send(f"Chào {marker} nhé")

    stats = simulator.control("GET", "stats")
    assert members()[0]["rings"] == rings
    assert stats["rung_everyone"] == int(rings == ["all"])
    assert stats["rung_people"] == int(rings == ["3000000000000000003"])
