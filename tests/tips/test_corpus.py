"""The corpus of strange words at every door of a tip: kept, cleaned or refused as it says, shown escaped."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from groups.enums import Role
from groups.services import inbox, signers
from groups.zalo import fake
from groups.zalo.fake_world import Person
from tests.corpus import texts
from tests.corpus.texts import Words
from tests.factories import OfficialAccountFactory, make_user
from tests.groups.webhooks import post as post_event
from tests.groups.webhooks import private
from tests.tips import media
from tips import receipts
from tips.models import Message, Tip
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
COMPLAINTS = {"required": "Xin viết nội dung", "short": "Nội dung quá ngắn", "long": "tối đa"}
# Under the limit of a request's fields: the larger ones are a matter of the whole request.
FORM_WORDS = [words for words in texts.ALL if not words.json_only and words.name != "megabyte"]


@pytest.fixture(autouse=True)
def _no_throttles(settings):
    settings.THROTTLES = False


@pytest.fixture
def desk(chief) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(chief)
    return client


@pytest.fixture
def api(chief) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(chief)
    return client


@pytest.fixture
def sender() -> Client:
    return Client(raise_request_exception=False)


def answer_of(response: Any) -> str:
    return response.content.decode()


def as_json(client: Client, path: str, body: dict) -> Any:
    """Escaped, the only way a lone surrogate gets through."""
    return client.post(path, json.dumps(body), content_type="application/json")


def wrong(words: Words, response: Any, stored: str | None, *, is_api: bool = False) -> Any:
    """What is not as the corpus says, or None."""
    page = unescape(answer_of(response))
    if response.status_code >= 500:
        return response.status_code
    if words.kept is None or (is_api and words.api_refuses):
        if stored is not None:
            return "was kept"
        if is_api and response.status_code != 400:
            return response.status_code
        return None if is_api or COMPLAINTS[words.why] in page else "no complaint"
    return None if stored == words.kept else (response.status_code, stored)


def check(corpus: Any, one: Callable[[Words], Any]) -> None:
    """Every row of the corpus, all complaints together."""
    found = {words.name: problem for words in corpus if (problem := one(words)) is not None}
    assert found == {}


def stored_tip() -> str | None:
    """The text of the tip made just now, which is then forgotten."""
    tip = Tip.objects.order_by("-pk").first()
    text = tip.text if tip else None
    Tip.objects.all().delete()
    return text


def stored_message(kind: str = "public") -> str | None:
    message = Message.objects.filter(kind=kind).order_by("-pk").first()
    text = message.text if message else None
    Message.objects.all().delete()
    return text


# --- Senders ---------------------------------------------------------------------------------------------


def test_public_form(area, sender):
    hidden = dict(HIDDEN.findall(answer_of(sender.get("/gui-tin/"))))

    def one(words: Words) -> Any:
        values = {"category": "GAY_ROI", "unit": "D6801", "text": words.typed, "action": "send", "again": "1"}
        response = sender.post("/gui-tin/", {**hidden, **values})
        problem = wrong(words, response, stored_tip())
        is_lost = (
            words.kept is None
            and words.typed.strip()
            and words.typed.strip() not in unescape(answer_of(response).replace("\r\n", "\n"))
        )
        return problem or ("not given back" if is_lost and words.why == "long" else None)

    check([w for w in FORM_WORDS if w.name != "one word of 100 kB"], one)


def test_place_and_name_of_the_public_form(area, sender):
    """One line each: line breaks become spaces; what is too long is said, not cut."""
    hidden = dict(HIDDEN.findall(answer_of(sender.get("/gui-tin/"))))

    def one(words: Words) -> Any:
        values = {"category": "GAY_ROI", "unit": "D6801", "text": texts.SENTENCE, "place": words.typed}
        response = sender.post("/gui-tin/", {**hidden, **values, "contact_name": words.typed, "again": "1"})
        tip = Tip.objects.first()
        place = tip.place if tip else None
        Tip.objects.all().delete()
        expected = " ".join(words.kept.split())
        if len(expected) > 120:
            return None if "tối đa" in answer_of(response) and place is None else place
        return None if (response.status_code, place) == (200, expected) else (response.status_code, place)

    check([w for w in texts.SAID if not w.json_only], one)


def test_follow_page(draft, sender):
    receipt = submit_tip(draft()).receipt

    def one(words: Words) -> Any:
        body = {"receipt": receipt, "action": "add", "text": words.typed}
        response = sender.post("/theo-doi/", body)
        shown = answer_of(response)
        if words.is_plain and escape(words.kept, quote=True) not in shown:
            return "not shown, or not escaped"
        return wrong(words, response, stored_message())

    check([w for w in texts.SAID if not w.json_only], one)


def test_api_of_senders(area, sender):
    def one(words: Words) -> Any:
        body = {"category": "GAY_ROI", "unit": "D6801", "text": words.typed}
        response = as_json(sender, "/api/v1/tips/", body)
        return wrong(words, response, stored_tip(), is_api=True)

    check(texts.ALL, one)


def test_message_by_api(draft, sender):
    receipt = submit_tip(draft()).receipt

    def one(words: Words) -> Any:
        body = {"receipt": receipt, "text": words.typed}
        response = as_json(sender, "/api/v1/tips/follow/messages/", body)
        return wrong(words, response, stored_message(), is_api=True)

    check(texts.SAID, one)


def test_private_message_of_zalo(area, settings):
    """Zalo's users are refused nothing; what is too long is cut, what is too short is introduced."""
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    signers.forget()
    account = OfficialAccountFactory(unit=area.commune_a)

    def one(words: Words) -> Any:
        user = f"3{abs(hash(words.name)) % 10**17:018d}"
        fake.world.people[user] = Person()
        body = private(account, words.typed, user_id=user)
        response = post_event(body, escaped=True)
        inbox.process_due()
        kept = words.kept
        if kept is None and words.why == "long":
            stored = stored_tip() or ""
            return None if stored == words.typed[:5000].strip() else (response.status_code, len(stored))
        if kept is None:
            expected = None if words.why == "required" else f"Nhắn qua Zalo: {words.typed.strip()}"
        else:
            expected = kept
        stored = stored_tip()
        return None if (response.status_code, stored) == (200, expected) else (response.status_code, stored)

    check([w for w in texts.ALL if w.name != "megabyte"], one)


