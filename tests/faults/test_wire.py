"""Broken, lying and slow requests at the real web process: refused in whole, and the next one is answered.

No proxy stands in front here, as in the smallest installations.
"""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.faults.conftest import TEMPLATE
from tests.faults.installation import Installation
from tests.faults.senders import Sender, start_web
from tests.faults.servers import Postgres, Redis, wait_for
from tests.faults.visitors import has_receipt
from tests.faults.wire import MULTIPART, chunked, exchange, head, multipart
from tests.tips import canary

pytestmark = [pytest.mark.process, pytest.mark.services, pytest.mark.timeout(600, func_only=True)]

# Larger than what Django keeps in memory: it waits in a file of its own until it is encrypted.
FILM = canary.photo(side=64) + bytes(3 * 1024 * 1024)
PHOTO = canary.photo(side=64)


class Web(Sender):
    """The web process of the tests here, and what it kept."""

    def __init__(self, installation: Installation, postgres: Postgres):
        super().__init__(installation.web_port)
        self.installation, self.postgres, self.port = installation, postgres, installation.web_port

    @property
    def kept(self) -> tuple[int, int, list[str]]:
        """Rows of tips and of pieces, and the names of files stored or waiting."""
        rows = [
            self.postgres.execute(f"SELECT count(*) FROM {table}", "wire")[0][0]
            for table in ("tips_tip", "tips_uploadpart")
        ]
        folders = (self.installation.var / "media", self.installation.var / "tmp")
        files = [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]
        return (*rows, files)

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.installation.var.glob("web*.log")))

    def urlencoded(self, **more: str) -> bytes:
        return urlencode(self.open() | more).encode()

    def multipart(self, *, file: bytes = PHOTO, name: bytes = b"a.jpg", end: bytes = b"--b--\r\n") -> bytes:
        return multipart(self.open(), [(name, file)], end=end)


@pytest.fixture(scope="module")
def running(postgres: Postgres, tmp_path_factory) -> Iterator[Web]:
    var: Path = tmp_path_factory.mktemp("wire")
    redis = Redis(var)
    url = postgres.create_database("wire", template=TEMPLATE)
    with SimulatorThread(World(is_open=True)) as zalo:
        installation = Installation(var, zalo, database_url=url, broker_url=redis.url)
        try:
            installation.ask("campaign", groups=1)
            start_web(installation, WEB_WAIT_SECONDS="2")
            yield Web(installation, postgres)
        finally:
            installation.close()
            redis.stop()
            postgres.drop_database("wire")


@pytest.fixture
def web(running: Web) -> Iterator[Web]:
    """Whatever a test did: nothing was kept, nothing failed inside, and the next sender is served."""
    before, log = running.kept, len(running.log)
    yield running
    assert running.kept == before
    new = running.log[log:]
    assert '"status": 5' not in new and "Traceback" not in new and "127.0.0.1" not in new
    page = running.press(running.open())
    assert has_receipt(page) and running.seconds < 5
    assert running.kept[0] == before[0] + 1


# --- Bodies that are not what was announced --------------------------------------------------------------


