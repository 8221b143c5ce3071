"""A stub of Zalo's group message call, fast enough not to be what is measured.

``python -m bench.stubapi --port 9300 --delay-ms 100`` answers every POST to ``/v3.0/oa/group/message`` in
Zalo's envelope after the delay, and counts. It goes wrong on request:

``--fail-every N``     every Nth message is refused by an error code inside a 200
``--http500-every N``  every Nth gets a bare 500, and was not posted
``--drop-every N``     every Nth is posted, but the connection closes without an answer
``--max-rps R``        what exceeds R calls in a sliding second gets 429 with ``Retry-After: 1``

``GET /v3.0/oa/group/conversation`` shows what was posted to a group. ``GET /__stats`` counts: ``total``
calls, ``posted`` messages, ``unique`` by group and public code, ``dup`` (posted to a group that had the
code), ``max_in_flight``, ``max_rps``, ``limited``, ``failed``, ``accounts`` that called, ``max_minute`` (the
most calls of one account in any 60 s) and ``seconds`` from the first call to the last. ``POST /__set`` with a
JSON object of the same options (``{"delay_ms": 50}``) changes them and starts the counting anew.

``stubapi.c`` is the same in C, for machines with a compiler (``bench.stub`` chooses).

The parser reads what HTTP clients send to an API: a request line, headers, a body of ``Content-Length``. It
is no web server.
"""

import argparse
import asyncio
import json
import re
import resource
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, fields
from urllib.parse import parse_qs

