"""Following a tip through the API, with its receipt and nothing else."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.tips import media
from tests.tips.api.calls import BODY, do
from tips.models import Message, Tip
from tips.services import merging

pytestmark = pytest.mark.django_db


def test_follow_shows_answers_and_no_report(area, public, staff):
    receipt = public.post("/api/v1/tips/", BODY).json()["receipt"]
    tip = Tip.objects.get()
    do(staff, tip, "accept")
    do(staff, tip, "reply", text="Công an xã đã nhắc nhở.")
    response = public.post("/api/v1/tips/follow/", {"receipt": receipt.lower()})
    body = response.json()
    assert response.status_code == 200 and response["Cache-Control"] == "no-store"
    assert body == {
        "id": tip.public_id,
        "status": "answered",
        "status_text": "Đã trả lời",
        "messages": [{"from": "police", "text": "Công an xã đã nhắc nhở.", "at": body["messages"][0]["at"]}],
        "files": 0,
    }


def test_follow_with_any_wrong_receipt_is_one_and_the_same_404(area, public):
    public.post("/api/v1/tips/", BODY)
    bodies = [
        {"receipt": "0000-0000-0000-0000"},
        {"receipt": "x"},
        {"receipt": 5},
        {"receipt": None},
        {},
        ["a"],
    ]
    answers = {public.post("/api/v1/tips/follow/", body).content for body in bodies}
    answers.add(public.post("/api/v1/tips/follow/messages/", {"receipt": "x", "text": "a"}).content)
    assert len(answers) == 1
    assert public.post("/api/v1/tips/follow/", {"receipt": "x"}).status_code == 404


def test_follow_guessing_is_429_after_ten(area, public):
    for _ in range(10):
        assert public.post("/api/v1/tips/follow/", {"receipt": "x"}).status_code == 404
    response = public.post("/api/v1/tips/follow/", {"receipt": "x"})
    assert response.status_code == 429 and 0 < int(response["Retry-After"]) <= 601


def test_follow_message_with_a_file(area, public):
    receipt = public.post("/api/v1/tips/", BODY).json()["receipt"]
    upload = SimpleUploadedFile("x.jpg", media.picture())
    body = {"receipt": receipt, "text": "Thêm ảnh", "files": upload}
    response = public.post("/api/v1/tips/follow/messages/", body, format="multipart")
    assert response.status_code == 201
    assert [m["text"] for m in response.json()["messages"]] == ["Thêm ảnh"]
    assert response.json()["files"] == 1 and Message.objects.count() == 1


def test_case_of_a_transferred_duplicate_stays_readable_for_its_sender(submit, chief, area):
    main, twin = submit(), submit()
    merging.merge(twin, actor=chief, version=1, into=main)
    assert Tip.objects.get(pk=twin.pk).case == Tip.objects.get(pk=main.pk).case
