"""The simulated platform seen from outside: envelopes, limits, faults and counters, over plain HTTP."""

import json
import urllib.error
import urllib.request

import pytest

OA, GROUP, ACCESS = "2000000000000000002", "aaaa1111bbbb2222cccc", "AT-first-0123456789"
SEND = "/v3.0/oa/group/message"


@pytest.fixture
def ask(simulator):
    """One request; returns status, headers and the decoded JSON body."""

    def ask(method, path, body=None, **headers):
        headers = {"access_token": ACCESS, "Content-Type": "application/json"} | headers
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(simulator.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.headers, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    return ask


@pytest.fixture
def send(ask):
    def send(text, **message):
        body = {"recipient": {"group_id": GROUP}, "message": {"text": text, **message}}
        return ask("POST", SEND, body)[2]

    return send


def test_send_answers_in_the_platforms_shape(ask):
    status, headers, body = ask(
        "POST", SEND, {"recipient": {"group_id": GROUP}, "message": {"text": "Xin chào"}}
    )

    assert (status, headers["Content-Type"]) == (200, "text/json;charset=utf-8")
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remain"]) == ("1000", "999")
    assert (body["error"], body["data"]["group_id"]) == (0, GROUP)
    assert len(body["data"]["message_id"]) == 20


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": ""}, -201),
        ({"text": 5}, -201),
        ({"text": "x" * 2001}, -210),
        ({"text": "x" * 2000}, 0),
        ({"text": "x", "attachment": {"type": "image", "payload": {"url": "https://x"}}}, -233),
        ({"text": "x", "attachment": {"type": "template", "payload": {"template_type": "list"}}}, -233),
        ({"text": "x", "attachment": "y"}, -201),
        ({"attachment": {"type": "file", "payload": {"token": "unknown"}}}, -201),
    ],
)
def test_a3_send_checks_the_message_as_the_platform_does(ask, message, code):
    answer = ask("POST", SEND, {"recipient": {"group_id": GROUP}, "message": message})[2]

    assert answer["error"] == code


def test_a3_group_of_another_account_is_refused(simulator, ask):
    simulator.control("POST", "groups", {"group_id": "bbbb", "oa_id": "9"})

    answer = ask("POST", SEND, {"recipient": {"group_id": "bbbb"}, "message": {"text": "x"}})[2]

    assert answer["error"] == -403


@pytest.mark.parametrize(
    "headers", [{"access_token": "other"}, {"access_token": "", "Authorization": f"Bearer {ACCESS}"}]
)
def test_a1_token_counts_only_in_its_own_header(ask, headers):
    status, _headers, body = ask("GET", "/v2.0/oa/getoa", **headers)

    assert (status, body["error"]) == (200, -216)


def test_a1_unknown_path_is_404(ask):
    assert ask("GET", "/v3.0/oa/group/listgroup")[0] == 404


def test_rate_is_counted_by_the_minute_of_the_movable_clock(simulator, ask):
    simulator.control("POST", "oas", {"oa_id": OA, "rate_per_minute": 2})
    codes = [ask("GET", "/v2.0/oa/getoa")[2]["error"] for _ in range(3)]
    simulator.control("POST", "settings", {"advance_seconds": 60})
    codes.append(ask("GET", "/v2.0/oa/getoa")[2]["error"])

    load = simulator.control("GET", "stats")["accounts"][OA]
    assert codes == [0, 0, -32, 0]
    assert (load["calls"], load["over_limit"], load["busiest_calendar_minute"]) == (4, 1, 3)


def test_a8_upload_older_than_seven_days_is_expired(simulator, ask):
    account = simulator.world.accounts[OA]
    picture = simulator.world.add_upload(account, b"\xff\xd8\xff...")
    simulator.control("POST", "settings", {"advance_seconds": 7 * 24 * 3600 + 1})
    simulator.control("POST", "oas", {"oa_id": OA, "access_token": ACCESS})
    element = {"media_type": "image", "attachment_id": picture}
    attachment = {"type": "template", "payload": {"template_type": "media", "elements": [element]}}

    answer = ask("POST", SEND, {"recipient": {"group_id": GROUP}, "message": {"attachment": attachment}})[2]

    assert answer["error"] == -100


