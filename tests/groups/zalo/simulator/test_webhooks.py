"""Echoes of what an account posted, signed over the bytes that were sent."""

import http.server
import json
import queue
import threading
import urllib.request

import pytest

from groups.zalo.signature import verify
from tests.waiting import wait_for

OA, GROUP, ACCESS = "2000000000000000002", "aaaa1111bbbb2222cccc", "AT-first-0123456789"


@pytest.fixture
def portal():
    """A receiver of webhooks on a free port; ``received`` is a queue of (signature header, raw body)."""

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.received.put((self.headers["X-ZEvent-Signature"], body))
            self.server.tries.append((self.headers["num_retry"], body))
            self.send_response(self.server.answer)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.tries, server.answer = queue.Queue(), [], 200
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def post(simulator, portal):
    simulator.control("POST", "oas", {"oa_id": OA, "webhook_url": f"http://127.0.0.1:{portal.server_port}/"})

    def post(text):
        body = json.dumps({"recipient": {"group_id": GROUP}, "message": {"text": text}}).encode()
        headers = {"access_token": ACCESS, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{simulator.url}/v3.0/oa/group/message", body, headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["data"]["message_id"]

    return post


def test_w7_post_is_echoed_with_its_id_and_a_valid_signature(portal, post):
    message_id = post("Bà con chú ý")

    header, body = portal.received.get(timeout=60)
    event = json.loads(body)
    assert verify(header, body, "1000000000000000001", "demo-oa-secret-key") is True
    assert event["event_name"] == "oa_send_group_text"
    assert (event["sender"]["id"], event["recipient"]["id"]) == (OA, GROUP)
    assert event["message"] == {"text": "Bà con chú ý", "msg_id": message_id}
    assert isinstance(event["timestamp"], str)


def test_w1_echo_body_keeps_vietnamese_letters_unescaped(portal, post):
    post("Thất lạc")

    assert "Thất lạc".encode() in portal.received.get(timeout=60)[1]


def test_lost_answer_is_echoed_all_the_same(simulator, portal, post):
    simulator.control("POST", "faults", {"kind": "empty", "times": 1})

    with pytest.raises(json.JSONDecodeError):
        post("Tin")

    assert json.loads(portal.received.get(timeout=60)[1])["message"]["text"] == "Tin"


def test_w7_echoes_can_be_switched_off(simulator, portal, post):
    simulator.control("POST", "settings", {"echoes": False})
    post("Im lặng")
    simulator.control("POST", "settings", {"echoes": True})
    post("Có tiếng")

    assert json.loads(portal.received.get(timeout=60)[1])["message"]["text"] == "Có tiếng"


def test_private_message_is_told_to_the_portal_signed_with_string_ids(simulator, portal, post):
    user_id = simulator.control("POST", "people", {"oa_id": OA, "name": "Bà H."})["user_id"]
    simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": "Có người lạ"})

    header, body = portal.received.get(timeout=60)
    event = json.loads(body)
    assert verify(header, body, "1000000000000000001", "demo-oa-secret-key") is True
    assert event["event_name"] == "user_send_text"
    assert (event["sender"], event["recipient"]) == ({"id": user_id}, {"id": OA})
    assert event["message"]["text"] == "Có người lạ"
    assert isinstance(event["user_id_by_app"], str)


def advance(simulator, portal, seconds):
    """Let the platform's clock run; returns once the next try has arrived."""
    simulator.control("POST", "settings", {"advance_seconds": seconds})
    return portal.received.get(timeout=60)


def settled(simulator, outcome, count):
    """Wait until the platform has noted ``count`` answers of this outcome."""
    return wait_for(lambda: simulator.control("GET", "stats")["webhooks"].get(outcome) == count)


def test_w2_event_not_taken_is_tried_again_by_the_ladder_then_the_hook_is_off(simulator, portal, post):
    portal.answer = 500
    post("Tin")
    portal.received.get(timeout=60)
    for tries, seconds in enumerate((30, 300, 900, 1800, 3600), start=1):
        assert settled(simulator, "500", tries)
        advance(simulator, portal, seconds)
    assert settled(simulator, "500", 6)

    assert [number for number, _body in portal.tries] == [None, "1", "2", "3", "4", "5"]
    assert len({body for _number, body in portal.tries}) == 1
    assert simulator.world.accounts[OA].is_hook_off is True
    post("Không ai nghe")
    assert simulator.control("GET", "stats")["webhooks"]["dropped"] == 1


def test_event_taken_at_the_second_try_is_not_sent_again(simulator, portal, post):
    portal.answer = 503
    post("Tin")
    portal.received.get(timeout=60)
    assert settled(simulator, "503", 1)
    portal.answer = 200
    advance(simulator, portal, 30)
    assert settled(simulator, "200", 1)
    simulator.control("POST", "settings", {"advance_seconds": 100_000})

    assert simulator.world.accounts[OA].is_hook_off is False
    assert len(portal.tries) == 2


def test_w3_hook_switched_on_again_hears_the_next_event(simulator, portal, post):
    simulator.world.accounts[OA].is_hook_off = True
    with urllib.request.urlopen(f"{simulator.url}/so-lieu", timeout=60) as response:
        assert "Webhook đã bị tắt" in response.read().decode()
    urllib.request.urlopen(f"{simulator.url}/so-lieu/bat-webhook", b"", timeout=60).close()
    post("Có tiếng")

    assert json.loads(portal.received.get(timeout=60)[1])["message"]["text"] == "Có tiếng"


def test_withdrawn_grant_is_told_to_the_portal(simulator, portal, post):
    simulator.control("POST", "tokens/revoke", {"oa_id": OA})

    event = json.loads(portal.received.get(timeout=60)[1])
    assert (event["event_name"], event["oa_id"]) == ("permission_revoked", OA)
