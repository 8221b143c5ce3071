"""Sending a tip through the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import BroadcastFactory
from tests.tips import media
from tests.tips.api.calls import BODY, CONTACT
from tips.models import Tip

pytestmark = pytest.mark.django_db


def test_send_answers_with_the_receipt(area, public):
    response = public.post("/api/v1/tips/", BODY)
    tip = Tip.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": tip.public_id,
        "receipt": response.json()["receipt"],
        "status": "new",
        "unit": "D6801",
        "handled_by": "D6801",
    }
    assert response["Cache-Control"] == "no-store"
    assert (tip.channel, tip.is_anonymous) == ("api", True)


def test_send_takes_every_field(area, public):
    broadcast = BroadcastFactory(state="done", started_at=timezone.now())
    response = public.post(
        "/api/v1/tips/",
        {
            **BODY,
            "village": "D680101",
            "place": "Quán Sao Đêm",
            "lat": 11.5,
            "lng": 108.4,
            "occurred_at": "2026-11-20T22:30:00+07:00",
            "contact": CONTACT,
            "broadcast": broadcast.code,
        },
    )
    tip = Tip.objects.get()
    assert response.status_code == 201
    assert (tip.village, tip.place, tip.coordinates) == (area.village_a, "Quán Sao Đêm", "11.50000,108.40000")
    assert (tip.broadcast, tip.is_anonymous) == (broadcast, False)
    assert tip.occurred_at.isoformat() == "2026-11-20T15:30:00+00:00"


def test_send_multipart_with_files_and_empty_fields(area, public):
    files = [
        SimpleUploadedFile("a.jpg", media.picture_with_gps()),
        SimpleUploadedFile("b", media.picture("PNG")),
    ]
    body = {**BODY, "files": files, "contact_name": "Hoa", "village": "", "lat": "", "occurred_at": ""}
    response = public.post("/api/v1/tips/", body, format="multipart")
    assert response.status_code == 201
    assert Tip.objects.get().evidence.count() == 2


@pytest.mark.parametrize("name", ["category", "text", "unit"])
def test_send_without_a_needed_field_is_400(area, public, name):
    response = public.post("/api/v1/tips/", {key: value for key, value in BODY.items() if key != name})
    assert response.status_code == 400 and list(response.json()) == [name]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "ngắn"}, "text"),
        ({"text": ["a"]}, "text"),
        ({"unit": "00000"}, "unit"),
        ({"lat": 0, "lng": 0}, "lat"),
        ({"lat": "abc"}, "lat"),
        ({"occurred_at": "hôm qua"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59Z"}, "occurred_at"),
        ({"contact": "Hoa"}, "contact"),
        ({"contact": {"phone": "xyz"}}, "contact_phone"),
        ({"category": "CAN_BO ' OR 1=1"}, "category"),
    ],
)
def test_send_with_a_bad_field_is_400(area, public, body, field):
    response = public.post("/api/v1/tips/", {**BODY, **body})
    assert response.status_code == 400 and list(response.json()) == [field]
    assert not Tip.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "{", "null", "\ud800".encode("utf-8", "surrogatepass")])
def test_send_of_another_shape_is_400(area, public, body):
    response = public.post("/api/v1/tips/", body, content_type="application/json")
    assert response.status_code == 400


def test_send_with_six_files_is_400(area, public):
    files = [SimpleUploadedFile(f"{n}.jpg", media.picture()) for n in range(6)]
    response = public.post("/api/v1/tips/", {**BODY, "files": files}, format="multipart")
    assert response.status_code == 400 and list(response.json()) == ["files"]


def test_send_ignores_fields_that_are_not_a_senders(area, public):
    public.post("/api/v1/tips/", {**BODY, "status": "closed", "priority": 0, "assignee": 1, "handler": "68"})
    tip = Tip.objects.get()
    assert (tip.status, tip.priority, tip.assignee, tip.handler) == ("new", 3, None, area.commune_a)


def test_send_ignores_a_broken_token(area, public):
    public.credentials(HTTP_AUTHORIZATION="Token nonsense")
    assert public.post("/api/v1/tips/", BODY).status_code == 201


def test_send_too_often_is_429_for_this_network_only(area, public):
    for _ in range(20):
        assert public.post("/api/v1/tips/", BODY).status_code == 201
    response = public.post("/api/v1/tips/", BODY)
    assert response.status_code == 429
    assert 3000 < int(response["Retry-After"]) <= 3601
    assert "113" in response.json()["detail"]
    assert public.post("/api/v1/tips/", BODY, REMOTE_ADDR="198.51.100.1").status_code == 201
