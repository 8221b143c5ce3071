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

    receipt = receipt_in(strict.post("/gui-tin/", filled(strict, area)))

    assert not strict.cookies
    assert receipt and "Đã nhận" in strict.post("/theo-doi/", {"receipt": receipt}).content.decode()


@pytest.mark.parametrize("receipt", ["x", "ABCD-EFGH-JKMN-PQRS"])
def test_receipt_is_no_proof_where_tips_are_sent(area, receipt):
    strict = strict_client(origin="null", referer="https://evil.example/")
    values = filled(strict, area, form_token=None, receipt=receipt)

    assert strict.post("/gui-tin/", values).status_code == 403
    assert Tip.objects.count() == 0


@pytest.mark.parametrize("token", [None, "", "chosen-by-somebody:else"])
def test_form_without_proof_is_refused_but_the_words_come_back(area, token):
    strict = strict_client()
    values = filled(strict, area, form_token=token)

    response = strict.post("/gui-tin/", values)

    html = response.content.decode()
    assert response.status_code == 403
    assert Tip.objects.count() == 0
    assert TEXT in html and "xin bấm Gửi lại" in html
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert receipt_in(strict.post("/gui-tin/", {**again, "text": TEXT}))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_form_from_another_site_is_refused(area, headers):
    own, strict = strict_client(), strict_client(**headers)
    values = filled(own, area)
    receipt = receipt_in(own.post("/gui-tin/", filled(own, area)))

    assert strict.post("/gui-tin/", values).status_code == 403
    assert Tip.objects.count() == 1
    assert strict.post("/theo-doi/", {"receipt": receipt}).status_code == 403
