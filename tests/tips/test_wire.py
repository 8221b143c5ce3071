"""Requests no browser makes: bytes that are no text, fields twice, fields nobody asked for, far too many.

What the web server itself must bear is in ``tests/faults/test_wire.py``.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tests.tips import media
from tips import limits, receipts
from tips.models import Tip
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

TEXT = "Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay."
BODY = {"category": "GAY_ROI", "unit": "D6801", "text": TEXT}
URLENCODED = "application/x-www-form-urlencoded"
# What nobody may decide by sending it along.
TAKEN = {
    **{
        "status": "closed",
        "handler": "D6802",
        "handling_unit": "D6802",
        "priority": "4",
        "channel": "counter",
    },
    **{
        "public_id": "AAAAAAAAA",
        "id": "1",
        "pk": "1",
        "version": "99",
        "outcome": "handled",
        "assignee": "1",
    },
    **{"is_valuable": "on", "received_at": "2001-01-01T00:00:00Z", "deadline": "2099-01-01T00:00:00Z"},
    **{"is_anonymous": "false", "is_staff": "true", "is_superuser": "true", "user": "1", "actor": "1"},
    **{"reporter": "Chị Hoa", "receipt_digest": "0", "legal_hold": "on", "_method": "DELETE"},
}


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def api() -> APIClient:
    return APIClient(raise_request_exception=False)


def form() -> dict[str, str]:
    """What a page just opened sends."""
    return {"action": "send", "again": "1", "form_token": receipts.new_form_token(), **BODY}


def pairs() -> bytes:
    """``form`` as a body."""
    return urlencode(form()).encode()


def post(client: Client, body: bytes, path: str = "/gui-tin/", content_type: str = URLENCODED, **head: str):
    return client.generic("POST", path, body, content_type=content_type, **head)


def multipart(file: bytes, *, name: bytes = b"a.jpg") -> bytes:
    """A form with a file, between lines of ``b``."""
    start = b'--b\r\nContent-Disposition: form-data; name="%s"'
    fields = [start % key.encode() + b"\r\n\r\n" + value.encode() + b"\r\n" for key, value in form().items()]
    head = start % b"files" + b'; filename="%s"\r\n\r\n' % name
    return b"".join(fields) + head + file + b"\r\n--b--\r\n"


def untouched(tip: Tip) -> bool:
    """As a tip is that came by a form just now."""
    now = (tip.status, tip.handler.code, tip.version, tip.outcome, tip.assignee, tip.is_valuable)
    return now == ("new", "D6801", 1, "", None, False)


# --- Bytes that are no text ------------------------------------------------------------------------------

NO_TEXT = {
    "lone continuation": b"\x80",
    "Latin-1": b"\xe9t\xe9",
    "overlong slash": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "TCVN3": bytes(range(0xA1, 0xC0)),
}


@pytest.mark.parametrize("bad", NO_TEXT.values(), ids=NO_TEXT)
def test_bytes_that_are_no_text_cost_no_form(area, browser, bad):
    """A sign stands where the bytes were; the words around them come in."""
    quoted = b"".join(b"%%%02X" % byte for byte in bad)
    for number, written in enumerate((bad, quoted), start=1):
        answer = post(browser, pairs() + b"+va+" + written + b"+o+ben+xe")
        assert answer.status_code == 200 and Tip.objects.count() == number
    for tip in Tip.objects.all():
        assert tip.text.startswith(TEXT) and tip.text.endswith("o ben xe")
        tip.text.encode()


@pytest.mark.parametrize("bad", NO_TEXT.values(), ids=NO_TEXT)
def test_bytes_that_are_no_text_are_refused_by_the_api(area, browser, bad):
    body = json.dumps(BODY, ensure_ascii=False).encode().replace(b"karaoke", bad)
    answer = post(browser, body, "/api/v1/tips/", "application/json")
    assert (answer.status_code, Tip.objects.count()) == (400, 0)
    assert b"Traceback" not in answer.content and "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("bad", NO_TEXT.values(), ids=NO_TEXT)
def test_bytes_that_are_no_text_in_addresses_cookies_and_file_names(area, browser, bad):
    quoted = "".join(f"%{byte:02X}" for byte in bad)
    for path in (f"/gui-tin/?unit={quoted}&q={quoted}", f"/theo-doi/?{quoted}", f"/{quoted}/"):
        assert browser.generic("GET", path).status_code in (200, 404)
    raw = bad.decode("latin-1")
    answer = post(browser, pairs(), HTTP_COOKIE=f"sessionid={raw}; csrftoken={raw}", HTTP_REFERER=raw)
    assert answer.status_code == 200 and Tip.objects.count() == 1


def test_file_whose_head_is_no_text_costs_no_words(area, browser):
    body = multipart(media.picture("PNG"), name=b"\xe1\xba\xff.png")
    assert post(browser, body, content_type="multipart/form-data; boundary=b").status_code == 200
    assert Tip.objects.get().text == TEXT


# --- Twice, nested, or not asked for ---------------------------------------------------------------------


def test_field_twice_counts_once(area, browser):
    """The last one wins wherever it is read, so that no check sees another value than the database."""
    for name, first, second in (("category", "CAN_BO", "GAY_ROI"), ("unit", "D6802", "D6801")):
        body = pairs().replace(f"{name}={second}".encode(), f"{name}={first}&{name}={second}".encode())
        assert post(browser, body + f"&text=Chỉ+còn+{name}+cuối+cùng".encode()).status_code == 200
        tip = Tip.objects.latest("pk")
        assert (tip.category, tip.unit.code, tip.handler.code) == ("GAY_ROI", "D6801", "D6801")
        assert tip.text == f"Chỉ còn {name} cuối cùng"


def test_json_key_twice_counts_once(area, browser):
    body = json.dumps(BODY)[:-1] + ', "category": "CAN_BO", "category": "TRAT_TU"}'
    answer = post(browser, body.encode(), "/api/v1/tips/", "application/json")
    if answer.status_code == 201:
        assert Tip.objects.get().category == "TRAT_TU"
    else:
        assert (answer.status_code, Tip.objects.count()) == (400, 0)


@pytest.mark.parametrize("shape", ["{}[]", "{}[0]", "{}.a", "tip[{}]"])
def test_nested_names_are_no_fields(area, browser, shape):
    body = {shape.format(name): value for name, value in BODY.items()}
    answer = browser.post("/gui-tin/", {**form(), **dict.fromkeys(BODY, ""), **body})
    assert answer.status_code == 200 and not Tip.objects.exists()


@pytest.mark.parametrize("value", [[], ["GAY_ROI"], {}, {"a": 1}, True, None, 1e400, -0.0])
@pytest.mark.parametrize("name", ["category", "unit", "text", "place", "lat", "contact"])
def test_other_kinds_of_values_never_break_the_api(area, browser, name, value):
    answer = post(browser, json.dumps({**BODY, name: value}).encode(), "/api/v1/tips/", "application/json")
    assert answer.status_code in (201, 400)


@pytest.mark.parametrize("values", [{}, {"__proto__": {"is_staff": True}}, {"constructor": {"a": 1}}])
def test_senders_decide_nothing_that_is_not_theirs(area, browser, values):
    people = list(get_user_model().objects.values_list("pk", "is_staff", "is_superuser"))
    assert browser.post("/gui-tin/", {**TAKEN, **form()}).status_code == 200
    body = json.dumps({**TAKEN, **values, **BODY}).encode()
    assert post(browser, body, "/api/v1/tips/", "application/json").status_code in (201, 400)
    assert browser.post("/api/v1/tips/", {**TAKEN, **BODY}).status_code in (201, 400)
    made = list(Tip.objects.order_by("pk"))
    assert made and all(untouched(tip) for tip in made)
    assert made[0].channel == "web" and all(tip.channel == "api" for tip in made[1:])
    assert all(tip.received_at.year > 2001 and tip.public_id != TAKEN["public_id"] for tip in made)
    assert list(get_user_model().objects.values_list("pk", "is_staff", "is_superuser")) == people
    assert not AuditEntry.objects.exclude(actor=None).exists()


@pytest.mark.parametrize("by", ["desk", "api"])
def test_officers_decide_nothing_besides_the_act(area, draft, by):
    """An act changes what it is for: nothing that came along with it."""
    tip, chief = submit_tip(draft()).tip, make_user(Role.CHIEF, area.commune_a)
    values = {**TAKEN, "version": "1", "text": "Công an xã sẽ kiểm tra trong tối nay."}
    if by == "api":
        client: Any = APIClient()
        client.force_authenticate(chief)
        assert client.post(f"/api/v1/tips/{tip.public_id}/accept/", values).status_code == 200
    else:
        client = Client()
        client.force_login(chief)
        answer = client.post(reverse("desk:tip_act", args=(tip.public_id, "accept")), values)
        assert answer.status_code == 302
    before, after = tip, Tip.objects.get(pk=tip.pk)
    same = ("public_id", "channel", "priority", "handler_id", "received_at", "is_anonymous", "outcome")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert (after.status, after.version, after.assignee, after.closed_at) == ("accepted", 2, chief, None)
    chief.refresh_from_db()
    assert not chief.is_superuser


# --- Head of a request -----------------------------------------------------------------------------------

HOSTS = ("evil.example", "conganxa.vn:x", "conganxa.vn/../", "a b", "conganxa.vn@evil.example", "")


@pytest.mark.parametrize("host", HOSTS)
def test_host_of_somebody_else_is_refused(area, browser, settings, host):
    settings.ALLOWED_HOSTS = ["conganxa.vn"]
    for path in ("/gui-tin/", "/theo-doi/", "/tai-khoan/dang-nhap/"):
        answer = browser.get(path, HTTP_HOST=host)
        assert answer.status_code == 400 and b"evil" not in answer.content
    answer = browser.post("/gui-tin/", form(), HTTP_HOST=host)
    assert (answer.status_code, Tip.objects.count()) == (400, 0)


def test_forwarded_host_is_not_believed(area, browser, settings):
    settings.ALLOWED_HOSTS = ["conganxa.vn"]
    answer = browser.get("/can-bo/", HTTP_HOST="conganxa.vn", HTTP_X_FORWARDED_HOST="evil.example")
    assert answer.status_code == 302 and "evil" not in answer["Location"]


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "GET", "TRACE"])
def test_method_is_the_one_of_the_request(draft, browser, method):
    """No header and no field turns a POST into something else, or something else into a POST."""
    tip = submit_tip(draft()).tip
    head = {"HTTP_X_HTTP_METHOD_OVERRIDE": method, "HTTP_X_METHOD_OVERRIDE": method}
    assert browser.post("/gui-tin/", {**form(), "_method": method}, **head).status_code == 200
    assert Tip.objects.count() == 2 and Tip.objects.filter(pk=tip.pk).exists()
    override = {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"}
    browser.generic("GET", "/gui-tin/?" + pairs().decode(), **override)
    assert Tip.objects.count() == 2
    if method not in ("GET",):
        assert browser.generic(method, "/gui-tin/", pairs(), content_type=URLENCODED).status_code == 405


def test_cookie_bomb_keeps_nobody_from_sending(area, browser):
    """Another site of the same domain may fill a browser's jar; the form needs no cookie."""
    bomb = "; ".join(f"c{number}={'x' * 900}" for number in range(60))
    assert browser.get("/gui-tin/", HTTP_COOKIE=bomb).status_code == 200
    assert browser.post("/gui-tin/", form(), HTTP_COOKIE=bomb).status_code == 200
    assert Tip.objects.count() == 1


