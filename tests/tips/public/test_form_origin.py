"""A form without cookies, without its proof, from another site."""

import re

import pytest
from django.test import Client

from tests.tips.public.forms import TEXT, filled, receipt_in
from tips.models import Tip

pytestmark = pytest.mark.django_db


def strict_client(**headers):
    return Client(enforce_csrf_checks=True, headers=headers)


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "null"}, {"origin": "http://testserver"}, {"sec-fetch-site": "same-origin"}]
)
def test_form_works_without_any_cookie(area, headers):
    strict = strict_client(**headers)
    values = filled(strict, area)
    values.pop("csrfmiddlewaretoken")
    strict.cookies.clear()

    receipt = receipt_in(strict.post("/gui-tin/", values))
    strict.cookies.clear()

    assert receipt and "Đã nhận" in strict.post("/theo-doi/", {"receipt": receipt}).content.decode()


@pytest.mark.parametrize("receipt", ["x", "ABCD-EFGH-JKMN-PQRS"])
def test_receipt_is_no_proof_where_tips_are_sent(area, receipt):
    strict = strict_client(origin="null", referer="https://evil.example/")
    values = filled(strict, area, form_token=None, csrfmiddlewaretoken=None, receipt=receipt)
    strict.cookies.clear()

    assert strict.post("/gui-tin/", values).status_code == 403
    assert Tip.objects.count() == 0


@pytest.mark.parametrize("token", [None, "", "chosen-by-somebody:else"])
def test_form_without_proof_is_refused_but_the_words_come_back(area, token):
    strict = strict_client()
    values = filled(strict, area, form_token=token, csrfmiddlewaretoken=None)
    strict.cookies.clear()

    response = strict.post("/gui-tin/", values)

    html = response.content.decode()
    assert response.status_code == 403
    assert Tip.objects.count() == 0
    assert TEXT in html and "xin bấm Gửi lại" in html
    strict.cookies.clear()
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    again.pop("csrfmiddlewaretoken")
    assert receipt_in(strict.post("/gui-tin/", {**again, "text": TEXT}))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("has_cookie", [True, False])
def test_form_from_another_site_is_refused(area, headers, has_cookie):
    own = strict_client()
    values = filled(own, area)
    strict = strict_client(**headers)
    if has_cookie and "origin" in headers:
        strict.cookies = own.cookies

    assert strict.post("/gui-tin/", values).status_code == 403
    assert Tip.objects.count() == 0
