"""Calls about people and the account, A7 to A11 of the platform's behaviour, over plain HTTP."""

import json
import re

import pytest

from tests.groups.zalo.simulator.conftest import GROUP, OA

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
UPLOADS = {"image": PNG, "gif": b"GIF89a" + b"0" * 20, "file": b"%PDF-1.7" + b"0" * 20}


@pytest.fixture
def answer(call):
    """Answer a person in private; returns the envelope."""

    def answer(user_id, text="Đã nhận", path="/v3.0/oa/message/cs", **message):
        body = {"recipient": {"user_id": user_id}, "message": {"text": text, **message}}
        return call("POST", path, body)

    return answer


@pytest.fixture
def about(call):
    """One GET with JSON in ``data``; returns the envelope."""

    def about(path, **data):
        return call("GET", path, data=json.dumps(data))

    return about


def test_a7_answer_is_free_for_48_hours_then_counts_then_is_refused(answer, meet, advance):
    user_id = meet()
    fresh = answer(user_id)["data"]
    advance(hours=49)
    older = answer(user_id)["data"]
    advance(days=6)

    assert (fresh["user_id"], fresh["quota"]["quota_type"]) == (user_id, "reply")
    assert (older["quota"]["quota_type"], older["quota"]["remain"]) == ("sub_quota", "1999")
    assert all(isinstance(value, str) for value in older["quota"].values())
    assert answer(user_id)["error"] == -230


def test_a7_monthly_number_runs_out_and_returns_next_month(simulator, answer, meet, advance):
    simulator.control("POST", "oas", {"oa_id": OA, "private_quota": 1})
    user_id = meet()
    advance(hours=50)
    codes = [answer(user_id)["error"] for _number in range(2)]
    advance(days=31)
    simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": "Alo"})
    advance(hours=50)

    assert [*codes, answer(user_id)["error"]] == [0, -211, 0]


def test_a7_stranger_is_201_and_someone_who_left_213(simulator, answer, meet):
    user_id = meet()
    simulator.control("POST", f"people/{OA}/{user_id}/unfollow")

    assert answer("4")["error"] == -201
    assert answer(user_id)["error"] == -213


@pytest.mark.parametrize(
    ("media", "code"),
    [
        ({"media_type": "image"}, 0),
        ({"media_type": "gif"}, -201),
        ({"media_type": "gif", "width": 10, "height": 10}, 0),
        ({"media_type": "sticker"}, 0),
        ({"media_type": "film"}, -233),
    ],
)
def test_a7_private_message_takes_the_kinds_groups_do_not(answer, meet, upload, media, code):
    element = media | {"attachment_id": upload("image", PNG)["data"]["attachment_id"]}
    attachment = {"type": "template", "payload": {"template_type": "media", "elements": [element]}}

    assert answer(meet(), "", attachment=attachment)["error"] == code


@pytest.mark.parametrize(
    ("purpose", "key"), [("image", "attachment_id"), ("gif", "attachment_id"), ("file", "token")]
)
def test_a8_upload_is_judged_by_its_content(upload, purpose, key):
    limit = 1024 * 1024 if purpose == "image" else 5 * 1024 * 1024

    assert re.fullmatch("[0-9a-f]{20}", upload(purpose, UPLOADS[purpose])["data"][key])
    assert upload(purpose, b"<svg/>")["error"] == -201
    assert upload(purpose, UPLOADS[purpose], part="picture")["error"] == -201
    assert upload(purpose, UPLOADS[purpose] + b"0" * limit)["error"] == -210


def test_a8_upload_lives_seven_days(upload, send, advance):
    token = upload("file", UPLOADS["file"])["data"]["token"]
    attachment = {"type": "file", "payload": {"token": token}}
    fresh = send("", attachment=attachment)["error"]
    advance(days=7, seconds=1)

    assert (fresh, send("", attachment=attachment)["error"]) == (0, -100)


def test_a9_people_are_listed_by_pages_of_ids(simulator, about, meet, advance):
    early = meet("Ông B.")
    advance(days=10)
    follower, gone = meet("Bà H."), meet("Chị L.")
    simulator.control("POST", f"people/{OA}/{gone}/unfollow")

    everyone = about("/v3.0/oa/user/getlist", offset=0, count=50)["data"]
    recent = about("/v3.0/oa/user/getlist", offset=0, count=50, last_interaction_period="L7D")["data"]
    followers = about("/v3.0/oa/user/getlist", offset=1, count=1, is_follower=True)["data"]

    assert (everyone["total"], len(everyone["users"])) == (3, 3)
    assert {row["user_id"] for row in recent["users"]} == {follower, gone}
    assert (followers["total"], followers["count"], followers["users"]) == (2, 1, [{"user_id": early}])


@pytest.mark.parametrize("data", [{"count": 51}, {"count": 0}, {"count": 5, "offset": 9952}, {"count": "x"}])
def test_a9_page_of_people_that_makes_no_sense_is_201(about, data):
    assert about("/v3.0/oa/user/getlist", **data)["error"] == -201


def test_a9_data_must_be_a_json_object(call):
    assert call("GET", "/v3.0/oa/user/detail", data="user_id=3")["error"] == -201
    assert call("GET", "/v3.0/oa/user/detail")["error"] == -201


