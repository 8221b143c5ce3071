"""Handing out files: nothing runs, nothing is kept, pictures are marked, films can be wound."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageChops
from rest_framework.test import APIClient

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.crypto.files import CHUNK_BYTES
from tests.factories import make_user
from tests.tips import media
from tips import evidence
from tips.downloads import UnsatisfiableRangeError, asked_span
from tips.evidence.watermark import marked
from tips.models import Evidence

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", (0, 999)),
        ("bytes=0-0", (0, 0)),
        ("bytes=990-5000", (990, 999)),
        ("bytes=-10", (990, 999)),
        ("bytes=-5000", (0, 999)),
        ("bytes=5-3", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("pages=1-2", None),
        ("", None),
    ],
)
def test_range_is_read_as_the_standard_says(header, span):
    assert asked_span({"Range": header}, SIZE) == span


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_range_behind_the_end_is_unsatisfiable(header):
    with pytest.raises(UnsatisfiableRangeError):
        asked_span({"Range": header}, SIZE)


def test_range_with_a_condition_is_the_whole_file():
    assert asked_span({"Range": "bytes=0-1", "If-Range": '"x"'}, SIZE) is None


@pytest.mark.parametrize("size", [(2000, 1500), (640, 480), (64, 48), (16, 900), (3840, 20)])
def test_mark_is_seen_in_every_part_of_a_picture_that_has_room(size):
    plain = media.picture(size=size, colour="gray")
    shown = Image.open(io.BytesIO(marked([plain], "Nguyễn Văn Tư · can-bo · 08:30 22/11/2026 · 8BDMZAXG3")))
    assert shown.size == size
    changes = ImageChops.difference(shown, Image.open(io.BytesIO(plain)).convert("RGB")).convert("L")
    band = changes.crop((0, max(0, size[1] - 12), size[0], size[1]))
    assert band.getextrema()[1] > 60
    if size[0] >= 640:
        width, height = size
        for column in range(2):
            for row in range(2):
                corner = (column * width // 2, row * height // 2)
                part = changes.crop((*corner, corner[0] + width // 2, corner[1] + height // 2))
                assert part.getextrema()[1] > 20


@pytest.fixture
def staff(area):
    client = APIClient()
    client.force_authenticate(make_user(Role.OFFICER, area.commune_a, username="canbo"))
    return client


@pytest.fixture
def film(submit, tmp_path):
    upload = SimpleUploadedFile("a.mp4", media.film(tmp_path, sound=True))
    file = submit(files=[upload]).evidence.get()
    return file, f"/api/v1/tips/{file.tip.public_id}/evidence/{file.public_id}/"


def body(response) -> bytes:
    return b"".join(response)


@pytest.mark.django_db
def test_film_comes_in_the_ranges_a_player_asks_for(staff, film):
    file, url = film
    whole = body(staff.get(url))
    assert len(whole) == file.size > 2000
    response = staff.get(url, headers={"Range": "bytes=1000-1999"})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 1000-1999/{file.size}"
    assert response["Content-Length"] == "1000"
    assert body(response) == whole[1000:2000]
    response = staff.get(url, headers={"Range": f"bytes={file.size}-"})
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{file.size}")


@pytest.mark.django_db
def test_ranges_of_one_viewing_leave_one_trace(staff, film):
    _file, url = film
    for start in (0, 500, 1000):
        body(staff.get(url, headers={"Range": f"bytes={start}-"}))
    assert AuditEntry.objects.filter(action="tips.evidence.opened").count() == 1
    body(staff.get(url))
    assert AuditEntry.objects.filter(action="tips.evidence.opened").count() == 2


@pytest.mark.django_db
def test_ranges_cross_the_chunks_of_the_cipher(settings):
    data = bytes(number % 251 for number in range(3 * CHUNK_BYTES))
    stored = evidence.store(io.BytesIO(data))
    file = Evidence(path=stored.path, data_key=stored.encoded_key)
    for first, last in (
        (0, 0),
        (CHUNK_BYTES - 1, CHUNK_BYTES),
        (5, 3 * CHUNK_BYTES - 1),
        (2 * CHUNK_BYTES, 2 * CHUNK_BYTES),
        (3 * CHUNK_BYTES - 1, 3 * CHUNK_BYTES - 1),
    ):
        assert body(evidence.open_evidence(file, (first, last))) == data[first : last + 1]


@pytest.mark.django_db
def test_picture_names_who_opened_it(staff, submit):
    file = submit(files=[SimpleUploadedFile("a.png", media.picture(size=(800, 600)))]).evidence.get()
    response = staff.get(f"/api/v1/tips/{file.tip.public_id}/evidence/{file.public_id}/")
    plain = body(evidence.open_evidence(file))
    assert response.content != plain and Image.open(io.BytesIO(response.content)).size == (800, 600)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (response["X-Content-Type-Options"], response["Cache-Control"]) == ("nosniff", "no-store")
