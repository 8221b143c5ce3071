"""A corpus of what phones make and what enemies send: cleaned of every planted word, or refused in words."""

import gzip
import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from tests.tips import media
from tests.tips.clamd import EICAR
from tips import evidence
from tips.evidence.errors import FileRefusedError

CANARY = b"CANARY-chim-hoang-yen-0912345678"
WORDS = CANARY.decode()
TOP_LEFT = (255, 0, 0)


def outcome(data: bytes) -> bytes:
    """The cleaned bytes; empty for a refused file, which must have said why in a sentence."""
    try:
        made = evidence.clean_upload(io.BytesIO(data))
    except FileRefusedError as error:
        assert len(str(error.message)) > 20
        return b""
    with made.stream:
        return made.stream.read()


def saved(format: str, **options) -> bytes:
    out = io.BytesIO()
    media_image().save(out, format, **options)
    return out.getvalue()


def media_image() -> Image.Image:
    """White, with one red quarter: which way is up can be seen."""
    image = Image.new("RGB", (80, 48), "white")
    image.paste(TOP_LEFT, (0, 0, 40, 24))
    return image


def exif() -> Image.Exif:
    """Every place of EXIF that holds words: camera, artist, maker's note, user comment, GPS."""
    tags = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        tags[tag] = WORDS
    inner = tags.get_ifd(0x8769)
    inner[0x927C], inner[0x9286], inner[0xA431] = CANARY, b"ASCII\0\0\0" + CANARY, WORDS
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2], gps[29] = "N", (IFDRational(11), IFDRational(30), IFDRational(31)), "2026:11:22"
    return tags


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg_with_segments() -> bytes:
    """EXIF thumbnail, ICC text, IPTC, XMP, a comment and bytes after the end."""
    plain = saved("JPEG", exif=exif(), icc_profile=CANARY * 4, comment=CANARY)
    extra = [
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x40" + CANARY.ljust(64)),
        segment(0xEF, CANARY),
        segment(0xFE, CANARY),
    ]
    return plain[:2] + b"".join(extra) + plain[2:] + CANARY


def png_with_chunks() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", WORDS)
    info.add_text("Secret", WORDS, zip=True)
    info.add_itxt("XML:com.adobe.xmp", WORDS)
    return saved("PNG", pnginfo=info, exif=exif(), icc_profile=CANARY * 4) + CANARY


def heic_of_several() -> bytes:
    import pillow_heif

    heif = pillow_heif.from_pillow(media_image())
    heif.add_from_pillow(Image.new("RGB", (64, 64), "blue"))
    out = io.BytesIO()
    heif.save(out, exif=exif().tobytes(), xmp=CANARY, quality=80)
    return out.getvalue()


def gif_with_comment() -> bytes:
    frames = [Image.new("P", (32, 32), shade) for shade in range(5)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=CANARY)
    return out.getvalue() + CANARY