def test_same_text_within_ten_minutes_is_marked_duplicate(simulator, send):
    send("Tin")
    send("Tin khác")
    send("Tin")
    simulator.control("POST", "settings", {"advance_seconds": 601})
    send("Tin")

    messages = simulator.control("GET", f"groups/{GROUP}/messages")["messages"]
    stats = simulator.control("GET", "stats")
    assert [message["is_duplicate"] for message in messages] == [False, False, True, False]
    assert (stats["messages"], stats["duplicates"], stats["duplicates_total"]) == (4, {GROUP: 1}, 1)


def test_fault_duplicate_shows_the_message_twice_under_one_success(simulator, send):
    simulator.control("POST", "faults", {"kind": "duplicate", "times": 1})

    assert send("Tin")["error"] == 0
    assert simulator.control("GET", "stats")["duplicates_total"] == 1


def test_fault_lasts_for_its_times_and_matches_its_group_only(simulator, send, ask):
    fault = {"kind": "error", "code": -224, "times": 2, "group_id": GROUP, "path": "group/message"}
    simulator.control("POST", "faults", fault)

    assert ask("GET", "/v2.0/oa/getoa")[2]["error"] == 0
    assert ask("GET", f"/v3.0/oa/group/getgroup?group_id={GROUP}")[2]["error"] == 0
    assert [send("Tin")["error"] for _ in range(3)] == [-224, -224, 0]


def test_fault_with_seconds_ends_with_the_clock(simulator, send):
    simulator.control("POST", "faults", {"kind": "rate_limit", "seconds": 30})
    first = send("Tin")["error"]
    simulator.control("POST", "settings", {"advance_seconds": 31})

    assert (first, send("Tin")["error"]) == (-32, 0)


def test_fault_with_probability_hits_about_that_share(simulator, send):
    simulator.control("POST", "faults", {"kind": "error", "code": -200, "probability": 0.5})

    hits = sum(send(f"Tin {number}")["error"] == -200 for number in range(60))

    assert 12 <= hits <= 48


def test_faults_can_be_listed_and_cleared(simulator, send):
    simulator.control("POST", "faults", {"kind": "error", "code": -224})
    assert [fault["code"] for fault in simulator.control("GET", "faults")["faults"]] == [-224]

    simulator.control("DELETE", "faults")

    assert send("Tin")["error"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "meteor"}),
        ("oas", {"oa_id": 5}),
        ("groups", {"group_id": "x"}),
        ("tokens/expire", {}),
        ("settings", {"delay_ms": "soon"}),
    ],
)
def test_control_call_that_makes_no_sense_is_400(ask, path, body):
    assert ask("POST", f"/_control/{path}", body)[0] == 400


def test_counters_name_paths_and_outcomes(simulator, send):
    send("Tin")
    send("")

    stats = simulator.control("GET", "stats")
    assert stats["calls"] == {SEND: {"-201": 1, "0": 1}}
    assert (stats["in_flight"], stats["max_in_flight"]) == (0, 1)


def test_reset_keeping_the_world_forgets_only_counters_and_faults(simulator, send):
    send("Tin")
    simulator.control("POST", "faults", {"kind": "empty"})
    simulator.control("POST", "reset", {"keep": True})

    assert simulator.control("GET", "stats")["calls_total"] == 0
    assert simulator.control("GET", "faults")["faults"] == []
    assert len(simulator.control("GET", f"groups/{GROUP}/messages")["messages"]) == 1


def test_a6_conversation_shows_new_messages_only_after_the_delay_set(simulator, send, ask):
    path = f"/v3.0/oa/group/conversation?group_id={GROUP}"
    simulator.control("POST", "settings", {"visible_after_ms": 60_000})
    send("Tin")
    hidden = ask("GET", path)[2]["data"]
    simulator.control("POST", "settings", {"advance_seconds": 61})

    assert hidden == []
    [item] = ask("GET", path)[2]["data"]
    assert (item["src"], item["message"], item["type"]) == (0, "Tin", "text")
    assert isinstance(item["time"], int)