# --- Too much --------------------------------------------------------------------------------------------


def test_ten_thousand_fields_are_too_many(area, browser):
    many = b"&".join(b"f%d=1" % number for number in range(10_000))
    for path in ("/gui-tin/", "/theo-doi/", "/api/v1/tips/"):
        answer = post(browser, pairs() + b"&" + many, path)
        assert answer.status_code == 400 and b"Traceback" not in answer.content, path
    assert not Tip.objects.exists()


def test_deep_json_is_refused(area, browser):
    for deep in ("[" * 100_000, '{"a":' * 100_000, "[" * 50_000 + "]" * 50_000):
        for body in (deep, json.dumps(BODY)[:-1] + f', "contact": {deep}}}'):
            answer = post(browser, body.encode(), "/api/v1/tips/", "application/json")
            assert answer.status_code == 400, body[:20]
    assert not Tip.objects.exists()


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_limit_of_a_photo_holds_to_the_byte(area, browser, settings, more):
    settings.TIP_IMAGE_MAX_MB = 1
    photo = media.picture("JPEG")
    padded = photo + b"\0" * (limits.MEGABYTE + more - len(photo))
    body = multipart(padded)
    answer = post(browser, body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 200
    assert Tip.objects.count() == (0 if more > 0 else 1)
    assert TEXT in answer.content.decode() if more > 0 else True


@pytest.mark.parametrize("more", [0, 1])
def test_limit_of_a_request_holds_to_the_byte(area, browser, settings, more):
    body = pairs() + b"&x="
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(body) + 500
    answer = post(browser, body + b"a" * (500 + more))
    assert (answer.status_code, Tip.objects.count()) == ((400, 0) if more else (200, 1))


def test_nul_is_no_reason_to_lose_a_tip(area, browser):
    assert post(browser, pairs().replace(b"karaoke", b"kara%00oke")).status_code == 200
    assert Tip.objects.get().text == TEXT
    assert post(browser, pairs().replace(b"D6801", b"D68%0001")).status_code == 200
    assert browser.generic("GET", "/gui-tin/%00").status_code in (400, 404)
