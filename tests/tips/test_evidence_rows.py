"""Files of the corpus that need more than a line to be made: long ones, deep ones, the same one twice."""

import io
import tarfile
import time
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image, ImageCms

from tests.tips import media
from tests.tips.clamd import EICAR
from tests.tips.public.forms import filled, photo, receipt_in
from tips import evidence
from tips.evidence import open_evidence
from tips.evidence.errors import FileRefusedError
from tips.models import Evidence, Tip
from tips.services import erasing

pytestmark = pytest.mark.django_db

SECONDS = 2


@pytest.fixture
def quickly():
    """The test, without its preparation, is a matter of seconds."""
    started: list[float] = []
    yield lambda: started.append(time.monotonic())
    assert time.monotonic() - started[0] < SECONDS


def cleaned(data: bytes) -> bytes:
    with evidence.clean_upload(io.BytesIO(data)).stream as stream:
        return stream.read()


def saved(format: str, **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, format, **options)
    return out.getvalue()


# --- Pictures and films ----------------------------------------------------------------------------------


def test_colour_profile_of_megabytes_is_left_behind():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved("JPEG", icc_profile=profile + media.SECRET * 100_000)
    assert len(data) > 1_500_000 and len(cleaned(data)) < 2000


def test_thumbnail_that_shows_something_else_is_gone():
    """Cropped on the phone, the small copy in the metadata often still shows who stood beside."""
    small = io.BytesIO()
    Image.effect_noise((160, 120), 90).save(small, "JPEG")
    thumbnail = small.getvalue()
    # TIFF header, no tag of the picture, then a directory of two tags that point behind themselves.
    head = b"II*\0" + (8).to_bytes(4, "little") + b"\0\0" + (14).to_bytes(4, "little")
    tags = [(0x0201, 44), (0x0202, len(thumbnail))]
    rows = b"".join(
        tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little") for tag, value in tags
    )
    exif = b"Exif\0\0" + head + b"\2\0" + rows + bytes(4)
    data = saved("JPEG", exif=exif + thumbnail)
    assert thumbnail[-200:-100] in data
    made = cleaned(data)
    assert thumbnail[-200:-100] not in made and made.count(b"\xff\xd8\xff") == 1
    assert Image.open(io.BytesIO(made)).getpixel((32, 24))[0] > 200


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_picture_of_thousands_of_frames_is_its_first_frame(format, quickly):
    frames = [
        Image.new("L", (8, 8), number % 2 * 255) for number in range(10_000 if format == "GIF" else 1000)
    ]
    out = io.BytesIO()
    frames[0].save(out, format, save_all=True, append_images=frames[1:], duration=20)
    quickly()
    assert getattr(Image.open(io.BytesIO(cleaned(out.getvalue()))), "n_frames", 1) == 1


def test_film_of_four_silent_hours_is_taken(tmp_path):
    card = ("-f", "lavfi", "-i", "color=size=64x48:rate=1/60:duration=14400", "-c:v", "mpeg4")
    data = media.ffmpeg(tmp_path, "a.mp4", *card)
    made = evidence.clean_upload(io.BytesIO(data))
    assert (made.kind, made.content_type) == ("video", "video/mp4")


# --- Packed and disguised --------------------------------------------------------------------------------


def archive_with_link() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("anh.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


def packed(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


SCRIPTED = media.PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>")
PACKED = {
    "tar-with-link": archive_with_link,
    "zip-bomb": lambda: packed("a.txt", bytes(50_000_000)),
    "zip-bomb-in-docx": lambda: packed("word/document.xml", packed("a", bytes(50_000_000))),
    "virus-in-zip": lambda: packed("a.com", EICAR),
    "pdf-with-script": lambda: SCRIPTED,
    "pdf-with-password": lambda: media.PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 2 0 R"),
}


@pytest.mark.parametrize("name", PACKED)
def test_packed_file_is_refused_unopened(name, quickly):
    data = PACKED[name]()
    quickly()
    with pytest.raises(FileRefusedError, match="Chỉ nhận ảnh"):
        evidence.clean_upload(io.BytesIO(data))


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("ANH.JPG", "image/jpeg"),
        ("anh.jpg.exe", "image/jpeg"),
        ("anh.pdf.jpg", "application/pdf"),
        ("anh", ""),
        ("anh.jpg", "text/html"),
        ("anh.svg", "image/svg+xml"),
        ("phim.mp4", "video/mp4"),
    ],
)
def test_name_and_announced_type_decide_nothing(client, area, name, mime):
    file = SimpleUploadedFile(name, media.picture("PNG"), mime)
    assert receipt_in(client.post("/gui-tin/", filled(client, area, files=file)))
    row = Evidence.objects.get()
    assert (row.kind, row.content_type) == ("image", "image/jpeg")
    assert b"".join(open_evidence(row)).startswith(b"\xff\xd8\xff")


def test_film_that_calls_itself_a_picture_is_kept_as_a_film(client, area, tmp_path):
    file = SimpleUploadedFile("anh.png", media.film(tmp_path), "image/png")
    assert receipt_in(client.post("/gui-tin/", filled(client, area, files=file)))
    assert (Evidence.objects.get().kind, Evidence.objects.get().content_type) == ("video", "video/mp4")


# --- Many, and the same ----------------------------------------------------------------------------------


def test_thirty_files_cost_no_words(client, area):
    values = filled(client, area, files=[photo() for _ in range(30)])
    page = client.post("/gui-tin/", values).content.decode()
    assert "tối đa 5 tệp" in page and values["text"] in page and not Tip.objects.exists()


def test_same_file_in_one_tip_and_in_another_is_each_time_a_file_of_its_own(client, area):
    """Nothing stored tells that two tips brought the same file; erasing one leaves the other."""
    data = media.picture("JPEG")

    def send(count: int) -> Tip:
        files = [SimpleUploadedFile("a.jpg", data) for _ in range(count)]
        assert receipt_in(client.post("/gui-tin/", filled(client, area, files=files)))
        return Tip.objects.latest("pk")

    first, second = send(2), send(1)
    columns = ("path", "data_key", "sha256", "original_sha256", "public_id")
    table = Evidence._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")
        stored = list(zip(*cursor.fetchall(), strict=True))
    assert [len(set(column)) for column in stored] == [3] * len(columns)
    Tip.objects.filter(pk=first.pk).update(status="closed", outcome="handled", closed_at=timezone.now())
    assert erasing.erase_content(Tip.objects.get(pk=first.pk), timezone.now(), source="retention")
    assert b"".join(open_evidence(second.evidence.get())).startswith(b"\xff\xd8\xff")
