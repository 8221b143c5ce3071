"""The public tip pages: nothing typed is lost, one form makes one tip, nobody is identified."""

import io
import re
from datetime import timedelta
from unittest import mock

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from PIL import Image

from broadcasts.enums import BroadcastState
from groups.enums import Role
from portal.crypto.sealed import unseal
from tests.factories import BroadcastFactory, GroupFactory, UnitFactory, make_area, make_user
from tips import throttling
from tips.enums import Category, MessageKind, TipStatus
from tips.models import Message, Tip
from tips.services.handling import accept, reply

pytestmark = pytest.mark.django_db

TEXT = "Mấy tuần nay tối nào cũng có thanh niên lạ tụ tập ở lò gạch cuối thôn."
WRONG = "Không tìm thấy tin với mã này"


@pytest.fixture
def area():
    made = make_area()
    GroupFactory(unit=made.village_a)
    GroupFactory(unit=made.commune_b)
    return made


@pytest.fixture
def large_area(area):
    for number in range(31):
        GroupFactory(unit=UnitFactory(name=f"Xã đông {number}", parent=area.district))
    return area


def photo(name="anh.jpg"):
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/jpeg")


def hidden(client, path="/gui-tin/", **query):
    """The hidden fields of a fresh form, as a browser would send them back."""
    html = client.get(path, query).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))


def filled(client, area, **changes):
    values = {**hidden(client), "category": "MA_TUY", "text": TEXT, "unit": area.commune_a.code}
    return {name: value for name, value in (values | changes).items() if value is not None}


def receipt_in(response):
    code = re.search(r'id="receipt">(.*?)</samp>', response.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]+>|\s", "", code[1]) if code else None


def send(client, area, **changes):
    response = client.post("/gui-tin/", filled(client, area, **changes))
    assert response.status_code == 200, response.content.decode()
    return receipt_in(response)


# --- Sending ---------------------------------------------------------------------------------------------


def test_form_offers_every_category_and_exactly_the_agreed_fields(client, area):
    html = client.get("/gui-tin/").content.decode()

    names = set(re.findall(r'<(?:input|select|textarea)[^>]*\sname="(\w+)"', html))
    agreed = {"category", "text", "unit", "village", "place", "occurred_at"}
    agreed |= {"contact_name", "contact_phone", "files", "broadcast"}
    assert agreed <= names
    assert names - agreed == {"csrfmiddlewaretoken", "form_token", "opened", "homepage"}
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


def test_tip_pages_set_no_cookie_but_the_csrf_one_and_are_never_stored(client, area):
    receipt = send(client, area)
    for response in (client.get("/gui-tin/"), client.post("/theo-doi/", {"receipt": receipt})):
        assert response["Cache-Control"].startswith("no-store")
    assert set(client.cookies) <= {django_settings.CSRF_COOKIE_NAME}


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


def test_moment_is_never_read_as_month_first(client, area):
    send(client, area, occurred_at="5/6/2026")

    assert timezone.localtime(Tip.objects.get().occurred_at).month == 6


def test_photo_is_cleaned_and_attached(client, area):
    response = client.post("/gui-tin/", filled(client, area, files=[photo(), photo("thu-hai.jpg")]))

    assert Tip.objects.get().evidence.count() == 2
    assert "Đã nhận 2 tệp kèm theo." in response.content.decode()


def test_refused_file_keeps_the_words_and_says_which_one(client, area):
    bad = SimpleUploadedFile("don-xin.pdf", b"%PDF-1.7 nothing to see", content_type="application/pdf")

    response = client.post("/gui-tin/", filled(client, area, files=[photo(), bad]))

    html = response.content.decode()
    assert Tip.objects.count() == 0
    assert "Tệp thứ 2" in html
    assert "Xin chọn lại tệp" in html and "don-xin.pdf" in html
    assert TEXT in html


def test_file_that_is_not_taken_is_not_asked_for_again(client, area):
    bad = SimpleUploadedFile("bad.docx", b"PK\x03\x04" + bytes(2000))

    html = client.post("/gui-tin/", filled(client, area, text="", files=[bad, photo()])).content.decode()

    refused, _, again = html.partition("Xin chọn lại tệp kèm theo.")
    assert "xin đừng chọn lại" in refused and "bad.docx: Chỉ nhận ảnh" in refused
    assert "anh.jpg" in again and "bad.docx" not in again


def test_too_many_files_keep_the_words(client, area):
    response = client.post("/gui-tin/", filled(client, area, files=[photo() for _ in range(12)]))

    html = response.content.decode()
    assert "tối đa 5 tệp" in html and TEXT in html
    assert Tip.objects.count() == 0


