"""Posting by hand with a script: confirming from a phone, and what that phone may keep."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import DeliveryState
from tests.portal.desk_posting import post
from tests.portal.desk_world import World, html

pytestmark = pytest.mark.django_db


def tell(world: World, name: str, *, by: str = "relay", **data):
    url = reverse(f"desk:posting_{name}", args=[world.to_post.pk])
    return world.client(by).post(url, data, headers={"Accept": "application/json"})


def test_script_confirms_what_was_done_a_while_ago_and_may_repeat_itself(world):
    type(world.to_post).objects.update(created_at=timezone.now() - timedelta(hours=2))
    user = str(world.users["relay"].pk)
    answers = [tell(world, "posted", key="k1", age="600", user=user) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    world.to_post.refresh_from_db()
    minutes = (timezone.now() - world.to_post.settled_at).total_seconds() / 60
    assert 9.9 < minutes < 11
    page = html(world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk])))
    assert "xác nhận lúc không có mạng" in page


def test_script_learns_who_was_faster_and_what_is_wrong(world):
    broken = tell(world, "posted", proof=SimpleUploadedFile("anh.png", b"MZ"))
    assert (broken.status_code, "không phải ảnh" in broken.json()["message"]) == (400, True)
    assert tell(world, "skip", reason=" ").status_code == 400
    post(world, "posted", by="officer")
    late = tell(world, "posted")
    assert late.status_code == 409
    assert world.users["officer"].display_name in late.json()["message"]


def test_script_of_nobody_or_of_somebody_else_is_asked_to_log_in(world):
    assert tell(world, "posted", by="anonymous").status_code == 401
    assert tell(world, "posted", user=str(world.users["officer"].pk)).status_code == 401
    card = reverse("desk:posting_card")
    assert world.client("anonymous").get(card, headers={"Accept": "application/json"}).status_code == 401
    answer = world.client("relay").get(card, headers={"Accept": "application/json"}).json()
    assert answer["user"] == str(world.users["relay"].pk)
    world.to_post.refresh_from_db()
    assert world.to_post.state == DeliveryState.TO_POST


def test_confirmation_passes_the_check_of_forms_with_the_token_of_the_card(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["relay"])
    url, accept = reverse("desk:posting_posted", args=[world.to_post.pk]), "application/json"
    assert client.post(url, headers={"Accept": accept}).status_code == 403
    token = client.get(reverse("desk:posting_card"), headers={"Accept": accept}).json()["token"]
    assert client.post(url, headers={"Accept": accept, "X-CSRFToken": token}).status_code == 200


# --- What a phone may keep -------------------------------------------------------------------------------


def test_phone_may_keep_what_waits_and_nothing_else(world):
    kept = {
        "posting": [],
        "posting_run": [world.sending.code],
        "posting_one": [world.to_post.pk],
    }
    for name, args in kept.items():
        response = world.client("officer").get(reverse(f"desk:{name}", args=args))
        assert response.headers.get("X-Offline-Copy") == "1", name
    others = {"today": [], "tips": [], "tip": [world.tip.public_id], "groups": [], "broadcasts": []}
    for name, args in others.items():
        response = world.client("officer").get(reverse(f"desk:{name}", args=args))
        assert "X-Offline-Copy" not in response.headers, name
    assert "X-Offline-Copy" not in world.client("chief").get(reverse("desk:posting_unposted")).headers
    post(world, "posted")
    response = world.client("relay").get(reverse("desk:posting_one", args=[world.to_post.pk]))
    assert "X-Offline-Copy" not in response.headers


def test_service_worker_is_ours_alone(world):
    response = world.client("anonymous").get(reverse("desk:posting_worker"))
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Service-Worker-Allowed"] == "/can-bo/"
    assert response["Content-Security-Policy"] == "default-src 'none'; script-src 'self'; connect-src 'self'"
    assert "http" not in html(response).replace("https://", "http")
    assert reverse("desk:posting_card") in html(response)


def test_script_gets_json_for_a_row_that_is_not_its_person_s(world):
    url = reverse("desk:posting_posted", args=[world.to_post.pk])
    answer = world.client("officer3").post(url, {"key": "k"}, headers={"accept": "application/json"})
    assert (answer.status_code, bool(answer.json()["message"])) == (404, True)