def test_a9_person_has_name_date_and_what_they_shared(about, meet):
    detail = about("/v3.0/oa/user/detail", user_id=meet("Bà H."))["data"]

    assert (detail["display_name"], detail["user_is_follower"]) == ("Bà H.", True)
    assert re.fullmatch(r"\d\d/\d\d/\d{4}", detail["user_last_interaction_date"])
    assert detail["user_id_by_app"] != detail["user_id"]


def test_a9_quota_of_a_person_and_of_the_owner_are_strings(call, meet, advance):
    user_id = meet()
    free = call("POST", "/v3.0/oa/quota/message", {"user_id": user_id})["data"]
    advance(hours=49)
    counted = call("POST", "/v3.0/oa/quota/message", {"user_id": user_id})["data"]
    [owner] = call("POST", "/v3.0/oa/quota/message", {"quota_owner": "OA", "product_type": "cs"})["data"]

    assert (free["cs_reply"]["remain"], counted["cs_reply"]["remain"]) == ("unlimited", "2000")
    assert free["last_interaction"].isdecimal()
    assert (owner["remain"], owner["owner_id"]) == ("2000", OA)
    assert call("POST", "/v3.0/oa/quota/message", {})["error"] == -201


def test_a9_private_history_is_newest_first_with_both_sides(simulator, about, answer, meet):
    user_id = meet("Bà H.")
    simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": "Có người lạ"})
    answer(user_id, "Công an đã nhận")

    history = about("/v2.0/oa/conversation", user_id=user_id, offset=0, count=10)["data"]
    [last] = about("/v2.0/oa/listrecentchat", offset=0, count=5)["data"]

    assert [(row["src"], row["message"]) for row in history] == [(0, "Công an đã nhận"), (1, "Có người lạ")]
    assert (last["message_id"], last["to_display_name"]) == (history[0]["message_id"], "Bà H.")
    assert about("/v2.0/oa/conversation", user_id=user_id, count=11)["error"] == -201


@pytest.mark.parametrize(("oa_type", "category"), [(2, "Doanh nghiệp"), (4, "Cơ quan nhà nước")])
def test_a9_profile_tells_the_kind_of_account(simulator, call, oa_type, category):
    simulator.control("POST", "oas", {"oa_id": OA, "oa_type": oa_type})

    profile = call("GET", "/v2.0/oa/getoa")["data"]
    assert (profile["oa_type"], profile["cate_name"]) == (oa_type, category)


def test_a10_state_account_is_refused_on_v3_and_let_through_on_v2(simulator, answer, meet, switch):
    simulator.control("POST", "oas", {"oa_id": OA, "oa_type": 4})
    user_id = meet()
    codes = [answer(user_id)["error"], answer(user_id, path="/v2.0/oa/message")["error"]]
    switch(state_private_code=0, state_private_v2=False)
    codes += [answer(user_id)["error"], answer(user_id, path="/v2.0/oa/message")["error"]]

    assert codes == [-235, 0, 0, -240]


@pytest.mark.parametrize("code", [0, -235, -224])
def test_a10_groups_of_a_state_account_are_a_switch(simulator, call, send, switch, code):
    simulator.control("POST", "oas", {"oa_id": OA, "oa_type": 4})
    switch(state_groups_code=code)

    assert send("Tin")["error"] == code
    assert call("POST", "/v3.0/oa/quota/group", {"quota_owner": "OA"})["error"] == code


def test_a10_v2_is_shut_down_for_ordinary_accounts(answer, meet):
    assert answer(meet(), path="/v2.0/oa/message")["error"] == -240


@pytest.mark.parametrize(
    ("refusals", "profile", "post"),
    [
        ({"": -224}, -224, -224),
        ({"": -209}, -209, -209),
        ({"/group/": -212}, 0, -212),
        ({"/group/": -223}, 0, -223),
        ({"message": -211}, 0, -211),
    ],
)
def test_a11_missing_package_or_right_refuses_what_needs_it(simulator, call, send, refusals, profile, post):
    simulator.control("POST", "oas", {"oa_id": OA, "refusals": refusals})

    assert (call("GET", "/v2.0/oa/getoa")["error"], send("Tin")["error"]) == (profile, post)


def test_a11_text_with_a_listed_word_is_248(send, switch, members):
    switch(banned_words=["Cá độ"])

    assert [send("Chơi CÁ ĐỘ đi")["error"], send("Cảnh giác")["error"]] == [-248, 0]
    assert [message["text"] for message in members()] == ["Cảnh giác"]


def test_a11_profiles_can_be_withheld(about, group_call, meet, switch):
    user_id = meet()
    switch(withhold_profiles=True)

    assert about("/v3.0/oa/user/detail", user_id=user_id)["error"] == -501
    assert group_call("listmember", group_id=GROUP)["error"] == -501


def test_146_wording_of_refusals_is_not_a_promise(send, switch):
    before = send("x", group_id="ffff")["message"]
    simulated = send("x" * 2001)["message"]
    switch(other_wording=True)

    assert before == send("x", group_id="ffff")["message"] == "group_id is invalid!"
    assert simulated != send("x" * 2001)["message"]