# --- Officers --------------------------------------------------------------------------------------------

# The act, its text field, whether a note or a public message comes of it, and a part of the corpus: all acts
# clean with the same function, so that each need not meet every row.
TYPED = tuple(words for words in texts.UNICODE if not words.json_only)
WRITTEN = [
    ("reply", "text", "public", texts.INJECTIONS),
    ("note", "text", "note", TYPED[::3]),
    ("close", "public_reason", "public", texts.INJECTIONS[::3]),
]


@pytest.fixture
def accepted(submit, chief) -> Tip:
    tip = submit()
    Tip.objects.filter(pk=tip.pk).update(status="accepted", assignee=chief, version=1)
    return tip


def again(tip: Tip) -> None:
    """As if nothing had been done with it yet."""
    Tip.objects.filter(pk=tip.pk).update(status="accepted", version=1, outcome="", closed_at=None)


@pytest.mark.parametrize(("act", "name", "kind", "corpus"), WRITTEN)
def test_act_at_the_desk(accepted, desk, act, name, kind, corpus):
    url = reverse("desk:tip_act", args=(accepted.public_id, act))
    check(corpus, page_act(accepted, desk, url, act, name, kind))


@pytest.mark.parametrize(("act", "name", "kind", "corpus"), WRITTEN)
def test_act_in_the_admin(accepted, area, act, name, kind, corpus):
    client = Client(raise_request_exception=False)
    client.force_login(make_user(Role.SUPERVISOR, area.district))
    url = reverse("admin:tips_tip_act", args=(accepted.pk, act))
    check(corpus, page_act(accepted, client, url, act, name, kind))


def page_act(tip: Tip, client: Client, url: str, act: str, name: str, kind: str) -> Callable[[Words], Any]:
    """Do it, look at the page it leads to, undo it."""

    def one(words: Words) -> Any:
        body = {"version": 1, name: words.typed, "outcome": "handled", "note": "Đã kiểm tra"}
        response = client.post(url, body if act == "close" else {"version": 1, name: words.typed})
        if response.status_code != 302:
            return response.status_code
        shown = answer_of(client.get(response["Location"]))
        stored = Message.objects.filter(kind=kind, text__isnull=False).order_by("-pk").first().text
        Message.objects.all().delete()
        again(tip)
        if words.is_plain and (escape(words.kept) not in shown or _raw_markup(words, shown)):
            return "not shown, or not escaped"
        return None if stored == words.kept else stored

    return one


def _raw_markup(words: Words, page: str) -> bool:
    """Whether the page holds the words themselves where they carry markup."""
    return escape(words.kept) != words.kept and words.kept in page


@pytest.mark.parametrize(("act", "name", "kind", "corpus"), WRITTEN)
def test_act_by_api(accepted, api, act, name, kind, corpus):
    def one(words: Words) -> Any:
        body = {"version": 1, "outcome": "handled", "note": "Đã kiểm tra", name: words.typed}
        response = as_json_of(api, f"/api/v1/tips/{accepted.public_id}/{act}/", body)
        stored = stored_message(kind)
        Message.objects.all().delete()
        again(accepted)
        return wrong(words, response, stored, is_api=True)

    check((*corpus, *texts.UNICODE[-20:-16]), one)


def as_json_of(api: APIClient, path: str, body: dict) -> Any:
    return api.post(path, json.dumps(body), content_type="application/json")


