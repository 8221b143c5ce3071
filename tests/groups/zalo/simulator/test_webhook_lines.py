"""Webhooks, W1 to W8 of the platform's behaviour: bytes, signatures, order and what is spoilt on the way."""

import hashlib
import http.client
import json
import urllib.request

import pytest

from groups.zalo.simulator import events, people
from tests.groups.zalo.simulator.conftest import APP, GROUP, OA, fetch

SECRET = "demo-oa-secret-key"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def mac_of(body, app_id=APP):
    timestamp = json.loads(body)["timestamp"]
    return hashlib.sha256(app_id.encode() + body + timestamp.encode() + SECRET.encode()).hexdigest()


@pytest.fixture
def say(simulator, meet):
    """A person writes to the account in private; returns the user id."""
    user_id = meet("Bà H.")

    def say(text="Có người lạ", **message):
        simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": text, **message})
        return user_id

    return say


@pytest.mark.parametrize(("escaped", "written"), [(False, "Thất lạc".encode()), (True, b"Th\\u1ea5t")])
def test_w1_mac_is_over_the_exact_bytes_escaped_or_not(say, hook, switch, escaped, written):
    switch(escape_webhooks=escaped)
    say("Thất lạc")

    headers, body = hook.next()
    assert written in body
    assert headers["X-ZEvent-Signature"] == f"mac={mac_of(body)}"
    assert headers["num_retry"] is None


def test_w2_event_not_taken_waits_for_the_clock_and_comes_again_unchanged(simulator, say, hook, advance):
    hook.answer = 500
    say()
    first = hook.next()
    assert hook.is_quiet()
    assert simulator.world.stats.webhooks["500"] == 1
    hook.answer = 200
    advance(seconds=30)

    again = hook.next()
    assert again[1] == first[1]
    assert again[0]["X-ZEvent-Signature"] == first[0]["X-ZEvent-Signature"]
    assert again[0]["num_retry"] == "1"


def test_w2_answer_after_two_seconds_is_a_failure(simulator, say, hook):
    hook.answer_after = 2.3
    say()
    hook.next()

    webhooks = simulator.control("GET", "stats")["webhooks"]
    assert webhooks.get("200", 0) == 0
    assert sum(webhooks.values()) == 1


def test_w3_hook_given_up_is_shown_and_switched_on_by_control(simulator, say, hook):
    simulator.world.accounts[OA].is_hook_off = True
    say("Không ai nghe")
    simulator.control("POST", "webhooks/on", {"oa_id": OA})
    say("Có tiếng")

    assert hook.event()["message"]["text"] == "Có tiếng"
    assert simulator.control("GET", "stats")["webhooks"]["dropped"] == 1


def test_w4_only_ticked_events_are_sent(simulator, say, send, hook):
    simulator.control("POST", "oas", {"oa_id": OA, "events": ["user_send_*"]})
    send("Không báo")
    say("Có báo")

    assert hook.event()["event_name"] == "user_send_text"
    assert hook.is_quiet()


def test_w5_duplicate_comes_twice_with_the_same_bytes(say, hook, fault):
    fault("webhook_duplicate", times=1)
    say()

    assert hook.next()[1] == hook.next()[1]


def test_w5_out_of_order_lets_the_next_event_pass(say, hook, fault):
    fault("webhook_reorder", times=1, delay_ms=60_000)
    say("Trước")
    say("Sau")

    assert [hook.event()["message"]["text"] for _number in range(2)] == ["Sau", "Trước"]


def test_w5_delayed_event_waits_for_the_clock(say, hook, fault, advance):
    fault("webhook_delay", times=1, delay_ms=3_600_000)
    say()
    assert hook.is_quiet()
    advance(hours=1)

    assert hook.event()["message"]["text"] == "Có người lạ"


