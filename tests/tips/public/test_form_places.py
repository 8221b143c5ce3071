"""The commune and village of a tip, chosen from a list or searched for in a large area."""

import re

import pytest

from tests.tips.public.forms import TEXT, filled, hidden, receipt_in, send
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_choosing_a_commune_shows_its_villages_and_keeps_everything(client, area):
    values = filled(client, area, action="choose_unit", text="ngắn", place="Chỗ lò gạch", category="CO_BAC")

    html = client.post("/gui-tin/", values).content.decode()

    assert 'class="error-summary"' not in html
    assert area.village_a.full_name in html and area.village_b.full_name not in html
    assert re.search(r'value="CO_BAC" checked', html)
    assert ">\nngắn</textarea>" in html and "Chỗ lò gạch" in html
    assert f'value="{values["form_token"]}"' in html


def test_choosing_another_commune_forgets_the_village_of_the_first(client, area):
    values = filled(client, area, action="choose_unit", unit=area.commune_b.code, village=area.village_a.code)

    html = client.post("/gui-tin/", values).content.decode()

    assert area.village_b.full_name in html
    assert area.village_a.code not in html


def test_village_is_stored(client, area):
    send(client, area, village=area.village_a.code)

    assert Tip.objects.get().village == area.village_a


def test_large_area_begins_with_a_search_that_links_to_the_form(client, large_area):
    first = client.get("/gui-tin/", {"category": "LUA_DAO"}).content.decode()
    found = client.get("/gui-tin/", {"q": "minh tan", "category": "LUA_DAO"}).content.decode()
    link = re.search(r'href="(/gui-tin/\?unit=[^"]+)"', found)[1].replace("&amp;", "&")
    form = client.get(link).content.decode()

    assert 'name="text"' not in first and 'name="q"' in first
    assert link == f"/gui-tin/?unit={large_area.commune_a.code}&category=LUA_DAO"
    assert f'<option value="{large_area.commune_a.code}" selected>' in form
    assert re.search(r'value="LUA_DAO" checked', form)


@pytest.mark.parametrize("action", ["find_unit", ""])
def test_large_area_can_change_the_commune_without_losing_words(client, large_area, action):
    query = {"unit": large_area.commune_a.code}
    values = {**hidden(client, **query), **query, "text": TEXT, "unit_q": "ben da", "action": action}

    html = client.post("/gui-tin/", values).content.decode()

    assert Tip.objects.count() == 0
    assert f'<option value="{large_area.commune_b.code}" selected>' in html
    assert large_area.village_b.full_name in html
    assert TEXT in html


def test_large_area_with_several_hits_leaves_the_choice_to_the_sender(client, large_area):
    query = {"unit": large_area.commune_a.code}
    values = {**hidden(client, **query), **query, "text": TEXT, "unit_q": "xa dong", "action": "find_unit"}

    html = client.post("/gui-tin/", values).content.decode()

    assert "Tìm thấy 20 nơi" in html
    assert not re.search(r'<option value="\w+" selected>', html)
    assert f'<option value="{large_area.commune_a.code}">' in html


def test_large_area_that_finds_nothing_keeps_the_commune(client, large_area):
    query = {"unit": large_area.commune_a.code}
    values = {**hidden(client, **query), **query, "text": TEXT, "unit_q": "zzz", "action": "find_unit"}

    html = client.post("/gui-tin/", values).content.decode()

    assert "Không tìm thấy" in html
    assert f'<option value="{large_area.commune_a.code}" selected>' in html


def test_large_area_sends_to_the_commune_that_was_found(client, large_area):
    query = {"unit": large_area.commune_a.code}
    values = {**hidden(client, **query), "category": "KHAC", "text": TEXT, "unit": large_area.commune_b.code}

    response = client.post("/gui-tin/", {**values, "unit_q": "ben da", "action": "send"})

    assert receipt_in(response)
    assert Tip.objects.get().unit == large_area.commune_b


def test_commune_of_a_link_is_chosen_already(client, area):
    html = client.get("/gui-tin/", {"unit": area.commune_b.code}).content.decode()

    assert f'<option value="{area.commune_b.code}" selected>' in html
    assert area.village_b.full_name in html