def test_form_that_breaks_off_is_no_tip(web: Web):
    """A lost connection in the middle of the words: half of them would be taken for all, and for good."""
    body = web.urlencoded()
    for path in ("/gui-tin/", "/theo-doi/"):
        answer = exchange(web.port, head(path, length=len(body)), body[: len(body) // 2])
        assert answer.status == 400, path
    json = b'{"category": "GAY_ROI", "unit": "D6801", "text": "H\xc3\xa1t loa k\xc3\xa9o"}'
    sent = head("/api/v1/tips/", content_type=b"application/json", length=len(json) + 1)
    answer = exchange(web.port, sent, json)
    assert answer.status == 400 and answer.body.startswith('{"detail"')


@pytest.mark.parametrize("file", [PHOTO, FILM], ids=["in memory", "in a file"])
def test_file_that_breaks_off_is_no_tip(web: Web, file: bytes):
    body = web.multipart(file=file)
    sent = head(length=len(body), content_type=MULTIPART)
    assert exchange(web.port, sent, body[: -len(file) // 2]).status == 400


def test_piece_of_a_film_that_breaks_off_is_asked_for_again(web: Web):
    """The row of the upload stays where it was, for the next try."""
    token = web.open()["form_token"]
    lines = {"Upload-Token": token, "Upload-Length": "400000", "Upload-Kind": "image"}
    place = web._timed("POST", "/gui-tin/tep/", headers=lines).headers["Location"]
    piece = canary.photo(side=600)[:100_000]
    sent = head(
        place,
        *(b"Upload-Token: " + token.encode(), b"Upload-Offset: 0"),
        method=b"PATCH",
        content_type=b"application/offset+octet-stream",
        length=len(piece),
    )
    assert exchange(web.port, sent, piece[:50_000]).status == 400
    followed = web._timed("HEAD", place, headers={"Upload-Token": token})
    assert (followed.status_code, followed.headers["Upload-Offset"]) == (200, "0")


@pytest.mark.parametrize(
    "end", [b"", b"--b\r\n", b"--c--\r\n", b"--b-"], ids=["none", "open", "other", "cut"]
)
def test_form_without_its_last_line_is_no_tip(web: Web, end: bytes):
    """Its length is right, its end is not there: a file of it may be half a file."""
    body = web.multipart(end=end)
    answer = exchange(web.port, head(length=len(body), content_type=MULTIPART), body)
    assert answer.status == 400


def test_form_whose_lines_are_not_those_announced_is_no_tip(web: Web):
    body = web.multipart()
    for content_type in (
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=other",
        b"multipart/form-data; boundary=" + b"x" * 300,
        b"multipart/form-data; boundary=\xff\xfe",
    ):
        answer = exchange(web.port, head(length=len(body), content_type=content_type), body)
        assert 400 <= answer.status < 500, content_type


def test_more_than_announced_is_no_second_request(web: Web):
    """What goes beyond the length is neither part of the form nor a request of its own."""
    body = web.multipart()
    sent = head(length=len(body) // 2, content_type=MULTIPART)
    assert exchange(web.port, sent, body).status == 400
    hidden = head("/gui-tin/", length=len(web.urlencoded())) + web.urlencoded()
    assert exchange(web.port, head("/theo-doi/", length=0) + hidden).status in (200, 400, 403)


def test_body_without_a_length_is_asked_for_one(web: Web):
    """Django reads nothing of it: the sender would be told that the form is empty."""
    for path, content_type in (
        ("/gui-tin/", b"application/x-www-form-urlencoded"),
        ("/gui-tin/", MULTIPART),
        ("/theo-doi/", b"application/x-www-form-urlencoded"),
        ("/api/v1/tips/", b"application/json"),
        ("/zalo/webhook/", b"application/json"),
    ):
        body = web.multipart() if content_type == MULTIPART else web.urlencoded()
        sent = head(path, b"Transfer-Encoding: chunked", content_type=content_type)
        answer = exchange(web.port, sent, chunked(body))
        assert (answer.status, "Content-Length" in answer.body) == (411, True), path


LENGTHS = {
    "both": [b"Content-Length: 20", b"Transfer-Encoding: chunked"],
    "both, hidden": [b"Content-Length: 20", b"Transfer-Encoding:\x0bchunked"],
    "two lengths": [b"Content-Length: 20", b"Content-Length: 30"],
    "twice the same": [b"Content-Length: 20", b"Content-Length: 20"],
    "list": [b"Content-Length: 20, 30"],
    "negative": [b"Content-Length: -1"],
    "signed": [b"Content-Length: +20"],
    "hexadecimal": [b"Content-Length: 0x14"],
    "words": [b"Content-Length: twenty"],
    "endless": [b"Content-Length: " + b"9" * 400],
    "other coding": [b"Transfer-Encoding: gzip, chunked"],
    "chunked twice": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    "identity last": [b"Transfer-Encoding: chunked, identity"],
}


@pytest.mark.parametrize("lines", LENGTHS.values(), ids=LENGTHS)
def test_two_readings_of_a_length_are_none(web: Web, lines: list[bytes]):
    """What a proxy and the server could read differently hides a request from one of them."""
    hidden = web.urlencoded()
    inside = b"0\r\n\r\n" + head("/gui-tin/", length=len(hidden)) + hidden
    answer = exchange(web.port, head("/gui-tin/", *lines), inside)
    assert 400 <= answer.status < 500 or answer.status == 501


@pytest.mark.parametrize(
    "body",
    [b"zz\r\nabc\r\n0\r\n\r\n", b"5\r\nab", b"5\r\nabcde0\r\n\r\n", b"-5\r\nabcde\r\n0\r\n\r\n", b"f" * 9000],
    ids=["no number", "cut", "no line end", "negative", "endless"],
)
def test_broken_chunks_are_refused(web: Web, body: bytes):
    answer = exchange(web.port, head("/gui-tin/", b"Transfer-Encoding: chunked"), body)
    assert 400 <= answer.status < 500


# --- Too much of it --------------------------------------------------------------------------------------


def test_head_beyond_all_measure_is_refused(web: Web):
    heads = {
        "line": head("/gui-tin/?" + "x" * 10_000, length=0),
        "field": head("/gui-tin/", b"X-Long: " + b"x" * 20_000, length=0),
        "fields": head("/gui-tin/", *(b"X-%d: 1" % number for number in range(200)), length=0),
        "endless": b"GET /gui-tin/ HTTP/1.1\r\nX: " + b"x" * 2_000_000,
        "no line": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        "space": b"GET /gui-tin/ HTTP/1.1\r\nHost : evil\r\n\r\n",
        "NUL": b"GET /gui-tin/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n",
    }
    for name, sent in heads.items():
        answer = exchange(web.port, sent)
        assert 400 <= answer.status < 500 or (name, answer.status) == ("no line", 0), name
        assert "Traceback" not in answer.body


def test_announced_flood_is_refused_before_it_comes(web: Web):
    """A length beyond what any request may have costs no memory and no waiting."""
    for path, content_type in (
        ("/gui-tin/", b"application/x-www-form-urlencoded"),
        ("/api/v1/tips/", b"application/json"),
        ("/zalo/webhook/", b"application/json"),
    ):
        sent = head(path, length=10**12, content_type=content_type)
        answer = exchange(web.port, sent, b"text=" + b"x" * 1000, ends=False)
        assert (answer.status in (400, 413), answer.seconds < 8) == (True, True), path


def test_name_without_end_is_refused(web: Web):
    body = web.multipart(name=b"x" * 5000 + b".jpg")
    answer = exchange(web.port, head(length=len(body), content_type=MULTIPART), body)
    assert answer.status == 400


def test_one_field_more_than_a_form_may_have_is_refused(web: Web):
    many = [(f"f{number}", "1") for number in range(1001)]
    body = web.urlencoded() + b"&" + urlencode(many).encode()
    assert exchange(web.port, head(length=len(body)), body).status == 400
    body = multipart(web.open() | dict(many))
    assert exchange(web.port, head(length=len(body), content_type=MULTIPART), body).status == 400
    body = multipart(web.open(), [(b"a.jpg", b"x")] * 41)
    assert exchange(web.port, head(length=len(body), content_type=MULTIPART), body).status == 400


# --- Strange, and yet a form -----------------------------------------------------------------------------


@pytest.fixture
def sent(running: Web) -> Iterator[Web]:
    """As ``web``, where one tip with one file is what should come of it."""
    before, log = running.kept, len(running.log)
    yield running
    tips, pieces, files = running.kept
    assert (tips, pieces) == (before[0] + 1, before[1])
    new = set(files) - set(before[2])
    assert 1 <= len(new) <= 2 and all(str(running.installation.var / "media") in name for name in new)
    assert all(canary.FILE_NAME not in name for name in new)
    assert '"status": 5' not in running.log[log:] and "Traceback" not in running.log[log:]


NAMES = {
    "path": b"../../" + canary.FILE_NAME.encode() + b".jpg",
    "path of Windows": rb"C:\\Users\\x\\" + canary.FILE_NAME.encode() + b".jpg",
    "as long as names get": ("ễ" * 251).encode() + b".jpg",
    "right to left": "\u202egpj.".encode() + canary.FILE_NAME.encode() + b".jpg",
    "device": b"CON.jpg",
    "shell": b"$(reboot);`id`|a.jpg",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_name_of_a_file_is_nothing_to_the_server(sent: Web, name: bytes):
    body = sent.multipart(name=name)
    answer = exchange(sent.port, head(length=len(body), content_type=MULTIPART), body)
    assert answer.status == 200 and 'id="receipt"' in answer.body


@pytest.mark.parametrize("name", [b"a\0b.jpg", b"\0", b"a\r\nX-Evil: 1\r\n.jpg", b""])
def test_name_that_breaks_its_head_breaks_nothing_else(running: Web, name: bytes):
    """With or without that file: a tip, or the form again; never an error, nothing left over."""
    before = running.kept
    body = running.multipart(name=name)
    answer = exchange(running.port, head(length=len(body), content_type=MULTIPART), body)
    assert answer.status in (200, 400)
    assert running.kept[0] == before[0] + ('id="receipt"' in answer.body)
    assert not list((running.installation.var / "tmp").iterdir())


def test_nul_in_a_form_costs_no_words(running: Web):
    before = running.kept[0]
    body = running.urlencoded().replace(b"text=", b"text=%00a%00\0")
    answer = exchange(running.port, head(length=len(body)), body)
    assert answer.status == 200 and 'id="receipt"' in answer.body and running.kept[0] == before + 1


def test_sender_who_asks_first_is_told_to_go_on(sent: Web):
    """``Expect: 100-continue``, as curl does it with a photo."""
    body = sent.multipart()
    request = head("/gui-tin/", b"Expect: 100-continue", length=len(body), content_type=MULTIPART)
    answer = exchange(sent.port, request, body, pause=0.5)
    assert answer.status == 100 and 'id="receipt"' in answer.body


def test_other_expectations_are_refused(web: Web):
    body = web.urlencoded()
    answer = exchange(web.port, head("/gui-tin/", b"Expect: a-miracle", length=len(body)), body)
    assert 400 <= answer.status < 500


# --- Slow ------------------------------------------------------------------------------------------------


def test_slow_line_gets_through(sent: Web):
    """A phone at the edge of the net: little by little, and never quite silent."""
    body = sent.multipart()
    step = len(body) // 10 + 1
    pieces = [body[start : start + step] for start in range(0, len(body), step)]
    answer = exchange(sent.port, head(length=len(body), content_type=MULTIPART), *pieces, pause=0.5)
    assert answer.status == 200 and 'id="receipt"' in answer.body and answer.seconds > 4


@pytest.mark.parametrize("where", ["head", "body", "file"])
def test_silent_senders_keep_nobody_waiting_for_long(web: Web, where: str):
    """More of them than the web process has threads stop in the middle and say nothing more."""
    body = web.multipart(file=FILM)
    start = head(length=len(body), content_type=MULTIPART)
    said = {"head": start[:-20], "body": start + body[:30], "file": start + body[:-1000]}[where]
    silent = [socket.create_connection(("127.0.0.1", web.port)) for _number in range(6)]
    try:
        for one in silent:
            one.sendall(said)
        assert web.get("/gui-tin/").status_code == 200
        assert web.seconds < 8
        # They are heard no more: what arrived of their files is gone before they are.
        waiting = web.installation.var / "tmp"
        wait_for(lambda: not list(waiting.iterdir()), 10, what="the end of their files")
    finally:
        for one in silent:
            one.close()
