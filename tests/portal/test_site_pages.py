"""Public pages: real content, empty states, no cookies, fixed query counts."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from portal.site.models import Contact
from tests.factories import GroupFactory, NoticeFactory, PostFactory, make_area

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


@pytest.mark.parametrize("path", PAGES)
def test_page_without_data_is_readable_and_sets_no_tracking_cookie(client, path):
    response = client.get(path)

    assert response.status_code == 200
    html = response.content.decode()
    assert "<h1" in html
    for number in ("113", "114", "115", "111"):
        assert f'href="tel:{number}"' in html
    assert html.index('href="tel:113"') < html.index('id="noi-dung"')
    assert not response.cookies


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
