"""Guessing receipts: slowed for one network, and every wrong answer is the same answer at the same cost."""

import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_area
from tips import receipts, throttling
from tips.models import Tip
from tips.services import erasing
from tips.services.intake import TipDraft, submit_tip

pytestmark = pytest.mark.django_db

UNKNOWN = "0000-0000-0000-0000"
MALFORMED = (
    *("", " ", "x", "A" * 15, "A" * 17, "U" * 16, "Đ" * 16, "A" * 5000, "0000-0000-0000-000\u0661"),
    *("' OR '1'='1", "<script>", "{{7*7}}", "../../etc", "\u202e0000", "%00", "-" * 16, "\U0001f600"),
)
NOT_TEXT = (None, 7, True, ["A" * 16], {"a": 1}, "\x00", "\ud800")
SECRETS = re.compile(
    r'<input type="hidden" name="receipt"[^>]*>|name="\w*token" value="[^"]*"|nonce="[^"]+"|'
    r'(?<=value=")[^"]*(?=")'
)


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    monkeypatch.setattr(throttling, "_local", throttling.LocalCounter())


@pytest.fixture
def right() -> str:
    """The receipt of a tip that is there."""
    return _send("Quán hát loa kéo đến một giờ sáng cả tuần nay.")


@pytest.fixture
def erased(right) -> str:
    """The receipt of a tip whose time was over and which was erased."""
    receipt = _send("Xe tải đổ rác ở bờ suối lúc nửa đêm hôm qua.")
    tip = Tip.objects.get(receipt_digest=receipts.digest(receipt))
    assert erasing.erase_content(tip, timezone.now(), source="retention")
    return receipt


def _send(text: str) -> str:
    from groups.models import Unit

    area = None if Unit.objects.exists() else make_area()
    unit = area.commune_a if area else Unit.objects.get(code="D6801")
    return submit_tip(TipDraft(category="GAY_ROI", text=text, unit=unit)).receipt


def on_page(receipt: str, **more: str) -> Any:
    return Client(REMOTE_ADDR="203.0.113.7").post("/theo-doi/", {"receipt": receipt, **more})


def by_api(receipt: Any, call: str = "follow/", **more: Any) -> Any:
    body = json.dumps({"receipt": receipt, **more})
    client = Client(REMOTE_ADDR="203.0.113.7")
    return client.post(f"/api/v1/tips/{call}", body, content_type="application/json")


def seen(response: Any) -> tuple:
    """What somebody who guesses can compare: everything but what is drawn anew for each page."""
    changing = ("X-Request-Id", "Content-Length")
    head = sorted((name, value) for name, value in response.items() if name not in changing)
    cookies = sorted(response.cookies)
    return response.status_code, head, cookies, SECRETS.sub("", response.content.decode())


@pytest.fixture
def cost(monkeypatch):
    """Queries and slow digests of one request."""
    digests: list[object] = []
    original = receipts.slow_digest
    monkeypatch.setattr(receipts, "slow_digest", lambda *a: digests.append(a) or original(*a))

    def of(ask, receipt: object, **more: Any) -> tuple[int, int]:
        cache.clear()
        digests.clear()
        with CaptureQueriesContext(connection) as queries:
            ask(receipt, **more)
        return len(queries), len(digests)

    return of


def ask_message(receipt: Any) -> Any:
    return by_api(receipt, "follow/messages/", text="Thêm một chuyện nữa")


def ask_addition(receipt: str) -> Any:
    return on_page(receipt, action="add", text="Thêm một chuyện nữa")


@pytest.mark.parametrize("ask", [on_page, ask_addition])
def test_every_wrong_receipt_gets_the_same_page(erased, ask):
    expected = seen(ask(UNKNOWN))
    for receipt in (erased, *MALFORMED):
        cache.clear()
        assert seen(ask(receipt)) == expected, receipt
    assert "Không tìm thấy tin" in expected[3] and expected[0] == 200


@pytest.mark.parametrize("ask", [by_api, ask_message])
def test_every_wrong_receipt_gets_the_same_answer_of_the_api(erased, ask):
    expected = seen(ask(UNKNOWN))
    assert expected[0] == 404
    for receipt in (erased, *MALFORMED, *NOT_TEXT):
        cache.clear()
        assert seen(ask(receipt)) == expected, receipt


@pytest.mark.parametrize("ask", [on_page, ask_addition, by_api, ask_message])
def test_every_wrong_receipt_costs_the_same(erased, cost, ask):
    on_page(UNKNOWN)
    expected = cost(ask, UNKNOWN)
    assert expected[1] == 2, "today's digest and the one of former receipts"
    strange = NOT_TEXT if ask in (by_api, ask_message) else ()
    for receipt in (erased, *MALFORMED, *strange):
        assert cost(ask, receipt) == expected, receipt


@pytest.mark.parametrize("ask", [on_page, ask_addition, by_api, ask_message])
def test_right_receipt_cannot_be_told_from_a_wrong_one_once_too_many_were_tried(right, erased, cost, ask):
    """Ten wrong ones, then nobody of this network learns anything, and nothing is looked up."""
    for _ in range(10):
        ask(UNKNOWN)
    answers = [seen(ask(receipt)) for receipt in (right, UNKNOWN, erased, *MALFORMED)]
    statuses = {status for status, *_rest in answers}
    texts = {re.sub(r"\d+", "0", text) for *_rest, text in answers}
    heads = {re.sub(r"\d+", "0", repr(head)) for _status, head, _cookies, _text in answers}
    assert (statuses, len(texts), len(heads)) == ({429}, 1, 1)
    assert Tip.objects.get(receipt_digest=receipts.digest(right)).messages.count() == 0


def test_page_and_api_share_one_allowance_and_other_networks_have_their_own(right):
    for _ in range(5):
        on_page(UNKNOWN)
        by_api(UNKNOWN)
    assert (on_page(right).status_code, by_api(right).status_code) == (429, 429)
    assert "Retry-After" in on_page(right) and "Retry-After" in by_api(right)
    elsewhere = Client(REMOTE_ADDR="198.51.100.9").post("/theo-doi/", {"receipt": right})
    assert elsewhere.status_code == 200 and "Không tìm thấy tin" not in elsewhere.content.decode()


def test_forged_addresses_give_no_further_tries(right):
    """Headers that a proxy would set are the client's own words here."""
    for number in range(10):
        Client(REMOTE_ADDR="203.0.113.7").post(
            "/theo-doi/",
            {"receipt": UNKNOWN},
            headers={"x-forwarded-for": f"192.0.2.{number}", "x-real-ip": f"192.0.2.{number}"},
        )
    assert on_page(right).status_code == 429


def test_right_receipts_are_never_counted(right):
    for _ in range(15):
        assert on_page(right).status_code == 200
        assert by_api(right).status_code == 200
