"""Calls of the API of tips."""

from knox.models import AuthToken
from rest_framework.test import APIClient

from tips.models import Tip

BODY = {
    "category": "GAY_ROI",
    "text": "Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.",
    "unit": "D6801",
}
CONTACT = {"name": "Trần Thị Hoa", "phone": "0912345678"}


def client_of(user) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
    return client


def do(client, tip, act, expected=200, **body):
    body.setdefault("version", Tip.objects.get(pk=tip.pk).version)
    response = client.post(f"/api/v1/tips/{tip.public_id}/{act}/", body)
    assert response.status_code == expected, response.data
    return response.json()


def ids(client, **filters) -> set[str]:
    body = client.get("/api/v1/tips/", filters).json()
    assert body["count"] == len(body["results"])
    return {row["id"] for row in body["results"]}