def test_w5_event_is_lost_on_request(simulator, say, hook, fault):
    fault("webhook_lost", times=1)
    say("Mất")
    say("Còn")

    assert hook.event()["message"]["text"] == "Còn"
    assert simulator.control("GET", "stats")["webhooks"]["lost"] == 1


def test_w5_signature_is_wrong_or_missing(say, hook, fault):
    fault("webhook_wrong_mac", times=1)
    say()
    wrong = hook.next()
    fault("webhook_no_mac", times=1)
    say()
    missing = hook.next()

    assert wrong[0]["X-ZEvent-Signature"] == "mac=" + "0" * 64 != f"mac={mac_of(wrong[1])}"
    assert missing[0]["X-ZEvent-Signature"] is None


def test_w5_other_app_signs_correctly_under_its_own_id(say, hook, fault):
    fault("webhook_other_app", times=1)
    say()

    headers, body = hook.next()
    app_id = json.loads(body)["app_id"]
    assert app_id != APP
    assert headers["X-ZEvent-Signature"] == f"mac={mac_of(body, app_id)}"


def test_w5_old_timestamp_is_over_a_day_old_and_signed(simulator, say, hook, fault):
    fault("webhook_old", times=1)
    say()

    headers, body = hook.next()
    assert simulator.world.clock.now() - int(json.loads(body)["timestamp"]) > 86_400_000
    assert headers["X-ZEvent-Signature"] == f"mac={mac_of(body)}"


@pytest.mark.parametrize("kind", ["webhook_unknown", "webhook_huge", "webhook_not_json"])
def test_w5_something_strange_comes_beside_the_event(say, hook, fault, kind):
    fault(kind, times=1)
    say()

    bodies = sorted((hook.next()[1] for _number in range(2)), key=len)
    names = [json.loads(body)["event_name"] for body in bodies if body.startswith(b"{")]
    assert "user_send_text" in names
    if kind == "webhook_unknown":
        assert "user_something_nobody_knows" in names
    elif kind == "webhook_huge":
        assert len(bodies[1]) > 1024 * 1024
    else:
        assert bodies[0] == b"<html>not json</html>"


def test_w5_echo_arrives_before_the_answer_of_the_call(send, hook, fault):
    fault("webhook_early", times=1)
    message_id = send("Tin")["data"]["message_id"]

    assert hook.received.qsize() == 1
    assert hook.event()["message"]["msg_id"] == message_id


def test_w6_ids_times_and_coordinates_are_strings(say, hook):
    say(kind="location", details={"latitude": "11.51", "longitude": 107.38})

    event = hook.event()
    coordinates = event["message"]["attachments"][0]["payload"]["coordinates"]
    assert event["event_name"] == "user_send_location"
    assert coordinates == {"latitude": "11.51", "longitude": "107.38"}
    ids = [event[name]["id"] for name in ("sender", "recipient")] + [event["message"]["msg_id"]]
    assert all(isinstance(value, str) for value in ids)
    assert all(isinstance(event[name], str) for name in ("app_id", "timestamp", "user_id_by_app"))


def test_w6_size_of_a_file_is_a_string_beside_its_name(simulator, meet):
    person = simulator.world.people[f"{OA}:{meet()}"]
    key = simulator.world.keep(OA, b"%PDF-1.7", "application/pdf", "don.pdf")
    message = people.say(simulator.world, person, "", kind="file", attachment_id=key)

    event = events.in_private(simulator.world, simulator.world.accounts[OA], person, message)

    payload = event["message"]["attachments"][0]["payload"]
    assert (payload["size"], payload["name"], payload["type"]) == ("8", "don.pdf", "pdf")


