"""Plain HTTP to the simulator, and a receiver of its webhooks: nothing of the portal's own client."""

import http.server
import json
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

OA, GROUP, ACCESS = "2000000000000000002", "aaaa1111bbbb2222cccc", "AT-first-0123456789"
APP, APP_SECRET, REFRESH = "1000000000000000001", "app-secret-for-tests", "RT-first-0123456789"
GROUP_CALL = "/v3.0/oa/group/"


def fetch(url, body=None, *, method=None, headers=None, timeout=60):
    """Status, headers and raw body of one request; redirects are followed, errors returned."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture
def call(simulator):
    """One API call as the account; returns the decoded envelope."""

    def call(method, path, body=None, *, token=ACCESS, **params):
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        data = None if body is None else json.dumps(body).encode()
        headers = {"access_token": token, "Content-Type": "application/json"}
        return json.loads(fetch(simulator.url + path + query, data, method=method, headers=headers)[2])

    return call


@pytest.fixture
def group_call(call):
    """A call below ``/v3.0/oa/group/``: GET without a body, POST with one."""

    def group_call(name, body=None, **params):
        return call("GET" if body is None else "POST", GROUP_CALL + name, body, **params)

    return group_call


@pytest.fixture
def send(group_call):
    def send(text, group_id=GROUP, **message):
        return group_call(
            "message", {"recipient": {"group_id": group_id}, "message": {"text": text, **message}}
        )

    return send


@pytest.fixture
def upload(simulator):
    """Upload bytes in one multipart part; returns the envelope."""

    def upload(purpose, content, part="file"):
        edge = "frontier"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{part}"; filename="a"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        headers = {"access_token": ACCESS, "Content-Type": f"multipart/form-data; boundary={edge}"}
        return json.loads(fetch(f"{simulator.url}/v2.0/oa/upload/{purpose}", body, headers=headers)[2])

    return upload


@pytest.fixture
def token(simulator):
    """One call to the token endpoint; returns the decoded answer."""

    def token(secret=APP_SECRET, query="", **form):
        form = {"app_id": APP, **form}
        url = f"{simulator.url}/v4/oa/access_token{query}"
        headers = {"secret_key": secret}
        return json.loads(fetch(url, urllib.parse.urlencode(form).encode(), headers=headers)[2])

    return token


@pytest.fixture
def refresh(token):
    def refresh(refresh_token=REFRESH):
        return token(grant_type="refresh_token", refresh_token=refresh_token)

    return refresh


@pytest.fixture
def meet(simulator):
    """A person who has just met the account; returns the user id."""

    def meet(name="Bà H.", **settings):
        return simulator.control("POST", "people", {"oa_id": OA, "name": name, **settings})["user_id"]

    return meet


@pytest.fixture
def advance(simulator):
    """Move the platform's clock; tokens handed out to the tests stay good."""

    def advance(*, hours=0, days=0, seconds=0):
        total = seconds + hours * 3600 + days * 86_400
        simulator.control("POST", "settings", {"advance_seconds": total})
        simulator.control("POST", "oas", {"oa_id": OA, "access_token": ACCESS})

    return advance


@pytest.fixture
def fault(simulator):
    def fault(kind, **settings):
        simulator.control("POST", "faults", {"kind": kind, **settings})

    return fault


@pytest.fixture
def switch(simulator):
    def switch(**values):
        simulator.control("POST", "switches", values)

    return switch


@pytest.fixture
def members(simulator):
    """What the members of a group have seen, oldest first."""

    def members(group_id=GROUP):
        return simulator.control("GET", f"groups/{group_id}/messages")["messages"]

    return members


class Portal:
    """A receiver of webhooks that keeps headers and raw bodies and answers what it is told."""

    def __init__(self):
        portal = self
        self.received: queue.Queue = queue.Queue()
        self.answer, self.answer_after = 200, 0

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                time.sleep(portal.answer_after)
                portal.received.put((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(portal.answer)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def next(self):
        """Headers and raw body of the next event."""
        return self.received.get(timeout=60)

    def event(self):
        return json.loads(self.next()[1])

    def names(self, count):
        """Names of the next events, sorted: the platform promises no order."""
        return sorted(self.event()["event_name"] for _number in range(count))

    def is_quiet(self, seconds=0.15):
        time.sleep(seconds)
        return self.received.empty()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook(simulator):
    """The portal's webhook address, listening for the account's events."""
    portal = Portal()
    simulator.control("POST", "oas", {"oa_id": OA, "webhook_url": portal.url})
    yield portal
    portal.close()
