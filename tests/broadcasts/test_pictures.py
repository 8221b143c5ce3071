"""Pictures: whatever comes in, a small upright JPEG without a past comes out."""

import io
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from broadcasts import pictures
from broadcasts.models import Picture


def upload(image: Image.Image, kind: str, **options) -> SimpleUploadedFile:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return SimpleUploadedFile(f"anh.{kind.lower()}", buffer.getvalue())


def decoded(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("WEBP", "RGB"),
        ("GIF", "P"),
        ("HEIF", "RGB"),
        ("BMP", "RGB"),
    ],
)
def test_picture_of_any_kind_becomes_jpeg(kind, mode):
    content, width, height = pictures.reencode(upload(Image.new(mode, (300, 200)), kind))

    image = decoded(content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (300, 200))
    assert (width, height) == (300, 200)


def test_large_picture_is_made_small_enough_for_zalo():
    noise = Image.effect_noise((4000, 3000), 80).convert("RGB")

    content, width, height = pictures.reencode(upload(noise, "JPEG", quality=95))

    assert len(content) <= pictures.MAX_BYTES
    assert max(width, height) <= pictures.MAX_SIDE


def test_place_and_camera_of_the_original_are_gone():
    exif = Image.Exif()
    exif[0x010F] = "MayAnh"
    exif.get_ifd(0x8825)[1] = "N"
    content, *_size = pictures.reencode(
        upload(Image.new("RGB", (60, 40)), "JPEG", exif=exif, comment=b"bi mat")
    )

    assert dict(decoded(content).getexif()) == {}
    assert b"MayAnh" not in content
    assert b"bi mat" not in content


def test_photo_of_twelve_megapixels_loses_its_place_and_most_of_its_weight():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 20.0, 30.0), 3: "E", 4: (106.0, 1.0, 2.0)})
    photo = upload(Image.effect_noise((4000, 3000), 60).convert("RGB"), "JPEG", exif=exif, quality=95)

    content, width, height = pictures.reencode(photo)

    assert (width, height) == (1440, 1920)
    assert len(content) <= pictures.MAX_BYTES
    assert b"Exif" not in content
    assert "exif" not in decoded(content).info


def test_colours_of_a_printers_jpeg_survive():
    content, *_size = pictures.reencode(upload(Image.new("CMYK", (60, 40), (0, 255, 255, 0)), "JPEG"))

    red, green, blue = decoded(content).getpixel((10, 10))
    assert red > 240
    assert max(green, blue) < 15


def test_animated_png_becomes_its_first_frame():
    first, *others = (Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green"))

    content, *_size = pictures.reencode(upload(first, "PNG", save_all=True, append_images=others))

    image = decoded(content)
    assert image.format == "JPEG"
    assert image.getpixel((10, 10))[0] > 240


def test_sideways_picture_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6

    _content, width, height = pictures.reencode(upload(Image.new("RGB", (60, 40)), "JPEG", exif=exif))

    assert (width, height) == (40, 60)


def test_transparent_parts_become_white():
    content, *_size = pictures.reencode(upload(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"))

    assert decoded(content).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"GIF89a<html><script>",
        b"<html></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        b"\xff\xd8\xff\xe0 truncated",
        b"%PDF-1.7",
    ],
)
def test_file_that_is_no_picture_is_refused_in_words(content):
    with pytest.raises(pictures.PictureError, match="không phải ảnh"):
        pictures.reencode(SimpleUploadedFile("anh.jpg", content))


def test_truncated_picture_is_refused():
    whole = upload(Image.effect_noise((400, 300), 50).convert("RGB"), "JPEG").read()

    with pytest.raises(pictures.PictureError, match="không phải ảnh"):
        pictures.reencode(SimpleUploadedFile("anh.jpg", whole[: len(whole) // 2]))


def test_picture_bomb_is_refused_before_it_is_decoded():
    bomb = upload(Image.new("1", (20_000, 20_000)), "PNG")

    with pytest.raises(pictures.PictureError, match="kích thước quá lớn"):
        pictures.reencode(bomb)


def test_picture_that_only_claims_to_be_huge_is_refused():
    png = bytearray(upload(Image.new("RGB", (8, 8)), "PNG").read())
    png[16:24] = (100_000).to_bytes(4, "big") * 2
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")

    with pytest.raises(pictures.PictureError, match="kích thước quá lớn"):
        pictures.reencode(SimpleUploadedFile("anh.png", bytes(png)))


def test_file_over_the_limit_is_refused_unread(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_UPLOAD_BYTES", 10)

    with pytest.raises(pictures.PictureError, match="quá 20 MB"):
        pictures.reencode(upload(Image.new("RGB", (20, 20)), "PNG"))


def test_same_picture_twice_is_one(area, officer):
    image = Image.new("RGB", (30, 30), "red")
    first = pictures.store_picture(upload(image, "PNG"), unit=area.commune_a, user=officer)
    second = pictures.store_picture(upload(image, "PNG"), unit=area.commune_a, user=officer)

    assert first == second
    assert first.file.name.endswith(".jpg")
    assert Picture.objects.count() == 1


def test_refusal_names_the_field_of_the_form(area, officer):
    with pytest.raises(ValidationError) as refused:
        pictures.store_picture(
            SimpleUploadedFile("a.jpg", b"x"), unit=area.commune_a, user=officer, field="proof"
        )

    assert list(refused.value.message_dict) == ["proof"]