PICTURES = {
    "jpeg": jpeg_with_segments,
    "jpeg-progressive": lambda: saved("JPEG", exif=exif(), progressive=True),
    "png": png_with_chunks,
    "webp": lambda: saved("WEBP", exif=exif(), xmp=CANARY, icc_profile=CANARY * 4),
    "webp-animated": lambda: saved("WEBP", save_all=True, append_images=[media_image()] * 3, exif=exif()),
    "heic-of-several": heic_of_several,
    "avif": lambda: saved("AVIF", exif=exif(), xmp=CANARY),
    "gif": gif_with_comment,
    "jpeg-and-zip": lambda: saved("JPEG") + media.ZIP + CANARY,
    "jpeg-and-pdf": lambda: saved("JPEG") + media.PDF + CANARY,
    "jpeg-and-html": lambda: saved("JPEG", comment=b"<script>alert(1)</script>" + CANARY),
    "jpeg-and-eicar": lambda: saved("JPEG") + EICAR + CANARY,
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_keeps_its_pixels_and_no_planted_word(name):
    data = PICTURES[name]()
    cleaned = outcome(data)
    assert cleaned, "a picture like this is taken"
    assert len(data) < 50_000
    for planted in (CANARY, b"CANARY", b"2026:11:22", b"Exif", b"PK\x03\x04", b"%PDF", b"<script", EICAR):
        assert planted not in cleaned
    assert getattr(Image.open(io.BytesIO(cleaned)), "n_frames", 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_exif_is_turned_upright(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    upright = media_image()
    # What the camera stored: the inverse of what the tag tells a viewer to do.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    out = io.BytesIO()
    stored.save(out, "JPEG", exif=tags, quality=95)
    shown = Image.open(io.BytesIO(outcome(out.getvalue())))
    assert shown.size == (80, 48)
    red, white = shown.getpixel((8, 8)), shown.getpixel((70, 40))
    assert red[0] > 200 and red[1] < 90 and min(white) > 220


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + kind + payload


def with_boxes(film: bytes) -> bytes:
    """A film with the boxes in which phones write where they were, and room where anything may hide."""
    place = struct.pack(">HH", len(CANARY), 0x15C7) + CANARY
    location = bytes(6) + CANARY + b"\0" + bytes(13) + b"earth\0" + CANARY + b"\0"
    user_data = box(b"\xa9xyz", place) + box(b"loci", location)
    xmp = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + b"<x:xmpmeta>" + CANARY
    hidden = box(b"udta", user_data) + box(b"uuid", xmp) + box(b"free", CANARY) + box(b"skip", CANARY)
    return film + hidden + box(b"mdat", CANARY)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.3gp"])
def test_film_keeps_no_planted_box(tmp_path, name):
    data = with_boxes(media.film(tmp_path, name, sound=name != "a.3gp"))
    cleaned = outcome(data)
    assert cleaned[4:8] == b"ftyp"
    for planted in (CANARY, media.SECRET, b"\xa9xyz", b"loci", b"uuid"):
        assert planted not in cleaned


TEST_CARD = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1", "-pix_fmt", "yuv420p")
# What encoders write into the pictures themselves, around no box: the words each leaves there by itself.
ENCODED = {
    "h264": ("a.mp4", ("-c:v", "libx264"), b"x264 - core"),
    "h264-in-3gp": ("a.3gp", ("-c:v", "libx264"), b"x264 - core"),
    "hevc": ("a.mov", ("-c:v", "libx265", "-x265-params", "log-level=none"), b"Lavc"),
    "av1": ("a.mp4", ("-c:v", "libaom-av1", "-cpu-used", "8"), b"Lavc"),
    "vp9": ("a.webm", ("-c:v", "libvpx-vp9"), b"Lavc"),
    "prores": ("a.mov", ("-c:v", "prores"), b"Lavc"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_film_keeps_its_pictures_and_nothing_said_beside_them(tmp_path, name):
    target, options, planted = ENCODED[name]
    data = media.ffmpeg(tmp_path, target, *TEST_CARD, *options)
    assert planted in data
    cleaned = outcome(data)
    assert planted not in cleaned
    assert pictures_in(tmp_path, cleaned) == 5


def pictures_in(folder, film: bytes) -> int:
    """How many pictures of a film can be drawn."""
    (folder / "cleaned").write_bytes(film)
    drawn = media.ffmpeg(folder, "drawn.txt", "-i", str(folder / "cleaned"), "-an", "-f", "framecrc")
    return sum(line[:1] != b"#" for line in drawn.splitlines())


def test_words_between_the_pictures_of_a_film_are_gone(tmp_path):
    (tmp_path / "plain.mp4").write_bytes(media.ffmpeg(tmp_path, "x.mp4", *TEST_CARD, "-c:v", "libx264"))
    words = f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{WORDS}"
    data = media.ffmpeg(tmp_path, "a.mp4", "-i", str(tmp_path / "plain.mp4"), "-c", "copy", "-bsf:v", words)
    assert CANARY in data and CANARY not in outcome(data)


def test_film_made_of_photos_of_another_kind_is_refused(tmp_path):
    data = media.ffmpeg(tmp_path, "a.mov", *TEST_CARD[:4], "-c:v", "png")
    assert outcome(data) == b""


@pytest.mark.parametrize("name", ["a.mov", "a.mp4"])
def test_film_made_of_photos_loses_what_each_photo_says(tmp_path, name):
    """Old cameras write their films so, each picture a JPEG with all its metadata."""
    (tmp_path / "photo.jpg").write_bytes(jpeg_with_segments())
    photos = ("-loop", "1", "-framerate", "5", "-i", str(tmp_path / "photo.jpg"), "-t", "1", "-c", "copy")
    data = media.ffmpeg(tmp_path, name, *photos)
    assert data.count(b"CANARY") > 5
    cleaned = outcome(data)
    assert b"CANARY" not in cleaned and b"Exif" not in cleaned
    assert pictures_in(tmp_path, cleaned) == 5


def test_sound_with_a_cover_picture_is_sound_without_it(tmp_path):
    """By its first bytes it is a film, and its only picture is one that somebody hung on it."""
    (tmp_path / "photo.jpg").write_bytes(jpeg_with_segments())
    (tmp_path / "sound.m4a").write_bytes(media.sound(tmp_path, "x.m4a", "-c:a", "aac"))
    inputs = ("-i", str(tmp_path / "sound.m4a"), "-i", str(tmp_path / "photo.jpg"), "-c", "copy")
    cover = ("-map", "0:a", "-map", "1:v", "-disposition:v:0", "attached_pic", "-map_metadata", "-1")
    data = media.ffmpeg(tmp_path, "a.mp4", *inputs, *cover)
    assert CANARY in data
    made = evidence.clean_upload(io.BytesIO(data))
    assert (made.kind, made.content_type) == ("audio", "audio/mp4")
    assert b"CANARY" not in made.stream.read()


@pytest.mark.parametrize("codec", ["libvorbis", "libopus"])
def test_sound_behind_a_sound_in_one_file_is_refused(tmp_path, codec):
    """Ogg may begin anew, with words of its own that a copy would take along."""
    plain = media.sound(tmp_path, "a.ogg", "-c:a", codec)
    assert outcome(plain) and media.SECRET not in outcome(plain)
    assert outcome(plain + plain) == b""


def amr(seconds: int = 1) -> bytes:
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50 * seconds


def test_recorder_that_writes_amr_into_3gp_is_heard(tmp_path):
    (tmp_path / "in.amr").write_bytes(amr())
    arguments = ("-f", "amr", "-i", str(tmp_path / "in.amr"), "-c", "copy", "-metadata", f"title={WORDS}")
    data = media.ffmpeg(tmp_path, "a.3gp", *arguments)
    assert CANARY in data
    made = evidence.clean_upload(io.BytesIO(data))
    assert (made.kind, made.content_type) == ("audio", "audio/3gpp")
    assert CANARY not in made.stream.read()


def test_words_after_the_sound_of_an_old_phone_are_gone():
    assert CANARY not in outcome(amr() + CANARY)


HOSTILE = {
    "one-byte": b"\xff",
    "elf": b"\x7fELF" + bytes(200),
    "windows-programme": b"MZ" + bytes(200),
    "shell": b"#!/bin/sh\nrm -rf /\n",
    "svg": media.SVG,
    "svg-gz": gzip.compress(media.SVG),
    "pdf": media.PDF,
    "zip-bomb": media.ZIP,
    "gif-and-script": b"GIF89a/*\x00\x00*/=1;alert('" + CANARY + b"')//",
    "concat-script": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "playlist": media.PLAYLIST,
    "playlist-in-mp4": box(b"ftyp", b"isom\0\0\2\0isom") + media.PLAYLIST,
    "playlist-in-3gp": box(b"ftyp", b"3gp4\0\0\2\0isom") + media.PLAYLIST,
    "mp4-of-nothing": box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", b"") + box(b"mdat", CANARY),
    "webm-of-nothing": b"\x1aE\xdf\xa3" + CANARY,
    "riff": b"RIFF\xff\xff\xff\xffWAVE" + CANARY,
    "wide-png": media.png_bomb(40_000),
    "tall-png": media.png_bomb(5_100),
    "tiff": b"II*\0\x08\0\0\0" + bytes(100),
    "bmp": b"BM" + bytes(100),
    "icon": b"\0\0\1\0\1\0" + bytes(100),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "eicar": EICAR,
    "zlib": zlib.compress(bytes(100_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_in_words(name):
    assert outcome(HOSTILE[name]) == b""


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "heic-of-several", "gif"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_truncated_picture_is_refused_or_clean(name, part):
    data = PICTURES[name]()
    assert CANARY not in outcome(data[: int(len(data) * part)])


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_truncated_film_is_refused_or_clean(tmp_path, part):
    data = with_boxes(media.film(tmp_path))
    assert CANARY not in outcome(data[: int(len(data) * part)])