MESSAGE = b"POST /v3.0/oa/group/message"
CONVERSATION = b"GET /v3.0/oa/group/conversation"
GROUP = re.compile(rb'"group_id"\s*:\s*"([^"]*)"')
# No word boundary in front: in JSON a line break before it ends in the letter n.
CODE = re.compile(rb"TB-\d{4}-\d{4,}")
TOKEN = re.compile(rb"\r\naccess_token:\s*(\S+)", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
CONVERSATION_PAGE = 10
# No envelope: the limit of a gateway in front of the API.
TOO_MANY = b"Too Many Requests"


@dataclass
class Faults:
    """How the stub behaves; zeros switch a fault off."""

    delay_ms: float = 0
    fail_every: int = 0
    http500_every: int = 0
    drop_every: int = 0
    max_rps: int = 0


class Stub:
    """The state all connections share: options, counters, and what each group was sent."""

    def __init__(self, faults: Faults):
        self.in_flight = 0
        self.configure(faults)

    def configure(self, faults: Faults) -> None:
        """Take over new options and forget everything counted so far."""
        self.faults = faults
        self.total = self.posted = self.limited = self.failed = 0
        self.max_in_flight = self.fastest_second = 0
        self.copies: Counter[tuple[bytes, bytes]] = Counter()
        self.conversations: dict[bytes, list[dict]] = {}
        self.last_second: deque[float] = deque()
        # Calls of the last minute by account, the most any account had, and when calls began and ended.
        self.minutes: dict[bytes, deque[float]] = {}
        self.fullest_minute = 0
        self.first_at = self.last_at = 0.0

    def stats(self) -> dict[str, float]:
        """Counters since the last configuration."""
        return {
            "total": self.total,
            "posted": self.posted,
            "unique": len(self.copies),
            "dup": self.posted - len(self.copies),
            "max_in_flight": self.max_in_flight,
            "max_rps": self.fastest_second,
            "limited": self.limited,
            "failed": self.failed,
            "accounts": len(self.minutes),
            "max_minute": self.fullest_minute,
            "seconds": round(self.last_at - self.first_at, 3),
        }

    def arrived(self, account: bytes, now: float) -> None:
        """Note a call of ``account``, whatever becomes of it."""
        self.first_at, self.last_at = self.first_at or now, now
        minute = self.minutes.setdefault(account, deque())
        while minute and minute[0] <= now - 60:
            minute.popleft()
        minute.append(now)
        self.fullest_minute = max(self.fullest_minute, len(minute))

    def judge(self, body: bytes, now: float) -> bytes | None:
        """Count one message; the answer to give after the delay, or None to hang up."""
        self.total += 1
        if self._is_over_limit(now):
            self.limited += 1
            return answer(TOO_MANY, b"429 Too Many Requests", b"Retry-After: 1\r\n")
        if _is_nth(self.total, self.faults.fail_every):
            self.failed += 1
            return answer(b'{"error":-201,"message":"Params is invalid"}')
        if _is_nth(self.total, self.faults.http500_every):
            self.failed += 1
            return answer(b"Internal Server Error", b"500 Internal Server Error")
        message_id = self._post(body)
        if _is_nth(self.total, self.faults.drop_every):
            self.failed += 1
            return None
        return answer(b'{"error":0,"message":"Success","data":{"message_id":"%s"}}' % message_id)

    def conversation(self, group_id: str) -> bytes:
        """The newest messages of a group, newest first, as Zalo lists them."""
        messages = self.conversations.get(group_id.encode(), [])
        page = messages[: -CONVERSATION_PAGE - 1 : -1]
        return json.dumps({"error": 0, "message": "Success", "data": page}).encode()

    def _post(self, body: bytes) -> bytes:
        self.posted += 1
        group = GROUP.search(body)
        codes = CODE.findall(body)
        # The code on the last line is the message's own; a correction names another one further up.
        key = (group[1] if group else b"", codes[-1] if codes else b"")
        self.copies[key] += 1
        message_id = b"stub%d" % self.posted
        item = {"src": 0, "type": "text", "message_id": message_id.decode(), "message": key[1].decode()}
        item["time"] = int(time.time() * 1000)
        self.conversations.setdefault(key[0], []).append(item)
        return message_id

    def _is_over_limit(self, now: float) -> bool:
        recent = self.last_second
        while recent and recent[0] <= now - 1:
            recent.popleft()
        self.fastest_second = max(self.fastest_second, len(recent) + 1)
        recent.append(now)
        return bool(self.faults.max_rps) and len(recent) > self.faults.max_rps


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests on it are answered in turn."""

    def __init__(self, stub: Stub):
        self.stub = stub
        self.buffer = b""
        self.is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        # A message that was read counts as in flight until its delay is over, also when nobody waits for it.
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.is_busy:
            self._next()

    def _next(self) -> None:
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(rest) < size:
            return
        self.buffer = rest[size:]
        self.is_busy = True
        self._serve(head, rest[:size])

    def _serve(self, head: bytes, body: bytes) -> None:
        stub = self.stub
        if not head.startswith(MESSAGE):
            self._finish(control(stub, head, body), is_message=False)
            return
        loop = asyncio.get_running_loop()
        stub.in_flight += 1
        stub.max_in_flight = max(stub.max_in_flight, stub.in_flight)
        token = TOKEN.search(head)
        stub.arrived(token[1] if token else b"", loop.time())
        reply = stub.judge(body, loop.time())
        if stub.faults.delay_ms:
            loop.call_later(stub.faults.delay_ms / 1000, self._finish, reply)
        else:
            self._finish(reply)

    def _finish(self, reply: bytes | None, is_message: bool = True) -> None:
        if is_message:
            self.stub.in_flight -= 1
        self.is_busy = False
        if self.transport.is_closing():
            return
        if reply is None:
            self.transport.abort()
            return
        self.transport.write(reply)
        if self.buffer:
            self._next()


def control(stub: Stub, head: bytes, body: bytes) -> bytes:
    """Answer to everything that is no message: statistics, options, conversations."""
    method, target = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[:2]
    path, _, query = target.partition("?")
    if head.startswith(CONVERSATION):
        return answer(stub.conversation(parse_qs(query).get("group_id", [""])[0]))
    if (method, path) == ("GET", "/__stats"):
        return answer(json.dumps(stub.stats()).encode())
    if (method, path) == ("POST", "/__set"):
        stub.configure(Faults(**{**asdict(stub.faults), **json.loads(body or b"{}")}))
        return answer(json.dumps(asdict(stub.faults)).encode())
    return answer(b'{"error":-1,"message":"Not found"}', b"404 Not Found")


def answer(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    """A complete response."""
    return b"HTTP/1.1 %s\r\nContent-Type: text/json;charset=utf-8\r\n%sContent-Length: %d\r\n\r\n%s" % (
        status,
        headers,
        len(body),
        body,
    )


def _is_nth(count: int, every: int) -> bool:
    return bool(every) and count % every == 0


async def serve(stub: Stub, port: int) -> asyncio.Server:
    """Listen on a loopback port, 0 for any; the caller keeps the loop running."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(stub), "127.0.0.1", port, backlog=4096)


async def _run(stub: Stub, port: int) -> None:
    server = await serve(stub, port)
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m bench.stubapi", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0: any free one, printed")
    for field in fields(Faults):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    options = vars(parser.parse_args(arguments))
    port = options.pop("port")
    # Thousands of connections at once need as many file descriptors.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        asyncio.run(_run(Stub(Faults(**options)), port))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
