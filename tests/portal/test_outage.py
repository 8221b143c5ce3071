"""What people see when the database is away, and when a programmer made a mistake."""

import pytest
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path

from portal.urls import handler500  # noqa: F401 (Django reads it from the address table)


def away(request: HttpRequest):
    raise OperationalError("server closed the connection: 0912345678")


def wrong(request: HttpRequest):
    raise IntegrityError("Key (phone)=(0912345678)")


urlpatterns = [
    path("gui-tin/", away),
    path("api/v1/tips/", away),
    path("wrong/", wrong),
    path("api/v1/wrong/", wrong),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@override_settings(ROOT_URLCONF=__name__)
def test_page_without_database_says_when_to_come_back(client: Client):
    response = client.get("/gui-tin/")
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (
        503,
        "30",
        "no-store",
    )
    page = response.content.decode()
    assert ("tạm gián đoạn" in page, "tel:113" in page, "0912345678" in page) == (True, True, False)


@override_settings(ROOT_URLCONF=__name__)
def test_api_without_database_answers_json(client: Client):
    response = client.post("/api/v1/tips/")
    assert (response.status_code, response["Retry-After"], list(response.json())) == (503, "30", ["detail"])


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("address", ["/wrong/", "/api/v1/wrong/"])
def test_mistake_is_a_500_without_its_text(client: Client, address: str):
    response = client.get(address)
    assert (response.status_code, "Retry-After" in response, b"0912345678" in response.content) == (
        500,
        False,
        False,
    )


@override_settings(ROOT_URLCONF=__name__)
def test_last_page_keeps_the_policy(client: Client):
    assert "default-src 'none'" in client.get("/wrong/")["Content-Security-Policy"]
