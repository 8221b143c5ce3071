"""Evidence: recognised by content, rewritten without metadata, refused with a sentence."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.hung import HungProgram
from tests.tips import media
from tests.waiting import wait_for
from tips import evidence
from tips.enums import EvidenceKind
from tips.evidence import recordings
from tips.evidence.errors import CleaningCutOffError, FileRefusedError, UnknownKindError

WORKER = """
import sys
import django
django.setup()
from tips.evidence import recordings
recordings.CLEAN_SECONDS = 3
recordings._run(sys.argv[1:], limit=0)
"""


def clean(data: bytes) -> tuple[evidence.CleanFile, bytes]:
    made = evidence.clean_upload(io.BytesIO(data))
    content = made.stream.read()
    assert made.size == len(content)
    return made, content


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_picture_loses_where_it_was_taken(format):
    data = media.picture_with_gps(format)
    assert media.SECRET in data
    made, content = clean(data)
    assert (made.kind, made.content_type) == (EvidenceKind.IMAGE, "image/jpeg")
    assert media.SECRET not in content
    image = Image.open(io.BytesIO(content))
    assert image.format == "JPEG"
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_picture_is_turned_upright_before_its_orientation_is_forgotten():
    _made, content = clean(media.picture_with_gps(orientation=3))
    image = Image.open(io.BytesIO(content))
    top, bottom = image.getpixel((32, 2)), image.getpixel((32, 45))
    assert top[2] > top[0] and bottom[0] > bottom[2]


@pytest.mark.parametrize(("side", "kept"), [(3840, 3840), (4000, 2000), (8000, 2000)])
@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_picture_of_a_large_camera_is_halved_until_it_fits(format, side, kept):
    _made, content = clean(media.picture(format, size=(side, 300), mode="RGB"))
    assert max(Image.open(io.BytesIO(content)).size) == kept


@pytest.mark.parametrize(
    ("format", "mode"),
    [("JPEG", "CMYK"), ("PNG", "I;16"), ("PNG", "RGBA"), ("PNG", "P"), ("GIF", "P"), ("PNG", "1")],
)
def test_picture_of_any_mode_becomes_rgb(format, mode):
    data = media.picture(format, mode=mode, colour=0)
    assert Image.open(io.BytesIO(clean(data)[1])).mode == "RGB"


def test_animation_keeps_its_first_frame_only():
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in range(0, 250, 10)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert getattr(Image.open(io.BytesIO(clean(out.getvalue())[1])), "n_frames", 1) == 1


def test_bytes_appended_to_a_picture_are_gone():
    assert b"PK\x03\x04" not in clean(media.picture() + media.ZIP)[1]


def test_picture_with_too_many_pixels_is_refused():
    with pytest.raises(FileRefusedError, match="kích thước quá lớn"):
        clean(media.png_bomb())
    with pytest.raises(FileRefusedError, match="kích thước quá lớn"):
        clean(media.png_bomb(5100))


def test_large_photo_is_taken_when_its_decoder_can_shrink_it():
    _made, content = clean(media.picture(size=(6400, 4800), mode="L", colour=0))
    assert Image.open(io.BytesIO(content)).size == (3200, 2400)


def test_large_photo_is_refused_when_it_would_be_decoded_whole():
    with pytest.raises(FileRefusedError, match="kích thước quá lớn"):
        clean(media.picture(size=(6400, 4800), mode="L", colour=0, progressive=True))


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "PA"])
def test_transparent_parts_of_a_picture_become_white(mode):
    image = Image.new("RGBA", (3000, 30), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 1500, 30))
    out = io.BytesIO()
    image.convert(mode).save(out, "PNG") if mode != "PA" else image.save(out, "WEBP", lossless=True)
    made = Image.open(io.BytesIO(clean(out.getvalue())[1]))
    assert min(made.getpixel((2500, 10))) > 245


@pytest.mark.parametrize(
    "data",
    [media.SVG, media.HTML, media.PDF, media.ZIP, media.PLAYLIST, b"hello world, this is text"],
    ids=["svg", "html", "pdf", "zip", "playlist", "text"],
)
def test_other_kind_is_refused(data):
    with pytest.raises(UnknownKindError, match="Chỉ nhận ảnh"):
        clean(data)


@pytest.mark.parametrize(
    "data",
    [
        media.picture(size=(640, 480))[:900],
        b"GIF89a" + media.HTML,
        b"\xff\xd8\xff\xe0" + media.HTML,
        b"\x00\x00\x00\x18ftypmp42" + media.PLAYLIST,
        b"ID3\x04\x00" + media.HTML,
        b"OggS" + bytes(500),
        b"#!AMR\n" + b"\xff" * 3,
        b"\x00\x00\x00\x18ftypheic" + bytes(100),
    ],
    ids=["truncated", "gif-html", "jpeg-html", "hls-as-mp4", "mp3-html", "ogg", "amr", "heic"],
)
def test_impostor_is_refused(data):
    with pytest.raises(FileRefusedError):
        clean(data)


def test_empty_file_is_refused():
    with pytest.raises(FileRefusedError, match="Tệp rỗng"):
        clean(b"")


def test_file_over_its_limit_is_refused(settings):
    settings.TIP_IMAGE_MAX_MB = 0
    with pytest.raises(FileRefusedError, match="Ảnh tối đa 0 MB"):
        clean(media.picture())


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.mp4", "video/mp4"),
        ("a.mov", "video/quicktime"),
        ("a.3gp", "video/3gpp"),
        ("a.webm", "video/webm"),
    ],
)
def test_film_loses_where_it_was_taken(tmp_path, name, content_type):
    data = media.film(tmp_path, name)
    made, content = clean(data)
    assert (made.kind, made.content_type) == (EvidenceKind.VIDEO, content_type)
    assert media.SECRET not in content
    assert content[:4] == b"\x1aE\xdf\xa3" if name == "a.webm" else content[4:8] == b"ftyp"


def test_film_had_a_secret_to_lose(tmp_path):
    assert media.SECRET in media.film(tmp_path)


def test_film_keeps_its_sound(tmp_path):
    _made, content = clean(media.film(tmp_path, sound=True))
    assert b"soun" in content


def test_sound_in_a_film_container_is_a_recording(tmp_path):
    made, content = clean(media.sound(tmp_path, "a.mp4", "-c:a", "aac"))
    assert made.kind == EvidenceKind.AUDIO
    assert media.SECRET not in content


@pytest.mark.parametrize(
    ("name", "options", "content_type"),
    [
        ("a.webm", ["-c:a", "libopus"], "audio/webm"),
        ("a.mp3", ["-c:a", "libmp3lame"], "audio/mpeg"),
        ("a.m4a", ["-c:a", "aac"], "audio/mp4"),
        ("a.ogg", ["-c:a", "libopus"], "audio/ogg"),
        ("a.wav", ["-c:a", "pcm_s16le"], "audio/wav"),
    ],
)
def test_recording_loses_its_metadata(tmp_path, name, options, content_type):
    data = media.sound(tmp_path, name, *options)
    assert media.SECRET in data
    made, content = clean(data)
    assert (made.kind, made.content_type) == (EvidenceKind.AUDIO, content_type)
    assert media.SECRET not in content


def test_recording_of_an_old_phone_is_taken():
    silence = b"#!AMR\n" + b"\x3c" + bytes(31)
    made, _content = clean(silence + (b"\x3c" + bytes(31)) * 30)
    assert made.content_type == "audio/amr"


def test_cleaning_leaves_nothing_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    made, _content = clean(media.film(tmp_path))
    made.close()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_ffmpeg_runs_under_every_limit(tmp_path):
    seen = tmp_path / "limits"
    options = "for name in t v f n c; do ulimit -$name; done"
    recordings._run(["/bin/sh", "-c", f"({options}) > {seen}"], limit=512 * 1000)
    assert seen.read_text().split() == ["30", "4194304", "3048", "32", "0"]


def test_film_that_grows_past_its_limit_is_killed(tmp_path):
    made = tmp_path / "out"
    source = ["-f", "lavfi", "-i", "testsrc=size=1280x720:rate=30:duration=10"]
    command = [
        recordings._ffmpeg(),
        "-nostdin",
        "-y",
        *source,
        "-c:v",
        "rawvideo",
        "-f",
        "rawvideo",
        str(made),
    ]
    with pytest.raises(FileRefusedError):
        recordings._run(command, limit=0)
    assert made.stat().st_size <= 1024 * 1024


def test_ffmpeg_that_never_ends_is_ended_with_all_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "CLEAN_SECONDS", 1)
    program = HungProgram(tmp_path)
    with pytest.raises(CleaningCutOffError):
        recordings._run([str(program.path)], limit=0)
    assert len(program.started()) == 2
    wait_for(lambda: not program.running(), 5, what="the end of both processes")


@pytest.mark.process
def test_ffmpeg_that_never_ends_is_ended_though_its_worker_was_killed(tmp_path):
    program = HungProgram(tmp_path)
    worker = subprocess.Popen([sys.executable, "-c", WORKER, program.path], start_new_session=True)
    wait_for(program.started, 30, what="the start of ffmpeg")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)
    assert program.running()
    wait_for(lambda: not program.running(), 20, what="the end of both processes")


@pytest.mark.django_db
def test_stored_file_is_encrypted_and_comes_back(settings):
    made, content = clean(media.picture())
    made.stream.seek(0)
    stored = evidence.store(made.stream)
    raw = Path(settings.MEDIA_ROOT, stored.path).read_bytes()
    assert raw.startswith(b"PEF1") and content[:64] not in raw
    assert b"".join(evidence.read(stored.path, stored.encoded_key)) == content
    evidence.unlink([stored.path])
    assert not Path(settings.MEDIA_ROOT, stored.path).exists()
