"""Floods: senders are slowed down by work or by waiting, nobody is blocked, other networks notice nothing."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from tests.factories import GroupFactory, make_area
from tips import defence, throttling
from tips.models import Tip

pytestmark = pytest.mark.django_db

TEXT = "Mấy tuần nay tối nào cũng có thanh niên lạ tụ tập ở lò gạch cuối thôn."


@pytest.fixture
def area():
    made = make_area()
    GroupFactory(unit=made.village_a)
    return made


@pytest.fixture
def client():
    """One network of its own."""
    return Client(REMOTE_ADDR="203.0.113.9")


@pytest.fixture
def flood(client, monkeypatch):
    """This network has used up its tips of the hour."""
    monkeypatch.setitem(throttling.LIMITS, "tip", throttling.Limit(1, 3600))


@pytest.fixture
def clock(monkeypatch):
    """Moves the time that signatures are judged by."""
    started, real = [0.0], signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + started[0])
    return started


def hidden(html):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))


def filled(client, area, **changes):
    values = hidden(client.get("/gui-tin/").content.decode())
    return {**values, "category": "MA_TUY", "text": TEXT, "unit": area.commune_a.code, **changes}


def worked(client, values):
    """``values`` with the task that the portal sets, done."""
    task = hidden(client.post("/gui-tin/", values).content.decode())["wait"]
    nonce = next(str(n) for n in range(10**8) if defence.has_worked(task, str(n)))
    return {**values, "wait": task, "work": nonce}


def is_taken(response):
    return 'id="receipt"' in response.content.decode()


def test_flooding_network_gets_its_words_back_with_a_task(client, area, flood):
    assert is_taken(client.post("/gui-tin/", filled(client, area)))

    response = client.post("/gui-tin/", filled(client, area))

    html = response.content.decode()
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert TEXT in html and "Xin thử lại sau 1 phút" in html
    assert 'data-work="17"' in html and "js/tip_work.js" in html
    assert Tip.objects.count() == 1


def test_work_lets_the_tip_through_at_once(client, area, flood):
    client.post("/gui-tin/", filled(client, area))

    assert is_taken(client.post("/gui-tin/", worked(client, filled(client, area))))


def test_work_is_good_for_one_tip_only(client, area, flood):
    client.post("/gui-tin/", filled(client, area))
    values = worked(client, filled(client, area))
    assert is_taken(client.post("/gui-tin/", values))

    for other in ({"category": "CO_BAC"}, {"unit": area.commune_b.code}):
        assert client.post("/gui-tin/", {**values, **other}).status_code == 429
    assert is_taken(client.post("/gui-tin/", worked(client, {**values, "category": "CO_BAC"})))
    assert Tip.objects.count() == 3


def test_same_tip_sent_again_shows_its_receipt_again(client, area, flood):
    client.post("/gui-tin/", filled(client, area))
    values = worked(client, filled(client, area))

    assert is_taken(client.post("/gui-tin/", values)) and is_taken(client.post("/gui-tin/", values))
    assert Tip.objects.count() == 2


def test_work_lasts_an_hour(client, area, settings, clock):
    settings.TIP_PROOF_ALWAYS = True
    values = worked(client, filled(client, area))
    clock[0] = 3700

    assert client.post("/gui-tin/", values).status_code == 429


def test_wait_is_good_for_one_tip_only(client, area, flood, clock):
    client.post("/gui-tin/", filled(client, area))
    values = filled(client, area)
    asked = {**values, **hidden(client.post("/gui-tin/", values).content.decode())}
    clock[0] = 61

    assert is_taken(client.post("/gui-tin/", asked))
    assert client.post("/gui-tin/", {**asked, "category": "CO_BAC"}).status_code == 429


@pytest.mark.parametrize("work", ["", "0", "x" * 500, "\x00"])
def test_wrong_work_is_no_proof(client, area, flood, work):
    client.post("/gui-tin/", filled(client, area))
    values = worked(client, filled(client, area))

    assert client.post("/gui-tin/", {**values, "work": work}).status_code == 429


def test_work_of_another_form_is_no_proof(client, area, flood):
    client.post("/gui-tin/", filled(client, area))
    done = worked(client, filled(client, area))
    values = filled(client, area, work=done["work"], wait=done["wait"])

    assert client.post("/gui-tin/", values).status_code == 429


def test_waiting_a_minute_is_as_good_without_javascript(client, area, flood, clock):
    client.post("/gui-tin/", filled(client, area))
    values = filled(client, area)
    asked = hidden(client.post("/gui-tin/", values).content.decode())

    assert client.post("/gui-tin/", {**values, **asked}).status_code == 429
    clock[0] = timedelta(seconds=61).total_seconds()
    assert is_taken(client.post("/gui-tin/", {**values, **asked}))


def test_pressing_too_early_does_not_start_the_wait_again(client, area, flood, clock):
    client.post("/gui-tin/", filled(client, area))
    values = filled(client, area)
    first = hidden(client.post("/gui-tin/", values).content.decode())
    clock[0] = 40
    second = hidden(client.post("/gui-tin/", {**values, **first}).content.decode())
    clock[0] = 65

    assert is_taken(client.post("/gui-tin/", {**values, **second}))


@pytest.mark.parametrize("wait", ["", "nonsense", "a:b:c"])
def test_invented_wait_is_no_proof(client, area, flood, wait):
    client.post("/gui-tin/", filled(client, area))

    assert client.post("/gui-tin/", filled(client, area, wait=wait)).status_code == 429


def test_other_networks_notice_nothing(client, area, flood):
    client.post("/gui-tin/", filled(client, area))
    client.post("/gui-tin/", filled(client, area))
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")

    html = elsewhere.get("/gui-tin/").content.decode()
    assert "tip_work" not in html
    assert is_taken(elsewhere.post("/gui-tin/", filled(elsewhere, area)))


def test_even_proof_has_a_limit(client, area, flood, monkeypatch):
    monkeypatch.setitem(throttling.LIMITS, "proven", throttling.Limit(1, 3600))
    client.post("/gui-tin/", filled(client, area))
    for expected in (200, 429):
        response = client.post("/gui-tin/", worked(client, filled(client, area)))
        assert response.status_code == expected


def test_setting_asks_every_network(client, area, settings):
    settings.TIP_PROOF_ALWAYS = True
    values = filled(client, area)

    assert client.post("/gui-tin/", values).status_code == 429
    assert is_taken(client.post("/gui-tin/", worked(client, values)))
