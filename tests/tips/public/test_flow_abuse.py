"""The bad-input corpus, group "Flow abuse", as far as it concerns sending and following a tip.

Whatever comes, the answer is a page that says what to do or a plain refusal: never an error of the server,
never a tip too many, never a hint whether a receipt exists.
"""

from unittest import mock

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.crypto import digests
from tests.tips.public.forms import filled, hidden, receipt_in
from tips import receipts
from tips.models import Message, Tip

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


# --- The form: again, late, elsewhere -----------------------------------------------------------------------


def test_same_form_three_times_and_in_two_browsers_is_one_tip(client, area):
    values = filled(client, area)
    answers = [browser.post("/gui-tin/", values) for browser in (client, client, Client())]

    assert len({receipt_in(answer) for answer in answers}) == 1
    assert (Tip.objects.count(), Message.objects.count()) == (1, 0)


@pytest.mark.parametrize("change", ["category", "unit"])
def test_token_used_again_about_another_matter_never_reaches_the_first_tip(client, area, change):
    values = filled(client, area)
    other = {"category": "CAN_BO"} if change == "category" else {"unit": area.commune_b.code}
    first, second = client.post("/gui-tin/", values), client.post("/gui-tin/", {**values, **other})

    assert receipt_in(first) != receipt_in(second)
    assert (Tip.objects.count(), Message.objects.count()) == (2, 0)


def test_form_left_open_for_a_week_is_still_taken(client, area, monkeypatch):
    values = filled(client, area)
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 7 * 24 * 3600)

    assert receipt_in(client.post("/gui-tin/", values))


def test_form_opened_before_the_secret_key_changed_is_still_one_tip(client, area, settings):
    values = filled(client, area)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-django-checks"

    assert receipt_in(client.post("/gui-tin/", values)) == receipt_in(client.post("/gui-tin/", values))
    assert Tip.objects.count() == 1


def test_token_of_another_purpose_is_no_token(client, area):
    token = signing.Signer(salt="another.purpose").sign("00" * 16)

    assert client.post("/gui-tin/", filled(client, area, form_token=token)).status_code == 403
    assert Tip.objects.count() == 0


# --- The form: misshapen ------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", ["category", "text", "unit"])
def test_missing_field_is_asked_for(client, area, left_out):
    response = client.post("/gui-tin/", filled(client, area, **{left_out: None}))

    assert response.status_code == 200 and 'class="error-summary"' in response.content.decode()
    assert Tip.objects.count() == 0


def test_nothing_at_all_is_asked_for(client, area):
    proof = {"form_token": hidden(client)["form_token"]}

    assert 'class="error-summary"' in client.post("/gui-tin/", proof).content.decode()
    assert Tip.objects.count() == 0


def test_doubled_and_nested_names_are_one_value(client, area):
    values = filled(client, area)
    pairs = [*values.items(), ("category", "KHAC"), ("text[0]", "x"), ("tip[status]", "closed")]

    response = client.post("/gui-tin/", "&".join(f"{n}={v}" for n, v in pairs), content_type=FORM)

    assert receipt_in(response)
    assert (Tip.objects.get().category, Tip.objects.get().status) == ("KHAC", "new")


def test_fields_that_are_no_fields_set_nothing(client, area):
    mine = {"priority": "0", "status": "closed", "handler": "1", "is_valuable": "1", "public_id": "AAAAAAAAA"}
    client.post("/gui-tin/", filled(client, area, **mine))

    tip = Tip.objects.get()
    assert (tip.priority, tip.status, tip.handler, tip.is_valuable) == (2, "new", area.commune_a, False)
    assert tip.public_id != "AAAAAAAAA"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("&".join(f"f{n}=1" for n in range(1500)), FORM),
        ("text=" + "x" * 3_000_000, FORM),
        ("text=" + "x" * 10_000_000, FORM),
        ("--x\r\nnot a part", "multipart/form-data; boundary=x"),
        ("", "multipart/form-data"),
        ('{"category": "MA_TUY"}', "application/json"),
        ("<tip/>", "text/xml"),
        ("text=%FF%FE%00", f"{FORM}; charset=utf-99"),
    ],
    ids=[
        "many-fields",
        "huge",
        "ten-megabytes",
        "broken-multipart",
        "no-boundary",
        "json",
        "xml",
        "strange-charset",
    ],
)
@pytest.mark.parametrize("path", ["/gui-tin/", "/theo-doi/"])
def test_body_of_another_kind_is_refused_in_peace(client, area, path, body, content_type):
    client.raise_request_exception = False

    response = client.generic("POST", path, body, content_type)

    assert response.status_code in (200, 400, 403, 413)
    assert Tip.objects.count() == 0


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", ["/gui-tin/", "/theo-doi/"])
def test_other_methods_are_not_allowed(client, area, path, method):
    assert getattr(client, method)(path).status_code == 405


def test_method_is_not_overridden_by_a_field_or_header(client, area):
    values = filled(client, area, _method="DELETE")

    assert receipt_in(client.post("/gui-tin/", values, headers={"x-http-method-override": "DELETE"}))


@pytest.mark.parametrize("path", ["/gui-tin/x.css", "/theo-doi/x.css", "/gui-tin//", "/theo-doi/7KQM"])
def test_address_below_a_page_is_none(client, area, path):
    assert client.get(path).status_code == 404


# --- Receipts: guessing -------------------------------------------------------------------------------------

UNKNOWN = "7KQM-2XPA-9DRT-E4WZ"
MALFORMED = ["", "x", "7KQM", UNKNOWN + "A", "ĐĐĐĐ-ĐĐĐĐ-ĐĐĐĐ-ĐĐĐĐ", "x" * 5000, "\x00" * 16, "' OR 1=1 --"]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_malformed_receipt_costs_what_an_unknown_one_costs(client, area, malformed):
    def work_done(receipt):
        with (
            CaptureQueriesContext(connection) as queries,
            mock.patch.object(digests, "scrypt", wraps=digests.scrypt) as scrypt,
        ):
            response = client.post("/theo-doi/", {"receipt": receipt})
        hashes = [(call.args[1:], call.kwargs) for call in scrypt.call_args_list]
        return response.status_code, len(queries), hashes

    work_done(UNKNOWN)

    status, queries, hashes = work_done(UNKNOWN)
    assert work_done(malformed) == (status, queries, hashes)
    assert len(hashes) == 2, "today's digest and the one of former receipts"


def test_thousand_guesses_get_ten_answers(client, area):
    statuses = [client.post("/theo-doi/", {"receipt": UNKNOWN}).status_code for _ in range(60)]

    assert statuses == [200] * 10 + [429] * 50


def test_receipt_sent_again_shows_the_tip_again_and_changes_nothing(client, area):
    receipt = receipt_in(client.post("/gui-tin/", filled(client, area)))
    before = Tip.objects.values().get()

    pages = [client.post("/theo-doi/", {"receipt": receipt}) for _ in range(3)]

    assert all("Đã nhận" in page.content.decode() for page in pages)
    assert Tip.objects.values().get() == before


def test_receipt_in_an_address_is_not_read(client, area):
    receipt = receipt_in(client.post("/gui-tin/", filled(client, area)))

    html = client.get("/theo-doi/", {"receipt": receipt}).content.decode()

    assert receipt not in html and receipts.normalise(receipt) not in html
    assert "Đã nhận" not in html