@pytest.mark.parametrize(
    ("kind", "details", "name"),
    [
        ("sticker", {"sticker_id": "s1"}, "user_send_sticker"),
        ("audio", {}, "user_send_audio"),
        ("video", {}, "user_send_video"),
        ("link", {"url": "https://xa.example/"}, "user_send_link"),
        ("card", {"phone": "0900000000"}, "user_send_business_card"),
        ("gif", {}, "user_send_gif"),
        ("file", {}, "user_send_file"),
    ],
)
def test_w6_every_kind_of_message_has_its_event(say, hook, kind, details, name):
    say("", kind=kind, details=details)

    event = hook.event()
    [attachment] = event["message"]["attachments"]
    assert event["event_name"] == name
    assert all(isinstance(value, str) for value in attachment["payload"].values())


def test_w6_group_messages_of_members_name_group_and_member(simulator, hook, meet):
    user_id = meet()
    member = {"user_id": user_id, "name": "Bà H."}
    simulator.control("POST", "groups", {"group_id": GROUP, "oa_id": OA, "members": [member]})
    simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": "Chào", "group_id": GROUP})

    event = hook.event()
    assert (event["event_name"], event["oa_id"]) == ("user_send_group_text", OA)
    assert (event["sender"]["id"], event["recipient"]["id"]) == (user_id, GROUP)


def test_w6_follow_unfollow_and_withdrawal_are_told(simulator, hook, meet):
    user_id = meet()
    for act in ("unfollow", "follow", "withdraw"):
        simulator.control("POST", f"people/{OA}/{user_id}/{act}")

    assert hook.names(3) == ["follow", "unfollow", "user_withdraw"]


def test_w7_echo_of_an_answer_names_the_account_as_sender(call, hook, meet):
    user_id = meet()
    body = {"recipient": {"user_id": user_id}, "message": {"text": "Đã nhận"}}
    message_id = call("POST", "/v3.0/oa/message/cs", body)["data"]["message_id"]

    event = hook.event()
    assert event["event_name"] == "oa_send_text"
    assert (event["sender"]["id"], event["recipient"]["id"]) == (OA, user_id)
    assert event["message"]["msg_id"] == message_id


@pytest.fixture
def picture(simulator, meet, hook):
    """The address of a picture an event has named."""
    user_id = meet()
    key = simulator.world.keep(OA, PNG, "image/png", "anh.png")
    person = simulator.world.people[f"{OA}:{user_id}"]
    account = simulator.world.accounts[OA]
    message = people.say(simulator.world, person, "Ảnh", kind="photo", attachment_id=key)
    event = events.in_private(simulator.world, account, person, message)
    return event["message"]["attachments"][0]["payload"]["url"]


def test_w8_picture_is_served_by_the_simulator_itself_without_a_token(simulator, picture):
    status, headers, body = fetch(picture)

    assert picture.startswith(simulator.url)
    assert (status, headers["Content-Type"], body) == (200, "image/png", PNG)


@pytest.mark.parametrize(
    ("kind", "status"), [("media_missing", 404), ("media_expired", 403), ("media_wrong_type", 200)]
)
def test_w8_picture_is_gone_expired_or_not_a_picture(picture, fault, kind, status):
    fault(kind, times=1)
    answered, headers, _body = fetch(picture)

    assert answered == status
    assert (headers["Content-Type"] == "text/html; charset=utf-8") is (kind == "media_wrong_type")
    assert fetch(picture)[2] == PNG


def test_w8_picture_leads_to_a_private_address(simulator, picture, fault):
    fault("media_redirect", times=1)
    host = simulator.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", picture.removeprefix(simulator.url))
    answer = connection.getresponse()
    connection.close()

    assert (answer.status, answer.headers["Location"][:23]) == (302, "http://169.254.169.254/")


def test_w8_huge_picture_announces_no_length_and_does_not_end(picture, fault):
    fault("media_huge", times=1)
    with urllib.request.urlopen(picture, timeout=60) as response:
        assert response.headers["Content-Length"] is None
        assert len(response.read(3 * 1024 * 1024)) == 3 * 1024 * 1024


def test_w8_slow_picture_does_not_come_in_time(picture, fault):
    fault("media_slow", times=1)

    with pytest.raises(TimeoutError):
        fetch(picture, timeout=0.3)
