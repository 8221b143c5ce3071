"""Senders who are no persons, characters nobody expects, a database that is away: the words come back."""

import re
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client

from tests.tips.public.forms import TEXT, filled, hidden, receipt_in, send
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_trap_asks_once_and_then_lets_people_through(client, area):
    values = filled(client, area, homepage="http://spam.example")

    asked = client.post("/gui-tin/", values)
    html = asked.content.decode()
    assert Tip.objects.count() == 0
    assert "Gửi lại" in html and TEXT in html and "spam.example" not in html

    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert receipt_in(client.post("/gui-tin/", {**values, **again}))


def test_several_links_within_a_breath_are_asked_about(client, area):
    links = "https://a.example https://b.example https://c.example xem ngay"

    quick = client.post("/gui-tin/", filled(client, area, text=links))

    assert receipt_in(quick) is None and Tip.objects.count() == 0


def test_quick_sender_without_links_is_never_stopped(client, area):
    assert send(client, area, opened="nonsense")
    assert send(client, area, opened=None)


def test_too_many_tips_are_slowed_with_the_words_kept(client, area):
    for _number in range(20):
        send(client, area)

    response = client.post("/gui-tin/", filled(client, area))

    html = response.content.decode()
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 3601
    assert re.search(r"Xin thử lại sau \d+ phút. Việc gấp xin gọi 113", html)
    assert TEXT in html
    assert Tip.objects.count() == 20
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert receipt_in(elsewhere.post("/gui-tin/", filled(elsewhere, area)))


def test_markup_in_every_field_comes_back_escaped(client, area):
    nasty = '"><svg onload=alert(1)>{{7*7}}'
    values = filled(
        client, area, text=nasty[:9], place=nasty, contact_name=nasty, occurred_at=nasty, unit=nasty
    )

    html = client.post("/gui-tin/", values).content.decode()

    assert "<svg onload" not in html
    assert "{{7*7}}" in html


@pytest.mark.parametrize("text", ["a\x00b" * 10, "\u202e" + TEXT, "z" + "\u0301" * 50 + TEXT, "🏠" * 20])
def test_strange_characters_are_taken_calmly(client, area, text):
    assert send(client, area, text=text)


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\x01", "\ufffe"])
@pytest.mark.parametrize(
    "name", ["unit", "unit_q", "village", "category", "broadcast", "form_token", "opened", "action", "place"]
)
def test_characters_no_database_takes_never_break_the_form(client, area, large_area, name, bad):
    values = filled(client, area, **{name: bad})

    answers = [client.post("/gui-tin/", values), client.post("/gui-tin/", {**values, "action": "find_unit"})]

    assert {answer.status_code for answer in answers} == {403 if name == "form_token" else 200}


def test_bytes_that_are_no_text_never_break_the_form(client, area):
    token = hidden(client)["form_token"]
    words = "text=%FF%FE+m%E1%BA%A5y+t%E1%BB%91i+nay&place=%ED%A0%80"
    body = f"form_token={token}&category=KHAC&unit={area.commune_a.code}&{words}"

    response = client.post("/gui-tin/", body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200 and receipt_in(response)


def test_broken_storage_returns_the_words_with_a_reference(client, area):
    values = filled(client, area, place="Chỗ lò gạch")

    with mock.patch("tips.views.submit_tip", side_effect=OperationalError("disk I/O error")):
        response = client.post("/gui-tin/", values)

    html = response.content.decode()
    assert response.status_code == 503
    assert TEXT in html and "Chỗ lò gạch" in html
    assert re.search(r"Mã lỗi: [0-9a-f]{8,}", html)
    again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert receipt_in(client.post("/gui-tin/", {**again, "text": TEXT}))