def test_files_that_weigh_too_much_together_keep_the_words(client, area, settings):
    settings.TIP_TOTAL_MAX_MB = 1
    heavy = [SimpleUploadedFile(f"{n}.jpg", b"x" * 600_000) for n in range(2)]

    html = client.post("/gui-tin/", filled(client, area, files=heavy)).content.decode()

    assert "Các tệp nặng 2 MB, mỗi lần gửi tối đa 1 MB" in html and TEXT in html
    assert Tip.objects.count() == 0


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

    assert client.post("/gui-tin/", values).status_code == 200
    assert client.post("/gui-tin/", {**values, "action": "find_unit"}).status_code == 200


def test_bytes_that_are_no_text_never_break_the_form(client, area):
    body = f"category=KHAC&unit={area.commune_a.code}&text=%FF%FE+m%E1%BA%A5y+t%E1%BB%91i+nay&place=%ED%A0%80"

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


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("LUA_DAO", "ngân hàng"),
        ("TRE_EM", "111"),
        ("VU_KHI_PHAO", "không chạm"),
        ("CAN_BO", "Luật Tố cáo"),
        ("MAT_TICH", "không cần chờ 24 giờ"),
        ("TRUY_NA_TIN", "Không tự bắt giữ"),
    ],
)
def test_answer_says_what_to_do_now(client, area, category, words):
    response = client.post("/gui-tin/", filled(client, area, category=category))

    assert words in response.content.decode()


def test_answer_to_danger_puts_113_first(client, area):
    text = "Đang có hai người cầm dao chém nhau trước chợ, có người kêu cứu!"

    html = client.post("/gui-tin/", filled(client, area, category="GAY_ROI", text=text)).content.decode()

    assert html.index("Hãy gọi 113 ngay") < html.index('id="receipt"')


def test_complaint_is_answered_by_the_level_above(client, area):
    response = client.post("/gui-tin/", filled(client, area, category="CAN_BO"))

    assert area.district.police_name in response.content.decode()


@pytest.mark.parametrize("path", ["/gui-tin/", "/gui-tin/?unit=D6801"])
def test_form_needs_few_queries(client, area, django_assert_max_num_queries, path):
    with django_assert_max_num_queries(5):
        client.get(path)


# --- Following -------------------------------------------------------------------------------------------


@pytest.fixture
def receipt(client, area):
    return send(client, area)


def follow(client, receipt, **values):
    return client.post("/theo-doi/", {"receipt": receipt, **values})


@pytest.mark.parametrize("spell", [str, str.lower, lambda code: code.replace("-", " "), lambda c: f" {c} "])
def test_receipt_is_read_in_any_spelling(client, receipt, spell):
    response = follow(client, spell(receipt))

    assert "Đã nhận" in response.content.decode()


def test_follow_shows_neither_the_receipt_nor_the_report(client, receipt):
    html = follow(client, receipt).content.decode()

    shown = re.sub(r'<input type="hidden"[^>]*>', "", html)
    assert receipt not in html and receipt.replace("-", "") not in shown
    assert TEXT not in html


def test_follow_shows_answers_and_steps(client, area, receipt):
    officer = make_user(Role.CHIEF, area.commune_a)
    tip = Tip.objects.get()
    accept(tip, actor=officer, version=tip.version)
    tip.refresh_from_db()
    reply(tip, actor=officer, version=tip.version, text="Xin cho biết thêm biển số xe.")
    Message.objects.create(tip=tip, kind=MessageKind.NOTE, author=officer, text="Ghi chú kín")

    html = follow(client, receipt).content.decode()

    assert "Xin cho biết thêm biển số xe." in html
    assert "Công an xã Minh Tân" in html
    assert "Ghi chú kín" not in html and officer.full_name not in html
    assert 'timeline__item--current" aria-current="step"><p class="timeline__title">Đã có trả lời' in html


@pytest.mark.parametrize("wrong", ["", "XXXX", "7KQM-2XPA-9DRT-E4WZ", "'; --", "\x00", "x" * 5000, "<b>"])
def test_wrong_receipts_get_one_identical_answer(client, area, wrong):
    def page(code):
        body = follow(client, code).content.decode()
        body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body)
        return re.sub(r'name="receipt" value="[^"]*"', "", body)

    assert page(wrong) == page("0000-0000-0000-0000")
    assert WRONG in page(wrong)


