"""Faults F1 to F10, each judged by what the caller gets and what the members see."""

import json
import socket
import time

import pytest

from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.groups.zalo.simulator.conftest import ACCESS, GROUP, OA, fetch
from tests.groups.zalo.simulator.doors import refuses
from tests.waiting import wait_for


@pytest.fixture
def post(simulator):
    """One group message; returns status and raw body, or raises what the connection does."""

    def post(text="Tin", timeout=60):
        body = json.dumps({"recipient": {"group_id": GROUP}, "message": {"text": text}}).encode()
        headers = {"access_token": ACCESS, "Content-Type": "application/json"}
        url = f"{simulator.url}/v3.0/oa/group/message"
        status, _headers, answer = fetch(url, body, headers=headers, timeout=timeout)
        return status, answer

    return post


def texts(members):
    return [message["text"] for message in members()]


@pytest.mark.parametrize(("kind", "seen"), [("timeout_before", []), ("timeout_after", ["Tin"])])
def test_f1_f2_time_out_before_stores_nothing_after_stores_and_echoes(post, fault, members, hook, kind, seen):
    fault(kind, times=1)

    with pytest.raises(TimeoutError):
        post(timeout=0.4)
    wait_for(lambda: texts(members) == seen)
    if seen:
        assert hook.event()["message"]["text"] == "Tin"
    assert hook.is_quiet()


@pytest.mark.parametrize(("kind", "seen"), [("reset_before", []), ("reset_after", ["Tin"])])
def test_f3_reset_before_or_after_delivery(post, fault, members, kind, seen):
    fault(kind, times=1)

    with pytest.raises(ConnectionResetError):
        post()
    assert texts(members) == seen


def test_f3_connection_refused_for_a_while(simulator, post):
    simulator.control("POST", "outage", {"seconds": 3, "refuse": True})

    wait_for(lambda: refuses(simulator))
    with pytest.raises(OSError, match="refused"):
        post()
    wait_for(lambda: not refuses(simulator))
    assert post()[0] == 200


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize(("kind", "seen"), [("gateway_before", []), ("gateway_after", ["Tin"])])
def test_f4_gateway_page_before_or_after_delivery(post, fault, members, kind, seen, status):
    fault(kind, status=status, times=1)

    answered, body = post()
    assert (answered, body[:6]) == (status, b"<html>")
    assert texts(members) == seen


@pytest.mark.parametrize("kind", ["truncated", "empty", "text_error", "no_data"])
def test_f5_answer_is_not_what_it_should_be_but_the_message_is_there(post, fault, members, kind):
    fault(kind, times=1)

    status, body = post()
    document = json.loads(body) if kind in {"text_error", "no_data"} else body
    assert status == 200
    assert texts(members) == ["Tin"]
    if kind == "text_error":
        assert document["error"] == "0"
    elif kind == "no_data":
        assert document == {"error": 0, "message": "Success"}
    else:
        with pytest.raises(ValueError):
            json.loads(body)


def test_f6_slow_answer_arrives_late_and_a_trickle_never_in_time(post, fault, members):
    fault("slow", delay_ms=200, times=1)
    began = time.monotonic()
    assert post()[0] == 200
    assert time.monotonic() - began >= 0.2
    fault("trickle", times=1)

    with pytest.raises(TimeoutError):
        post("Tin nhỏ giọt", timeout=0.4)
    assert texts(members) == ["Tin", "Tin nhỏ giọt"]


@pytest.mark.parametrize(("kind", "seen"), [("failed_before", []), ("failed_after", ["Tin"])])
def test_f7_minus_200_with_and_without_delivery(send, fault, members, kind, seen):
    fault(kind, times=1)

    assert send("Tin")["error"] == -200
    assert texts(members) == seen


def test_f8_rate_burst_lasts_its_seconds_and_a_rejected_token_once(send, fault, advance):
    fault("rate_limit", seconds=20)
    burst = [send("Tin")["error"] for _number in range(3)]
    advance(seconds=21)
    after = send("Tin")["error"]
    fault("token_rejected", times=1)

    assert (burst, after) == ([-32] * 3, 0)
    assert [send("Tin")["error"] for _number in range(2)] == [-216, 0]


def test_f9_outage_of_the_whole_host_ends_with_the_clock(simulator, post, refresh, advance):
    simulator.control("POST", "outage", {"seconds": 120})
    for call in (post, refresh):
        with pytest.raises(ConnectionResetError):
            call()
    simulator.control("POST", "clock", {"advance_seconds": 121})

    assert post()[0] == 200


def test_f10_one_success_shows_twice(send, fault, members):
    fault("duplicate", times=1)

    assert send("Tin")["error"] == 0
    assert [message["is_duplicate"] for message in members()] == [False, True]


def test_fault_by_path_group_account_and_times_hits_nothing_else(simulator, send, call, fault):
    simulator.control("POST", "groups", {"group_id": "bbbb", "oa_id": OA})
    fault("error", code=-224, path="group/message", group_id="bbbb", oa_id=OA, times=1)
    fault("error", code=-224, oa_id="another account")

    assert call("GET", "/v2.0/oa/getoa")["error"] == 0
    assert send("Tin")["error"] == 0
    assert [send("Tin", "bbbb")["error"] for _number in range(2)] == [-224, 0]


def test_fault_for_the_api_alone_spares_the_token_endpoint_unless_named(refresh, fault):
    fault("token_rejected")
    first = refresh()
    fault("error", code=-14002, path="access_token", times=1)

    assert first["access_token"]
    assert refresh(first["refresh_token"])["error"] == -14002


def test_fault_with_probability_is_the_same_for_the_same_seed():
    def run():
        with SimulatorThread(World(seed=7)) as zalo:
            zalo.control("POST", "oas", {"oa_id": OA, "access_token": ACCESS})
            zalo.control("POST", "groups", {"group_id": GROUP, "oa_id": OA})
            zalo.control("POST", "faults", {"kind": "error", "code": -200, "probability": 0.5})
            url = f"{zalo.url}/v3.0/oa/group/message"
            body = json.dumps({"recipient": {"group_id": GROUP}, "message": {"text": "x"}}).encode()
            answers = [fetch(url, body, headers={"access_token": ACCESS})[2] for _number in range(20)]
            return [json.loads(answer) for answer in answers]

    first = run()

    assert first == run()
    assert {answer["error"] for answer in first} == {0, -200}


def test_control_listens_on_its_own_prefix_which_the_real_host_lacks(simulator):
    assert fetch(f"{simulator.url}/_control/stats")[0] == 200
    assert fetch(f"{simulator.url}/_control/nothing")[0] == 404
    with socket.create_connection(("127.0.0.1", int(simulator.url.rpartition(":")[2])), 1):
        pass
