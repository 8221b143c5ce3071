"""Public pages: real content, empty states, no cookies, fixed query counts."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.utils import timezone

from broadcasts.enums import BroadcastState, NoticeEnd, NoticeState, PostKind
from broadcasts.models import Picture
from groups.models import UnitChange
from portal.site.models import Contact, Procedure
from tests.factories import BroadcastFactory, GroupFactory, NoticeFactory, PostFactory, UnitFactory, make_area

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/tin-tuc/",
    "/truy-na/",
    "/dich-vu-cong/",
    "/lien-he/",
    "/kiem-tra/",
    "/gui-tin/",
    "/theo-doi/",
)
WIRE_LIMIT = 60_000


def wanted(**fields):
    values = {
        "kind": PostKind.WANTED,
        "person_name": "Nguyễn Văn Mẫu",
        "decision_number": "17/QĐ-CSĐT",
        "decision_date": "2026-11-05",
        "agency": "Cơ quan CSĐT Công an tỉnh",
        "phone": "02633880000",
        "offence": "Trộm cắp tài sản",
        **fields,
    }
    return NoticeFactory(**values)


def picture(unit):
    made = Picture(unit=unit, sha256="a" * 64, width=3, height=4)
    made.file.save("x.jpg", ContentFile(b"\xff\xd8jpeg"), save=True)
    return made


@pytest.mark.parametrize("path", PAGES)
def test_page_without_data_is_readable_and_sets_no_tracking_cookie(client, path):
    response = client.get(path)

    assert response.status_code == 200
    html = response.content.decode()
    assert "<h1" in html
    for number in ("113", "114", "115", "111"):
        assert f'href="tel:{number}"' in html
    assert html.index('href="tel:113"') < html.index('id="noi-dung"')
    allowed = {django_settings.CSRF_COOKIE_NAME} if path in ("/gui-tin/", "/theo-doi/") else set()
    assert set(response.cookies) <= allowed


@pytest.mark.parametrize("path", PAGES)
def test_page_policy_allows_nothing_from_elsewhere(client, path):
    response = client.get(path)

    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    html = response.content.decode()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)


@pytest.mark.parametrize("path", ["/", "/gui-tin/"])
def test_page_first_visit_stays_under_sixty_kilobytes(client, path):
    area = make_area()
    for unit in (area.commune_a, area.commune_b):
        GroupFactory(unit=unit)
        PostFactory(unit=unit)
        NoticeFactory(unit=unit)

    html = client.get(path).content
    # Everything the page names, as compressed on the wire; fonts count when preloaded, and none is.
    assets = set(re.findall(rb'(?:href|src)="/static/([^"]+)"', html))
    total = len(gzip.compress(html))
    for asset in assets:
        data = Path(finders.find(asset.decode())).read_bytes()
        total += len(gzip.compress(data))
    assert b"preload" not in html
    assert total < WIRE_LIMIT


def test_home_shows_news_notices_network_and_contacts(client):
    area = make_area()
    GroupFactory(unit=area.village_a, members_count=31)
    GroupFactory(unit=area.commune_b, members_count=20)
    PostFactory(title="Cảnh báo giả danh công an", unit=area.commune_a)
    NoticeFactory(person_name="Trần Thị Mơ", unit=area.commune_a)
    Contact.objects.create(name="Báo cuộc gọi lừa đảo", phone="156")

    html = client.get("/").content.decode()

    assert "Cảnh báo giả danh công an" in html
    assert "Trần Thị Mơ" in html
    assert "Báo cuộc gọi lừa đảo" in html
    assert re.search(r'stat__value">2<', html)
    assert re.search(r'stat__value">51<', html)


@pytest.mark.parametrize("path", ["/", "/gui-tin/", "/theo-doi/", "/lien-he/"])
def test_emergency_strip_is_the_same_four_numbers_whatever_the_table_says(client, path):
    for number in range(5):
        Contact.objects.create(name="Số lạ", phone=f"091234567{number}", is_emergency=True, position=0)

    strip = client.get(path).content.decode().split('class="emergency"')[1].split("</section>")[0]

    assert re.findall(r'href="tel:(\d+)"', strip) == ["113", "114", "115", "111"]


def test_home_shows_further_emergency_numbers_but_not_the_four_again(client):
    Contact.objects.create(name="Công an tỉnh", phone="113", is_emergency=True)
    Contact.objects.create(name="Tìm kiếm cứu nạn", phone="112", is_emergency=True)

    html = client.get("/").content.decode().split('aria-labelledby="numbers"')[1]

    assert 'href="tel:112"' in html and 'href="tel:113"' not in html


@pytest.mark.parametrize("path", ["/", "/tin-tuc/", "/truy-na/"])
def test_lists_need_the_same_queries_for_one_row_and_three(
    client, path, django_assert_num_queries, django_assert_max_num_queries
):
    area = make_area()

    def add():
        PostFactory(unit=area.commune_a)
        NoticeFactory(unit=area.commune_b)

    add()
    client.get(path)
    with django_assert_max_num_queries(8) as first:
        client.get(path)
    add()
    add()
    with django_assert_num_queries(len(first)):
        client.get(path)


def test_news_hides_what_is_not_public(client):
    hidden = PostFactory(title="Bài nội bộ", is_public=False)

    assert "Bài nội bộ" not in client.get("/tin-tuc/").content.decode()
    assert client.get(f"/tin-tuc/{hidden.pk}/").status_code == 404


@pytest.mark.parametrize("query", ["lua dao", "LỪA ĐẢO", "đảo lừa"])
def test_news_search_ignores_diacritics_case_and_order(client, query):
    PostFactory(title="Cảnh báo lừa đảo qua mạng")
    PostFactory(title="Phòng cháy mùa khô")

    html = client.get("/tin-tuc/", {"q": query}).content.decode()

    assert "Cảnh báo lừa đảo qua mạng" in html
    assert "Phòng cháy mùa khô" not in html


def test_news_search_without_hit_says_so(client):
    PostFactory()

    assert "Không có tin nào khớp" in client.get("/tin-tuc/", {"q": "xyz"}).content.decode()


def test_news_pages_run_from_newest_to_oldest_and_back(client):
    titles = [f"Bài số {number}" for number in range(30)]
    for title in titles:
        PostFactory(title=title)

    seen, url, newer = [], "/tin-tuc/", ""
    while url:
        html = client.get(url).content.decode()
        seen += re.findall(r"<a href=\"/tin-tuc/\d+/\">(Bài số \d+)</a>", html)
        newer_link = re.search(r'href="([^"]+)" rel="prev"', html)
        newer = newer_link[1].replace("&amp;", "&") if newer_link else newer
        link = re.search(r'href="([^"]+)" rel="next"', html)
        url = "/tin-tuc/" + link[1].replace("&amp;", "&") if link else ""

    assert seen == titles[::-1]
    back = client.get(f"/tin-tuc/{newer}").content.decode()
    assert re.findall(r"(Bài số \d+)</a>", back) == titles[::-1][12:24]


@pytest.mark.parametrize("key", ["0", "999999", "abc", "²", "9" * 40, "-1"])
def test_news_page_with_nonsense_key_is_the_first_page(client, key):
    PostFactory(title="Bài mới")

    assert "Bài mới" in client.get("/tin-tuc/", {"cu-hon": key}).content.decode()


def test_news_detail_fills_in_the_duty_number(client):
    unit = UnitFactory(duty_phone="0263 388 0000")
    post = PostFactory(body="Báo trực ban: [SĐT].\n\nĐoạn hai.", unit=unit)

    html = client.get(f"/tin-tuc/{post.pk}/").content.decode()

    assert "0263 388 0000" in html and "[SĐT]" not in html
    assert "<p>Đoạn hai.</p>" in html


def test_news_text_cannot_carry_markup(client):
    post = PostFactory(title='"><svg onload=alert(1)>', body="<b>x</b>{{7*7}}")

    html = client.get(f"/tin-tuc/{post.pk}/").content.decode()

    assert "<svg onload" not in html and "&lt;b&gt;x&lt;/b&gt;{{7*7}}" in html


def test_news_picture_is_served_as_jpeg_that_must_be_asked_for(client):
    unit = UnitFactory()
    post = PostFactory(unit=unit, picture=picture(unit))

    response = client.get(f"/tin-tuc/{post.pk}/anh.jpg")

    assert b"".join(response.streaming_content) == b"\xff\xd8jpeg"
    assert response["Content-Type"] == "image/jpeg"
    assert "no-cache" in response["Cache-Control"]
    again = client.get(f"/tin-tuc/{post.pk}/anh.jpg", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_sighting_of_a_notice_is_joined_to_its_latest_post(client):
    notice = wanted()
    GroupFactory(unit=notice.unit)
    out = {"notice": notice, "unit": notice.unit, "started_at": timezone.now()}
    BroadcastFactory(**out, state=BroadcastState.DONE, code="TB-2611-0701")
    latest = BroadcastFactory(**out, state=BroadcastState.DONE, code="TB-2611-0702")
    BroadcastFactory(**out, state=BroadcastState.WITHDRAWN, code="TB-2611-0703")

    page = client.get(f"/truy-na/{notice.code}/").content.decode()
    address = re.search(r'href="(/gui-tin/\?[^"]*)"', page)[1]
    form = client.get(address.replace("&amp;", "&")).content.decode()

    assert f'name="broadcast" value="{latest.code}"' in form


def test_notice_shows_decision_and_presumes_innocence(client):
    notice = wanted()

    html = client.get(f"/truy-na/{notice.code}/").content.decode()

    assert "Nguyễn Văn Mẫu" in html
    assert "17/QĐ-CSĐT" in html and "05/11/2026" in html
    assert "coi là không có tội" in html
    assert "Nguyễn Văn Mẫu" not in re.search(r"<title>(.*?)</title>", html, re.DOTALL)[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"state": NoticeState.DRAFT},
        {"state": NoticeState.ENDED, "ended_as": NoticeEnd.ARRESTED},
        {"review_by": timezone.localdate() - timedelta(days=1)},
        {"unit__is_practice": True},
    ],
)
def test_notice_not_in_force_is_on_no_page(client, fields):
    unit = UnitFactory()
    notice = wanted(**fields, photo=picture(unit))

    assert "Nguyễn Văn Mẫu" not in client.get("/").content.decode()
    assert "Nguyễn Văn Mẫu" not in client.get("/truy-na/").content.decode()
    detail = client.get(f"/truy-na/{notice.code}/")
    assert detail.status_code == 404
    assert "Nguyễn Văn Mẫu" not in detail.content.decode()
    assert client.get(f"/truy-na/{notice.code}/anh.jpg").status_code == 404


@pytest.mark.parametrize(
    ("was_approved", "is_practice", "end", "status"),
    [
        (True, False, NoticeEnd.ARRESTED, 410),
        (False, False, NoticeEnd.EXPIRED, 410),
        (False, False, NoticeEnd.WITHDRAWN, 404),
        (True, True, NoticeEnd.ARRESTED, 404),
    ],
)
def test_ended_notice_is_gone_if_it_was_public_and_unknown_otherwise(
    client, was_approved, is_practice, end, status
):
    unit = UnitFactory(is_practice=is_practice)
    notice = wanted(state=NoticeState.ENDED, ended_as=end, unit=unit)
    BroadcastFactory(notice=notice, unit=unit, approved_at=timezone.now() if was_approved else None)

    response = client.get(f"/truy-na/{notice.code}/")

    assert response.status_code == status
    assert "Nguyễn Văn Mẫu" not in response.content.decode()


def test_suspect_without_decision_has_neither_name_nor_face(client):
    unit = UnitFactory()
    fields = {"kind": PostKind.SUSPECT, "person_name": "Lê Văn Kín", "residence": "thôn Đông", "unit": unit}
    notice = NoticeFactory(**fields, photo=picture(unit), birth_year=1990)

    html = client.get(f"/truy-na/{notice.code}/").content.decode()

    assert "Lê Văn Kín" not in html and "thôn Đông" not in html and "1990" not in html
    assert client.get(f"/truy-na/{notice.code}/anh.jpg").status_code == 404
    assert "Lê Văn Kín" not in client.get("/truy-na/", {"q": "kin"}).content.decode()


def test_suspect_with_decision_may_be_named(client):
    unit = UnitFactory()
    fields = {"kind": PostKind.SUSPECT, "person_name": "Lê Văn Rõ", "decision_number": "5/QĐ", "unit": unit}
    notice = NoticeFactory(**fields, photo=picture(unit))

    assert "Lê Văn Rõ" in client.get(f"/truy-na/{notice.code}/").content.decode()
    assert client.get(f"/truy-na/{notice.code}/anh.jpg").status_code == 200


def test_notice_list_filters_by_tab_and_words(client):
    wanted()
    NoticeFactory(person_name="Cụ Trần Thị Mơ")
    NoticeFactory(kind=PostKind.FOUND, person_name="", features="Chiếc ví da nâu nhặt ở chợ")

    people = client.get("/truy-na/", {"loai": "tim-nguoi"}).content.decode()
    things = client.get("/truy-na/", {"q": "vi da nau"}).content.decode()

    assert "Trần Thị Mơ" in people and "Nguyễn Văn Mẫu" not in people
    assert "Chiếc ví da nâu" in things and "Trần Thị Mơ" not in things


def test_procedures_are_grouped_and_found_without_diacritics(client):
    Procedure.objects.create(slug="tam-tru", title="Đăng ký tạm trú", field="Cư trú", steps="Mở VNeID\nNộp")
    Procedure.objects.create(slug="can-cuoc", title="Cấp thẻ căn cước", field="Căn cước", steps="Đến nơi")

    everything = client.get("/dich-vu-cong/").content.decode()
    found = client.get("/dich-vu-cong/", {"q": "tam tru"}).content.decode()
    by_short_name = client.get("/dich-vu-cong/", {"q": "CCCD"}).content.decode()

    assert everything.count('<section aria-labelledby="f') == 2
    assert "Đăng ký tạm trú" in found and "Cấp thẻ căn cước" not in found
    assert "Cấp thẻ căn cước" in by_short_name


def test_procedures_with_the_very_words_in_the_title_leave_out_scattered_ones(client):
    Procedure.objects.create(slug="tam-tru", title="Gia hạn tạm trú", field="Cư trú", steps="x")
    Procedure.objects.create(slug="tam-vang", title="Khai báo tạm vắng", field="Cư trú", steps="x")

    found = client.get("/dich-vu-cong/", {"q": "tam tru"}).content.decode()

    assert "Gia hạn tạm trú" in found and "Khai báo tạm vắng" not in found
    assert "Khai báo tạm vắng" in client.get("/dich-vu-cong/", {"q": "tam vang"}).content.decode()


def test_procedure_lists_steps_and_papers(client):
    Procedure.objects.create(
        slug="tam-tru",
        title="Đăng ký tạm trú",
        field="Cư trú",
        steps="Mở VNeID\n\nNộp hồ sơ",
        papers="Tờ khai CT01",
        fee="Không",
        online_url="https://dichvucong.gov.vn/",
    )

    html = client.get("/dich-vu-cong/tam-tru/").content.decode()

    assert "<li>Mở VNeID</li><li>Nộp hồ sơ</li>" in html
    assert "Tờ khai CT01" in html
    assert 'rel="noopener noreferrer"' in html


def test_contacts_find_a_commune_without_diacritics_and_show_its_numbers(client):
    area = make_area()
    area.commune_a.duty_phone = "02633881133"
    area.commune_a.save(update_fields=["duty_phone"])
    Contact.objects.create(name="Công an khu vực Sông Đồng", phone="02633880001", unit=area.district)

    found = client.get("/lien-he/", {"q": "minh tan"}).content.decode()
    card = client.get("/lien-he/", {"unit": area.commune_a.code}).content.decode()

    assert f"?unit={area.commune_a.code}" in found and area.commune_b.full_name not in found
    assert "0263 388 1133" in card
    assert "Công an khu vực Sông Đồng" in card
    assert f"/gui-tin/?unit={area.commune_a.code}" in card


def test_contacts_search_takes_the_province_into_account(client):
    area = make_area()
    UnitFactory(code="24002", name="Minh Tân", parent=area.other_province)

    html = client.get("/lien-he/", {"q": "Minh Tân Bắc Ninh"}).content.decode()

    assert "?unit=24002" in html and f"?unit={area.commune_a.code}" not in html


def test_contacts_search_by_old_name_leads_to_the_successor(client):
    area = make_area()
    today = timezone.localdate()
    old = UnitFactory(code="D6899", name="Thạch Hạ", parent=area.district, valid_to=today)
    change = UnitChange.objects.create(kind="merge", document="NQ 202/2025/QH15", effective_on=today)
    change.before.add(old)
    change.after.add(area.commune_a)

    html = client.get("/lien-he/", {"q": "thach ha"}).content.decode()

    assert f"?unit={area.commune_a.code}" in html
    assert "gồm địa bàn cũ: Xã Thạch Hạ" in html


@pytest.mark.parametrize("query", ["'", "')--", "%", "_", "\\", "\x01", "<b>", "x" * 500])
@pytest.mark.parametrize(
    "path", ["/tin-tuc/", "/truy-na/", "/dich-vu-cong/", "/lien-he/", "/kiem-tra/", "/gui-tin/"]
)
def test_search_with_hostile_input_answers_calmly(client, path, query):
    make_area()

    response = client.get(path, {"q": query})

    assert response.status_code == 200
    assert (
        "<b>" not in response.content.decode().replace("<b>113</b>", "").split("<main")[1].split("value=")[0]
    )


def test_unknown_unit_is_not_found(client):
    assert client.get("/lien-he/", {"unit": "NOPE"}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/tin-tuc/", "/truy-na/", "/lien-he/", "/kiem-tra/"])
def test_reading_pages_refuse_other_methods(client, path):
    assert client.post(path).status_code in (403, 405)


def test_robots_keep_search_engines_from_tips_and_people(client):
    text = client.get("/robots.txt").content.decode()

    assert "Disallow: /gui-tin/" in text and "Disallow: /truy-na/" in text


def test_menu_leads_to_every_section(client):
    menu = client.get("/tin-tuc/").content.decode().split('class="site-nav"')[1].split("</nav>")[0]

    sections = ["", "gui-tin/", "theo-doi/", "kiem-tra/", "tin-tuc/", "truy-na/", "dich-vu-cong/", "lien-he/"]
    assert re.findall(r'href="/([^"]*)"', menu) == sections
    assert 'href="/tin-tuc/" aria-current="page"' in menu


def test_favicon_is_found(client):
    assert client.get("/favicon.ico").status_code == 302


@pytest.mark.parametrize("path", ["/khong-co/", "/tin-tuc/0/", "/truy-na/khong/"])
def test_missing_page_is_a_vietnamese_page(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert "Không tìm thấy trang" in response.content.decode()
