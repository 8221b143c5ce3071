"""A photo arrives as a browser sends it, and tips keep coming whatever became of the earlier ones."""

import io

import pytest
from django.test import RequestFactory
from PIL import Image

from bench import photos
from bench.visitors import Target


@pytest.fixture(scope="module")
def picture() -> bytes:
    return photos.photo()


def test_photo_is_one_of_a_phone(picture):
    assert 1_800_000 < len(picture) < 2_300_000
    assert Image.open(io.BytesIO(picture)).size == photos.SIZE


def test_form_holds_the_words_and_the_photo(picture):
    kind = f"multipart/form-data; boundary={photos.BOUNDARY}"
    body = photos.multipart({"text": "Đổ rác ở bờ suối", "unit": "X1"}, picture)
    request = RequestFactory().post("/", data=body, content_type=kind)
    assert request.POST.dict() == {"text": "Đổ rác ở bờ suối", "unit": "X1"}
    assert request.FILES["files"].read() == picture


def test_tips_that_meet_no_server_are_errors_and_all_are_offered():
    target = Target(1, "/", lambda number: {"text": str(number)}, lambda _status, _page: True)
    offered = photos.offer(target, b"", rate=50, seconds=0.2, first=0)
    assert (offered.errors, offered.accepted) == (10, 0)
    assert offered.seconds >= 0.18
