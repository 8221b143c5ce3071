"""Public news: what is listed, found, filled in and never shown."""

import re

import pytest

from tests.factories import PostFactory, UnitFactory
from tests.portal.site_rows import picture

pytestmark = pytest.mark.django_db


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