def test_reasons_of_a_transfer(submit, api, chief, area):
    """A reason is one more text of officers, and leads the tip away."""

    def one(words: Words) -> Any:
        tip = submit()
        Tip.objects.filter(pk=tip.pk).update(status="accepted", assignee=chief)
        body = {"version": 1, "unit": "D6802", "reason": words.typed}
        response = as_json_of(api, f"/api/v1/tips/{tip.public_id}/transfer/", body)
        event = tip.events.filter(kind="transferred").first()
        note = event.note if event else None
        tip.delete()
        return wrong(words, response, note, is_api=True)

    check(texts.SAID[::3], one)


def test_tip_written_down_at_the_desk(area, desk):
    def one(words: Words) -> Any:
        hidden = {"channel": "hotline", "category": "GAY_ROI", "unit": "D6801"}
        response = desk.post("/can-bo/tin-bao/nhap/", {**hidden, "text": words.typed, "place": ""})
        stored = stored_tip()
        if words.why == "required":
            return None if (response.status_code, stored) == (400, None) else (response.status_code, stored)
        return wrong(words, response, stored)

    check([*texts.SIZES[:10], *texts.INJECTIONS[::3]], one)


@pytest.mark.parametrize("address", ["/can-bo/tin-bao/", "/admin/tips/tip/", "/api/v1/tips/"])
def test_search_for_it_breaks_nothing_and_is_shown_escaped(submit, area, desk, api, address):
    submit()
    client = desk
    if address.startswith("/api"):
        client = api
    elif address.startswith("/admin"):
        client = Client(raise_request_exception=False)
        client.force_login(make_user(Role.SUPERVISOR, area.district))

    def one(words: Words) -> Any:
        response = client.get(address, {"q": words.typed[:300]})
        is_unescaped = words.is_plain and "<" in words.kept and words.kept in answer_of(response)
        # A NUL in an address is refused before any page is asked.
        expected = (400,) if "\x00" in words.typed else (200, 302)
        return None if response.status_code in expected and not is_unescaped else response.status_code

    check([*TYPED[::3], *texts.INJECTIONS], one)


def test_words_find_each_other_however_they_were_typed(submit, api):
    for typed, asked in (
        ("phường Bến Đá", "phu\u031bo\u031b\u0300ng be\u0302\u0301n \u00d0a\u0301"),
        ("chợ cũ hoà bình", "CHO CU hòa bình"),
        ("thúy ở \u0189ông Phú", "thuý đông phu"),
        ("số nhà \uff11\uff12\uff13", "123"),
    ):
        tip = submit(text=f"Chuyện ở {typed} đêm qua")
        found = api.get("/api/v1/tips/", {"q": asked}).json()["results"]
        assert [row["id"] for row in found] == [tip.public_id], typed
        tip.delete()


# --- Files and logs --------------------------------------------------------------------------------------

NAMES = (
    *("../../etc/passwd.jpg", "C:\\anh.jpg", "a\x00.jpg", "x" * 300 + ".jpg", 'a"\r\nSet-Cookie: x.jpg'),
    *("anh\u202egpj.exe", "a\u0301nh-nfd.jpg", "\U0001f600.png", "CON", "NUL.jpg", "-rf.jpg", ".htaccess"),
    *("<img src=x onerror=alert(1)>.jpg", "$(touch x).jpg", "=cmd.jpg", "{{7*7}}.jpg", "", "   "),
)


@pytest.mark.parametrize("name", NAMES)
def test_file_of_any_name_is_kept_without_it(area, sender, settings, name, tmp_path):
    proof = {"form_token": receipts.new_form_token(), "again": "1"}
    values = {"category": "GAY_ROI", "unit": "D6801", "text": texts.SENTENCE, **proof}
    file = SimpleUploadedFile("a.png", media.picture("PNG"), "image/png")
    file._name = name
    response = sender.post("/gui-tin/", {**values, "files": file})
    assert response.status_code == 200 and "onerror=alert(1)>" not in answer_of(response)
    for evidence in Tip.objects.get().evidence.all():
        assert re.fullmatch(r"evidence/[0-9a-f]{2}/[0-9a-f]{32}", evidence.path)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Every line the root logger's own handlers would write."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            formatter = logging.getLogger().handlers[0].formatter
            written.append((formatter or logging.Formatter()).format(record))

    handler = Keep()
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_nothing_typed_makes_a_log_line_of_its_own(area, sender, lines):
    for words in texts.INJECTIONS:
        typed = dict.fromkeys(("text", "unit", "category"), words.typed)
        for token in (words.typed, receipts.new_form_token()):
            sender.post("/gui-tin/", {**typed, "form_token": token})
        sender.get("/gui-tin/", {"q": words.typed, "unit": words.typed})
        sender.post("/theo-doi/", {"receipt": words.typed})
    assert lines and not [line for line in lines if "forged" in line or "alert(1)" in line]
    assert not [line for line in lines if "\n" in line.strip()]
