"""Echoes of what an account posted, signed over the bytes that were sent."""

import http.server
import json
import queue
import threading
import urllib.request

import pytest

from groups.zalo.signature import verify

OA, GROUP, ACCESS = "2000000000000000002", "aaaa1111bbbb2222cccc", "AT-first-0123456789"


@pytest.fixture
def portal():
    """A receiver of webhooks on a free port; ``received`` is a queue of (signature header, raw body)."""

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.received.put((self.headers["X-ZEvent-Signature"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received = queue.Queue()
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
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)["data"]["message_id"]

    return post


def test_post_is_echoed_with_its_id_and_a_valid_signature(portal, post):
    message_id = post("Bà con chú ý")

    header, body = portal.received.get(timeout=5)
    event = json.loads(body)
    assert verify(header, body, "1000000000000000001", "demo-oa-secret-key") is True
    assert event["event_name"] == "oa_send_group_text"
    assert (event["sender"]["id"], event["recipient"]["id"]) == (OA, GROUP)
    assert event["message"] == {"text": "Bà con chú ý", "msg_id": message_id}
    assert isinstance(event["timestamp"], str)


def test_echo_body_keeps_vietnamese_letters_unescaped(portal, post):
    post("Thất lạc")

    assert "Thất lạc".encode() in portal.received.get(timeout=5)[1]


def test_lost_answer_is_echoed_all_the_same(simulator, portal, post):
    simulator.control("POST", "faults", {"kind": "empty", "times": 1})

    with pytest.raises(json.JSONDecodeError):
        post("Tin")

    assert json.loads(portal.received.get(timeout=5)[1])["message"]["text"] == "Tin"


def test_echoes_can_be_switched_off(simulator, portal, post):
    simulator.control("POST", "settings", {"echoes": False})
    post("Im lặng")
    simulator.control("POST", "settings", {"echoes": True})
    post("Có tiếng")

    assert json.loads(portal.received.get(timeout=5)[1])["message"]["text"] == "Có tiếng"


def test_private_message_is_told_to_the_portal_signed_with_string_ids(simulator, portal, post):
    user_id = simulator.control("POST", "people", {"oa_id": OA, "name": "Bà H."})["user_id"]
    simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": "Có người lạ"})

    header, body = portal.received.get(timeout=5)
    event = json.loads(body)
    assert verify(header, body, "1000000000000000001", "demo-oa-secret-key") is True
    assert event["event_name"] == "user_send_text"
    assert (event["sender"], event["recipient"]) == ({"id": user_id}, {"id": OA})
    assert event["message"]["text"] == "Có người lạ"
    assert isinstance(event["user_id_by_app"], str)
