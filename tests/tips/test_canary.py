"""One tip with planted words lives its whole life; then everything that was written or answered is searched.

The same words meet real processes, their logs, broker and backups in ``tests/faults/test_tip_canary.py``.
"""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client

from groups.enums import Role
from groups.services import inbox, signers
from groups.zalo import fake
from groups.zalo.fake_world import Person
from tests.factories import Area, OfficialAccountFactory, make_area, make_user
from tests.groups.webhooks import post as post_event
from tests.groups.webhooks import private
from tests.tips import canary, written
from tips.models import Evidence, PushDevice, Tip
from tips.services import intake, push
from tips.tasks import ring_alarms

pytestmark = pytest.mark.django_db(transaction=True)

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
LINK = re.compile(r'(?:href|src)="([^"#]+)')
RECEIPT = re.compile(r'id="receipt">(.*?)</samp>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
NOTHING_OF_TIPS = re.compile(
    r"/static/|/tai-khoan/|/tin-tuc/|/truy-na/|/dich-vu-cong/|/admin/(accounts|broadcasts|groups)/|/admin/.*/add/"
)
# Pages where those who handle tips read them, and what they may read there.
STAFF_PAGES = re.compile(r"/can-bo/(tin-bao/.*)?$|/api/v1/tips/|/admin/tips/")
OF_STAFF = {
    *("text", "place", "message", "zalo text", "latitude", "longitude"),
    *("reply", "note", "transfer", "closing", "value", "reveal"),
}
READ_BY = {
    "chief": OF_STAFF - {"zalo text", "transfer"},
    "supervisor": OF_STAFF,
    # One of the tips was passed on to that commune.
    "officer of B": {"zalo text", "transfer"},
}
# Between the sender and the server: what they typed comes back, and what the police answered.
SENDERS_PAGES = re.compile(r"/(gui-tin|theo-doi)/$|/api/v1/tips/(follow/(messages/)?)?$")
OF_SENDER = {*("text", "place", "name", "phone", "message", "receipt"), *("reply", "closing"), "file name"}


@dataclass
class Answer:
    """What one person got for one request."""

    who: str
    method: str
    path: str
    query: str
    status: int
    head: str
    body: bytes

    @property
    def allowed(self) -> set[str]:
        """The planted words this person may read in the body of this answer."""
        if self.path == "/can-bo/xem-nguoi-bao/":
            # Superiors read why a contact was opened, and nothing of the tip.
            return READ_BY.get(self.who, set()) & {"reveal"}
        if self.who in READ_BY and STAFF_PAGES.search(self.path):
            opened = self.method == "POST" and self.path.endswith("reveal/")
            return READ_BY[self.who] | ({"name", "phone"} if opened else set())
        if self.who == "sender" and self.method == "POST" and SENDERS_PAGES.search(self.path):
            return OF_SENDER
        return set()


class Witness(Client):
    """A browser whose every answer is kept."""

    def __init__(self, who: str, answers: list[Answer], **environ: Any):
        super().__init__(raise_request_exception=False, **environ)
        self.who, self.answers = who, answers

    def request(self, **request: Any):
        response = super().request(**request)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        response.body = body
        head = "\n".join(f"{name}: {value}" for name, value in response.items())
        head += "\n" + response.cookies.output()
        self.answers.append(
            Answer(
                who=self.who,
                method=request["REQUEST_METHOD"],
                path=request["PATH_INFO"],
                query=request.get("QUERY_STRING", ""),
                status=response.status_code,
                head=head,
                body=body,
            )
        )
        return response


@dataclass
class Life:
    """Everybody who takes part, and all they were answered."""

    area: Area
    account: Any
    canaries: canary.Canaries = field(default_factory=canary.Canaries)
    answers: list[Answer] = field(default_factory=list)
    people: dict[str, Witness] = field(default_factory=dict)
    backup: Path | None = None
    # What push services were sent: addresses, words, headers.
    pushes: list[str] = field(default_factory=list)

    def form(self, path: str, **values: Any) -> Any:
        """Fill in a public form and send it."""
        page = self.people["sender"].get(path).body.decode()
        hidden = {name: unescape(value) for name, value in HIDDEN.findall(page)}
        return self.people["sender"].post(path, hidden | values)

    def act(self, who: str, tip: Tip, name: str, **values: Any) -> None:
        """Do something with a tip at the desk; it must succeed."""
        tip.refresh_from_db()
        url = f"/can-bo/tin-bao/{tip.public_id}/{name}/"
        answer = self.people[who].post(url, {"version": tip.version, **values})
        assert answer.status_code in (200, 302), (name, answer.body.decode()[-2000:])

    def found(self, data: bytes) -> set[str]:
        """The planted words in ``data``, also across its tags."""
        return self.canaries.in_bytes(data) | self.canaries.in_text(
            TAG.sub("", data.decode(errors="replace"))
        )


PHOTO = canary.photo()
# From the middle of its pixels, where no two photos are alike.
OF_PHOTO = PHOTO[len(PHOTO) // 2 :][:24]


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile(canary.FILE, PHOTO, "image/jpeg")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What production logs."""
    with written.production_log() as stream:
        yield stream


@pytest.fixture
def life(settings, tmp_path: Path, monkeypatch) -> Life:
    """The people, before anything happened."""
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    fake.world.people[canary.ZALO_USER] = Person()
    signers.forget()
    area = make_area()
    users = {
        "chief": make_user(Role.CHIEF, area.commune_a, restricted_circle=True, email="chief@example.vn"),
        "supervisor": make_user(Role.SUPERVISOR, area.district, restricted_circle=True),
        "officer of B": make_user(Role.OFFICER, area.commune_b),
        "relay": make_user(Role.RELAY, area.village_a),
        "auditor": make_user(Role.AUDITOR, area.province),
        "administrator": make_user(Role.ADMINISTRATOR, area.province, email="admin@example.vn"),
    }
    made = Life(area, OfficialAccountFactory(unit=area.commune_a), backup=tmp_path / "copy")
    settings.VAPID_PUBLIC_KEY = settings.VAPID_PRIVATE_KEY = "key"
    monkeypatch.setattr(push.Vapid, "from_string", lambda key: key)
    monkeypatch.setattr(push, "webpush", lambda *what, **how: made.pushes.append(repr((what, how))))
    endpoint = f"https://{settings.PUSH_HOSTS[0]}/send/x"
    PushDevice.objects.create(user=users["chief"], digest="1", endpoint=endpoint, p256dh="p", auth="a")
    made.people["sender"] = Witness(
        "sender", made.answers, REMOTE_ADDR=canary.ADDRESS, HTTP_USER_AGENT=canary.BROWSER["user-agent"]
    )
    made.people["passer-by"] = Witness("passer-by", made.answers)
    for name, user in users.items():
        made.people[name] = Witness(name, made.answers)
        made.people[name].force_login(user)
    return made


# --- The life of a tip -----------------------------------------------------------------------------------


def send_by_form(life: Life) -> Tip:
    """First with a mistake, then right; then a word more, which makes it urgent."""
    values = {**canary.SENDER, "category": "GAY_ROI", "unit": "D6801", "action": "send"}
    life.form("/gui-tin/", **{**values, "category": "", "files": upload()})
    page = life.form("/gui-tin/", **values, files=upload()).body.decode()
    receipt = TAG.sub("", RECEIPT.search(page)[1]).strip()
    assert re.fullmatch(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", receipt)
    life.canaries.add("receipt", receipt)
    life.canaries.add("receipt", receipt.replace("-", ""))
    urgent = f"Họ cầm dao đuổi chém nhau ngoài đường, {canary.MESSAGE}"
    life.form("/theo-doi/", receipt=receipt)
    life.form("/theo-doi/", receipt=receipt, action="add", text=urgent, files=upload())
    return Tip.objects.get()


def send_by_api(life: Life) -> Tip:
    place = {"lat": canary.LATITUDE, "lng": canary.LONGITUDE}
    body = {"category": "TRE_EM", "unit": "D6801", **canary.SENDER, **place}
    sender = life.people["sender"]
    made = sender.post("/api/v1/tips/", json.dumps(body), content_type="application/json").json()
    sender.post("/api/v1/tips/", {**body, "files": upload(), "category": "CAN_BO"})
    more = {"receipt": made["receipt"], "text": canary.MESSAGE}
    life.canaries.add("receipt", made["receipt"])
    sender.post("/api/v1/tips/follow/messages/", json.dumps(more), content_type="application/json")
    sender.post("/api/v1/tips/follow/", {"receipt": made["receipt"]})
    return Tip.objects.get(public_id=made["id"])


def send_by_zalo(life: Life) -> Tip:
    text = f"Đêm qua có đám đua xe {canary.ZALO_TEXT}"
    assert post_event(private(life.account, text, user_id=canary.ZALO_USER)).status_code == 200
    assert inbox.process_due() == 1
    return Tip.objects.get(channel="zalo")


def handle(life: Life, tip: Tip) -> None:
    """Everything officers write about a tip, from taking it to its end."""
    life.act("chief", tip, "accept")
    life.act("chief", tip, "note", text=canary.NOTE)
    life.act("chief", tip, "reply", text=f"Công an {canary.REPLY}", files=upload())
    life.act("chief", tip, "reveal", reason=f"Cần hỏi thêm người báo {canary.REVEAL}")
    life.act("chief", tip, "value", valuable="on", valuable_reason=f"Giúp làm rõ {canary.VALUE}")
    why = f"Đã giải quyết xong: {canary.CLOSING}"
    life.act("chief", tip, "close", outcome="handled", public_reason=why, note=canary.NOTE)
    life.act("supervisor", tip, "reopen", reason=canary.NOTE)


def break_down(life: Life, monkeypatch) -> None:
    """The server fails in the middle of it, with errors that quote what was sent."""
    values = {**canary.SENDER, "category": "GAY_ROI", "unit": "D6801", "action": "send"}
    quoted = " ".join([*canary.SENDER.values(), canary.FILE_NAME, canary.ADDRESS, canary.AGENT])
    for error in (RuntimeError(quoted), DatabaseError(quoted), OSError(quoted)):

        def fail(*_args: Any, error: Exception = error, **_more: Any) -> None:
            raise error

        with monkeypatch.context() as broken:
            broken.setattr(intake, "handling_unit", fail)
            page = life.form("/gui-tin/", **values, files=upload())
            assert page.status_code in (500, 503)
            body = {name: values[name] for name in ("category", "unit", "text", "place")}
            answer = life.people["sender"].post("/api/v1/tips/", body, content_type="application/json")
            assert answer.status_code in (500, 503)


def do_what_is_due() -> None:
    """Everything beat asks for, once, in this process."""
    current_app.loader.import_default_modules()
    for entry in django_settings.CELERY_BEAT_SCHEDULE.values():
        current_app.tasks[entry["task"]].apply(throw=True)


def look_everywhere(life: Life, who: str, *starts: str) -> None:
    """Follow every link from ``starts`` to pages that could tell of a tip, each kind of page once."""
    waiting, seen = list(starts), set()
    while waiting:
        path, _mark, query = waiting.pop(0).partition("?")
        kind = path if path in starts else re.sub(r"\d+", "0", path)
        if kind in seen or NOTHING_OF_TIPS.match(path):
            continue
        seen.add(kind)
        answer = life.people[who].get(f"{path}?{query}" if query else path)
        if answer.headers.get("Location"):
            waiting.append(urljoin(path, answer.headers["Location"]))
        if "text/html" in answer.headers.get("Content-Type", ""):
            links = (urljoin(path, unescape(link)) for link in LINK.findall(answer.body.decode()))
            waiting += [link for link in links if not urlsplit(link).netloc and link.startswith("/")]
    assert len(seen) > 3, who


@pytest.fixture
def lived(life: Life, log: io.StringIO, monkeypatch) -> Life:
    """After the whole life."""
    tip, child, told = send_by_form(life), send_by_api(life), send_by_zalo(life)
    ring_alarms()
    handle(life, tip)
    life.act("chief", child, "accept")
    life.act("chief", told, "accept")
    life.act("chief", told, "transfer", unit="D6802", reason=canary.TRANSFER)
    break_down(life, monkeypatch)
    do_what_is_due()
    starts = ("/", "/can-bo/", "/can-bo/bao-cao/", "/admin/", "/api/v1/tips/", "/api/schema/", "/metrics")
    objects = [f"/can-bo/tin-bao/{one.public_id}/" for one in (tip, child)]
    objects += [f"/api/v1/tips/{one.public_id}/" for one in (tip, child)]
    objects += [f"/admin/tips/tip/{one.pk}/change/" for one in (tip, child)]
    for who in life.people:
        look_everywhere(life, who, *starts, *objects)
    call_command("backup", str(life.backup), stdout=io.StringIO())
    return life


# --- What was written ------------------------------------------------------------------------------------


@written.needs_pg_dump
def test_planted_words_are_nowhere_but_before_those_who_may_read_them(lived: Life, log, settings):
    assert words_in_what_was_written(lived, log.getvalue(), Path(settings.MEDIA_ROOT)) == {}
    assert words_before_strangers(lived) == []
    assert words_around_pages(lived) == []
    # The search is no search of nothing: those who may read the words did, and the failures happened.
    shown = {name for one in lived.answers if one.who == "chief" for name in lived.found(one.body)}
    assert shown == READ_BY["chief"] | {"name", "phone"}
    assert {500, 503} <= {one.status for one in lived.answers}
    assert Evidence.objects.count() >= 3 and "tip_not_received" in log.getvalue()


def words_in_what_was_written(life: Life, log: str, media: Path) -> dict[str, set[str]]:
    """Planted words by the place they were found in."""
    places = {
        "pushes": "\n".join(life.pushes).encode(),
        "log": log.encode(),
        "cache": repr(list(cache._cache.items())).encode() + b"".join(cache._cache.values()),
        "sessions": json.dumps([one.get_decoded() for one in Session.objects.all()]).encode(),
        **written.everything(media, life.backup),
    }
    if connection.vendor == "postgresql":
        places["backup"] = written.dump("pg_restore", "--file=-", str(life.backup / "database.dump"))
    assert len(places["database"]) > 100_000 and b"tips_tip" in places["database"]
    assert life.pushes and OF_PHOTO in PHOTO
    assert [
        name for name, data in places.items() if OF_PHOTO in data or OF_PHOTO.hex().encode() in data
    ] == []
    return {name: found for name, data in places.items() if (found := life.canaries.in_bytes(data))}


def words_before_strangers(life: Life) -> list[tuple]:
    """Answers with words that whoever got them may not read."""
    return [
        (one.who, one.method, one.path, one.query, found)
        for one in life.answers
        if (found := life.found(one.body) - one.allowed)
    ]


def words_around_pages(life: Life) -> list[tuple]:
    """Addresses, headers, cookies and titles with planted words, and pages that browsers would keep."""
    outside = []
    for one in life.answers:
        titles = " ".join(TITLE.findall(one.body.decode(errors="replace")))
        if found := life.canaries.in_text(f"{one.path}?{one.query}\n{one.head}\n{titles}"):
            outside.append((one.who, one.method, one.path, found))
        if b"<html" in one.body and "Referrer-Policy: same-origin" not in one.head:
            outside.append((one.who, one.method, one.path, "referrer"))
        if one.allowed and "no-store" not in one.head:
            outside.append((one.who, one.method, one.path, "kept by browsers"))
    return outside


def test_every_spelling_of_a_planted_word_would_be_found():
    canaries = canary.Canaries()
    for name, word in canary.PLANTED.items():
        for spelling in {*canary._spellings(word)}:
            for coded in (*canary._codings(spelling), *canary._base64(spelling.encode())):
                assert name in canaries.in_bytes(b"\x00\x01" + coded + b"\xff"), (name, coded)
    assert canaries.in_text("Quán hát loa kéo ở thôn Trung Hòa, số 0912345678") == set()
