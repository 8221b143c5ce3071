"""The join page and the letter: what residents see, and what a replaced or false link leads to."""

import pytest

from groups.enums import GroupState, Role
from groups.services import groups as services
from tests.factories import GroupFactory, JoinLinkFactory, make_area, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def link():
    area = make_area()
    area.commune_a.duty_phone = "02630006801"
    area.commune_a.save()
    return JoinLinkFactory(
        code="k7m2pqx",
        group__unit=area.village_a,
        group__name="An ninh thôn Trung Hòa",
        group__join_url="https://zalo.me/g/abcdef123",
    )


def test_join_page_names_group_office_and_way_in(client, link):
    response = client.get("/n/k7m2pqx/")
    page = response.content.decode()
    assert response.status_code == 200
    for words in ("An ninh thôn Trung Hòa", "Công an xã Minh Tân", "Thôn Trung Hòa"):
        assert words in page
    assert 'href="https://zalo.me/g/abcdef123"' in page
    assert 'src="data:image/svg+xml' in page
    assert "OTP" in page and "tel:02630006801" in page


def test_join_page_needs_no_cookie_and_loads_nothing_from_outside(client, link):
    response = client.get("/n/K7M2PQX/")
    assert response.status_code == 200
    assert not response.cookies
    page = response.content.decode()
    assert "<script" not in page
    outside = [part for part in page.split('src="')[1:] if part.startswith("http")]
    assert outside == []
    assert len(response.content) < 40_000


def test_join_page_of_an_unknown_code_is_not_found(client, link):
    assert client.get("/n/zzzzzzz/").status_code == 404
    assert client.get("/n/zzzzzzz/thu-moi/").status_code == 404


def test_join_page_of_a_replaced_link_leads_nowhere(client, link):
    chief = make_user(Role.CHIEF, link.group.unit.parent)
    services.open_join_link(link.group, by=chief, renew=True)
    for path in ("/n/k7m2pqx/", "/n/k7m2pqx/thu-moi/"):
        response = client.get(path)
        assert response.status_code == 410
        assert "zalo.me" not in response.content.decode()


def test_join_page_of_a_closed_group_leads_nowhere(client, link):
    link.group.state = GroupState.CLOSED
    link.group.save()
    response = client.get("/n/k7m2pqx/")
    assert response.status_code == 410
    assert "zalo.me" not in response.content.decode()


def test_join_page_never_links_to_a_host_that_is_not_zalo(client, link):
    type(link.group).objects.update(join_url="https://evil.example/g/1")
    page = client.get("/n/k7m2pqx/").content.decode()
    assert "evil.example" not in page
    assert "chưa mở lối vào" in page


def test_join_page_survives_a_new_zalo_link(client, link):
    type(link.group).objects.update(join_url="https://zalo.me/g/newnewnew")
    assert "https://zalo.me/g/newnewnew" in client.get("/n/k7m2pqx/").content.decode()


def test_letter_prints_our_own_address(client, link, settings):
    settings.PUBLIC_URL = "https://an-ninh.example.vn"
    page = client.get("/n/k7m2pqx/thu-moi/").content.decode()
    assert "THƯ MỜI" in page
    assert "https://an-ninh.example.vn/n/k7m2pqx/" in page
    assert "zalo.me/g/" not in page
    assert "CÔNG AN XÃ MINH TÂN" in page
    assert "Quý bà con thôn Trung Hòa" in page


def test_join_page_of_a_group_of_the_commune_itself_names_it_once(client):
    area = make_area()
    JoinLinkFactory(code="bbbbbbb", group=GroupFactory(unit=area.commune_b))
    page = client.get("/n/bbbbbbb/").content.decode()
    assert "Phường Bến Đá, khu vực Sông Đồng" in page