def test_wrong_receipts_are_throttled_and_right_ones_are_not_counted(client, receipt):
    for _number in range(15):
        assert follow(client, receipt).status_code == 200
    for _number in range(10):
        assert follow(client, "0000-0000-0000-0000").status_code == 200

    response = follow(client, "0000-0000-0000-0000")

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert follow(client, receipt).status_code == 429


def test_adding_while_wrong_receipts_are_throttled_returns_the_words(client, receipt):
    for _number in range(10):
        follow(client, "0000-0000-0000-0000")

    response = follow(client, receipt, action="add", text="Biển số 49B1 123.45", files=[photo()])

    html = response.content.decode()
    assert response.status_code == 429 and int(response["Retry-After"]) > 0
    assert "Biển số 49B1 123.45" in html and "anh.jpg" in html and "Xin thử lại sau" in html
    assert f'name="receipt" value="{receipt}"' in html and 'name="action" value="add"' in html
    assert Message.objects.count() == 0


def test_adding_too_often_keeps_the_words(client, receipt, monkeypatch):
    monkeypatch.setitem(throttling.LIMITS, "message", throttling.Limit(1, 3600))
    follow(client, receipt, action="add", text="Lời thứ nhất")

    response = follow(client, receipt, action="add", text="Lời thứ hai")

    assert response.status_code == 429
    assert "Lời thứ hai" in response.content.decode()
    assert Message.objects.count() == 1


def test_adding_words_and_photo_reaches_the_officers(client, receipt):
    form = follow(client, receipt).content.decode()
    token = re.search(r'name="form_token" value="([^"]*)"', form)[1]

    values = {"action": "add", "text": "Biển số 49B1 123.45", "form_token": token, "files": [photo()]}
    response = follow(client, receipt, **values)
    again = follow(client, receipt, **{**values, "files": [photo()]})

    assert "Đã nhận nội dung gửi thêm" in response.content.decode()
    assert "Biển số 49B1 123.45" in again.content.decode()
    message = Message.objects.get()
    assert message.text == "Biển số 49B1 123.45"
    assert message.evidence.count() == 1


def test_adding_only_a_photo_is_enough(client, receipt):
    follow(client, receipt, action="add", text="", files=[photo()])

    assert Message.objects.get().text == "Gửi thêm 1 tệp."


def test_adding_nothing_is_an_error_that_keeps_the_page(client, receipt):
    html = follow(client, receipt, action="add", text=" ").content.decode()

    assert "không bắt buộc" not in html

    assert "Xin viết nội dung hoặc chọn ảnh" in html
    assert Message.objects.count() == 0


def test_adding_a_refused_file_keeps_the_words(client, receipt):
    bad = SimpleUploadedFile("x.exe", b"MZ\x90\x00 nothing")

    html = follow(client, receipt, action="add", text="Thêm biển số", files=[bad]).content.decode()

    assert "Tệp thứ 1" in html and "Thêm biển số" in html and "x.exe" in html
    assert Message.objects.count() == 0


def test_adding_with_a_wrong_receipt_writes_nothing(client, receipt):
    response = follow(client, "0000-0000-0000-0000", action="add", text="Thêm biển số")

    assert WRONG in response.content.decode()
    assert Message.objects.count() == 0


@pytest.mark.parametrize(("days", "can_write"), [(13, True), (15, False)])
def test_ended_tip_can_be_taken_up_again_for_two_weeks(client, receipt, days, can_write):
    closed_at = timezone.now() - timedelta(days=days)
    Tip.objects.update(status=TipStatus.CLOSED, outcome="handled", closed_at=closed_at)

    html = follow(client, receipt).content.decode()
    assert ('name="action" value="add"' in html) is can_write
    follow(client, receipt, action="add", text="Chuyện lại xảy ra")

    assert Message.objects.exists() is can_write
    assert (Tip.objects.get().status == TipStatus.REOPENED) is can_write


def test_follow_with_the_database_away_returns_the_words(client, receipt):
    with mock.patch("tips.views.find", side_effect=OperationalError("server closed the connection")):
        response = follow(client, receipt, action="add", text="Thêm biển số xe")

    html = response.content.decode()
    assert response.status_code == 503
    assert "Thêm biển số xe" in html and 'action="/theo-doi/"' in html


def test_follow_needs_a_fixed_number_of_queries(client, area, receipt, django_assert_num_queries):
    tip = Tip.objects.get()

    def add():
        Message.objects.create(tip=tip, text="Thêm")

    add()
    with django_assert_num_queries(8):
        follow(client, receipt)
    add()
    add()
    with django_assert_num_queries(8):
        follow(client, receipt)
