"""Characters that a database refuses: answered calmly on SQLite and PostgreSQL alike."""

import pytest

from tests.factories import make_area

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/truy-na/a%00b/", "/n/a%00b/", "/tin-tuc/%00/", "/%00", "/static/%00", "/api/v1/tips/%00/"]
)
def test_nul_in_the_path_is_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/gui-tin/?broadcast=%00",
        "/gui-tin/?unit=a%00",
        "/lien-he/?unit=%00",
        "/kiem-tra/?q=%00",
        "/?%00",
        "/api/v1/units/?under=%00",
        "/admin/login/?next=%00",
    ],
)
def test_nul_in_the_query_is_a_bad_request(client, address):
    response = client.get(address)

    assert response.status_code == 400
    assert address.startswith("/api/") == ("detail" in response.content.decode())


def test_nul_in_a_cookie_is_a_bad_request(client):
    assert client.get("/can-bo/", headers={"cookie": r'sessionid="\000abcdefghij"'}).status_code == 400


@pytest.mark.parametrize("bad", ["%ff", "%ed%a0%80", "%c3", "%01", "%ef%bf%be"])
@pytest.mark.parametrize(
    "address",
    ["/gui-tin/?unit={}", "/gui-tin/?q={}", "/gui-tin/?broadcast={}", "/kiem-tra/?q={}", "/lien-he/?q={}"],
)
def test_bytes_that_are_no_text_are_taken_calmly(client, address, bad):
    make_area()

    assert client.get(address.format(bad)).status_code == 200


@pytest.mark.parametrize("bad", ["%ff", "%ed%a0%80", "%01"])
@pytest.mark.parametrize("address", ["/truy-na/{}/", "/n/{}/", "/lien-he/?unit={}", "/tin-tuc/?unit={}"])
def test_bytes_that_name_nothing_are_not_found(client, address, bad):
    assert client.get(address.format(bad)).status_code == 404
