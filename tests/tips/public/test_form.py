"""The form of a tip: nothing typed is lost, one form makes one tip, nobody is identified."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from broadcasts.enums import BroadcastState
from portal.crypto.sealed import unseal
from tests.factories import BroadcastFactory
from tests.tips.public.forms import TEXT, filled, receipt_in, send
from tips.enums import Category
from tips.models import Message, Tip

pytestmark = pytest.mark.django_db


def test_form_offers_every_category_and_exactly_the_agreed_fields(client, area):
    html = client.get("/gui-tin/").content.decode()

    names = set(re.findall(r'<(?:input|select|textarea)[^>]*\sname="(\w+)"', html))
    agreed = {"category", "text", "unit", "village", "place", "occurred_at"}
    agreed |= {"contact_name", "contact_phone", "files", "broadcast"}
    assert agreed <= names
    assert names - agreed == {"form_token", "opened", "homepage"}
    assert [value for value in Category.values if f'value="{value}"' not in html] == []


def test_form_says_what_must_be_filled_in(client, area):
    html = client.get("/gui-tin/").content.decode() + client.get("/theo-doi/").content.decode()

    labels = re.findall(r'<label class="field__label" for="([\w-]+)">(.*?)</label>', html)
    marked = {name for name, label in labels if "(bắt buộc)" in label}
    optional = {name for name, label in labels if "(không bắt buộc)" in label}
    assert marked == {"text", "unit", "receipt-in"}
    assert optional == {name for name, _label in labels} - marked
    announced = [
        tag for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", html) if "aria-required" in tag
    ]
    assert [" required" in tag for tag in announced] == [True, True, True]
    assert "Chuyện gì xảy ra? <span" in html


def test_sending_anonymously_stores_the_tip_and_shows_the_receipt_once(client, area):
    response = client.post("/gui-tin/", filled(client, area, place="Lò gạch", occurred_at="20/11/2026 22h30"))

    receipt = receipt_in(response)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", receipt)
    html = response.content.decode()
    assert html.count(receipt[:9]) == 1
    assert receipt not in html.split("</title>")[0] and not re.search(rf'href="[^"]*{receipt}', html)
    tip = Tip.objects.get()
    assert (tip.text, tip.place, tip.unit, tip.is_anonymous) == (TEXT, "Lò gạch", area.commune_a, True)
    assert timezone.localtime(tip.occurred_at).strftime("%d/%m/%Y %H:%M") == "20/11/2026 22:30"


def test_sending_with_name_seals_the_contact(client, area, settings):
    send(client, area, contact_name="Nguyễn Văn An", contact_phone="0912 345 678")

    tip = Tip.objects.get()
    assert not tip.is_anonymous
    assert b"+84912345678" in unseal(bytes(tip.contact.sealed))


def test_tip_pages_set_no_cookie_and_are_never_stored(client, area):
    receipt = send(client, area)
    for response in (client.get("/gui-tin/"), client.post("/theo-doi/", {"receipt": receipt})):
        assert response["Cache-Control"].startswith("no-store")
    assert not client.cookies


def test_sending_twice_makes_one_tip_and_shows_the_same_receipt(client, area):
    values = filled(client, area)

    first = client.post("/gui-tin/", values)
    second = client.post("/gui-tin/", values)
    from_another_tab = Client().post("/gui-tin/", values)

    assert Tip.objects.count() == 1
    assert receipt_in(first) == receipt_in(second) == receipt_in(from_another_tab)
    assert "mã theo dõi vẫn như cũ" in second.content.decode()


def test_going_back_and_changing_the_words_adds_them_to_the_same_tip(client, area):
    values = filled(client, area)
    first = client.post("/gui-tin/", values)

    second = client.post("/gui-tin/", {**values, "text": f"{TEXT} Có xe Wave đỏ."})

    assert receipt_in(first) == receipt_in(second)
    assert Tip.objects.count() == 1
    assert Message.objects.get().text.endswith("Có xe Wave đỏ.")


def test_two_forms_make_two_tips(client, area):
    assert send(client, area) != send(client, area)
    assert Tip.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"category": None}, "Xin chọn một loại tin"),
        ({"category": "NOPE"}, "Xin chọn một loại tin"),
        ({"text": ""}, "Xin viết nội dung"),
        ({"text": "ngắn"}, "Nội dung quá ngắn"),
        ({"text": "x" * 5001}, "tối đa 5000"),
        ({"unit": ""}, "Xin chọn xã"),
        ({"unit": "NOPE"}, "Xin chọn xã"),
        ({"village": "2400101"}, "không thuộc xã"),
        ({"occurred_at": "01/01/2999 10:00"}, "tương lai"),
        ({"occurred_at": "01/01/1800"}, "quá xa"),
        ({"contact_phone": "09123"}, "chữ số"),
        ({"contact_phone": "113"}, "không ghi số tổng đài"),
        ({"place": "x" * 301}, "tối đa 300"),
    ],
)
def test_error_names_the_field_and_keeps_everything_typed(client, area, changes, sentence):
    typed = {"place": "Chỗ lò gạch", "contact_name": "Nguyễn Văn An", "occurred_at": "20/11/2026"}
    values = filled(client, area, **{**typed, **changes})

    response = client.post("/gui-tin/", values)

    html = response.content.decode()
    assert response.status_code == 200
    assert Tip.objects.count() == 0
    assert 'class="error-summary"' in html
    assert len(re.findall(sentence, html)) >= 2
    for name in ("text", "place", "contact_name", "occurred_at"):
        assert values[name] in html
    assert f'value="{values["form_token"]}"' in html


@pytest.mark.parametrize(
    "written",
    ["20/11/2026 22:30", "20-11-2026 22h30", "22:30 20/11/26", "20.11.2026 22 giờ 30", "2026-11-20T22:30"],
)
def test_moment_is_read_in_every_spelling_people_use(client, area, written):
    send(client, area, occurred_at=written)

    assert timezone.localtime(Tip.objects.get().occurred_at).strftime("%d/%m %H:%M") == "20/11 22:30"


@pytest.mark.parametrize(
    ("lat", "lng", "stored"),
    [
        ("11.582314", "107.49815", "11.58231,107.49815"),
        ("48.85", "2.35", ""),
        ("x", "", ""),
        ("11.5", "", ""),
    ],
)
def test_place_of_the_phone_is_kept_or_dropped_without_a_word(client, area, lat, lng, stored):
    assert send(client, area, lat=lat, lng=lng)
    assert Tip.objects.get().coordinates == stored


@pytest.mark.parametrize("words", ["tối qua", "khoảng 9 giờ tối", "31/02/2026", "hôm kia, lúc 25h"])
def test_time_in_words_is_sent_along_with_the_report(client, area, words):
    assert send(client, area, occurred_at=f" {words} ")

    tip = Tip.objects.get()
    assert tip.occurred_at is None
    assert tip.text == f"{TEXT}\nLúc: {words}"


def test_time_in_words_waits_for_the_rest_of_the_form(client, area):
    html = client.post("/gui-tin/", filled(client, area, occurred_at="tối qua", unit="")).content.decode()

    assert 'value="tối qua"' in html and "Lúc: tối qua" not in html
    assert Tip.objects.count() == 0


def test_form_that_comes_back_still_offers_and_holds_the_commune(client, area):
    html = client.post("/gui-tin/", filled(client, area, category=None)).content.decode()

    assert f'<option value="{area.commune_a.code}" selected>' in html
    assert f'<option value="{area.village_a.code}">' in html


def test_time_in_words_counts_neither_for_nor_against_the_length_of_the_report(client, area):
    short = filled(client, area, occurred_at="khoảng 9 giờ tối", text="ngắn")
    assert "Nội dung quá ngắn" in client.post("/gui-tin/", short).content.decode()

    assert send(client, area, occurred_at="tối qua", text="x" * 5000)


def test_moment_is_never_read_as_month_first(client, area):
    send(client, area, occurred_at="5/6/2026")

    assert timezone.localtime(Tip.objects.get().occurred_at).month == 6


def test_answering_a_broadcast_is_remembered(client, area):
    state = {"state": BroadcastState.DONE, "started_at": timezone.now()}
    sent = BroadcastFactory(unit=area.commune_a, title="Cảnh báo lừa đảo", **state)

    html = client.get("/gui-tin/", {"broadcast": sent.code}).content.decode()
    send(client, area, broadcast=sent.code)

    assert "Cảnh báo lừa đảo" in html
    assert Tip.objects.get().broadcast == sent


def test_unknown_or_unpublished_broadcast_is_not_in_the_way(client, area):
    draft = BroadcastFactory(unit=area.commune_a, title="Bản nháp mật")

    assert "Bản nháp mật" not in client.get("/gui-tin/", {"broadcast": draft.code}).content.decode()
    send(client, area, broadcast=draft.code)
    assert Tip.objects.get().broadcast is None


@pytest.mark.parametrize("path", ["/gui-tin/", "/gui-tin/?unit=D6801"])
def test_form_needs_few_queries(client, area, django_assert_max_num_queries, path):
    with django_assert_max_num_queries(5):
        client.get(path)
