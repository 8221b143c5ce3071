"""Films and sound: copied stream by stream into a new container by ffmpeg, which leaves all metadata behind.

ffmpeg runs as a process group of its own with limits on time, memory and file size, with no environment, with
one demuxer that we name (a playlist that calls itself a film is refused, so it cannot make ffmpeg read
other files) and with no protocol but local files. Only the first picture and the first sound track are taken
along: location tracks, cover pictures and subtitles stay behind. So does what stands between the pictures, or
in each picture of a film that is a row of photos.
"""

import io
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import imageio_ffmpeg
from django.conf import settings

from tips.enums import EvidenceKind
from tips.evidence.errors import CleaningCutOffError, FileRefusedError, UnknownKindError

# By the clock and of the processor: one that waits for ever ends like one that computes for ever.
CLEAN_SECONDS = 30
MEMORY_KIB = 4 * 1024 * 1024
OPEN_FILES = 32
COPY_BYTES = 1024 * 1024
HEAD_BYTES = 16
# How timeout(1) and a shell report a SIGKILL: of the watch, of a limit, of the kernel short of memory.
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


@dataclass(frozen=True)
class Container:
    """A kind of file: the demuxer that reads it, the muxer that writes it, and its type on the web."""

    kind: EvidenceKind
    demuxer: str
    muxer: str
    content_type: str


MP4 = Container(EvidenceKind.VIDEO, "mov", "mp4", "video/mp4")
MOV = Container(EvidenceKind.VIDEO, "mov", "mov", "video/quicktime")
THREE_GP = Container(EvidenceKind.VIDEO, "mov", "3gp", "video/3gpp")
M4A = Container(EvidenceKind.AUDIO, "mov", "ipod", "audio/mp4")
MP3 = Container(EvidenceKind.AUDIO, "mp3", "mp3", "audio/mpeg")
AMR = Container(EvidenceKind.AUDIO, "amr", "amr", "audio/amr")
OGG = Container(EvidenceKind.AUDIO, "ogg", "ogg", "audio/ogg")
WAV = Container(EvidenceKind.AUDIO, "wav", "wav", "audio/wav")
WEBM = Container(EvidenceKind.VIDEO, "matroska", "webm", "video/webm")
# Sound alone in a container of films: many recorders write that.
_SOUND_OF = {
    THREE_GP: Container(EvidenceKind.AUDIO, "mov", "3gp", "audio/3gpp"),
    WEBM: Container(EvidenceKind.AUDIO, "matroska", "webm", "audio/webm"),
}
# Units of an encoding that are no part of a picture: supplemental information; of JPEG the comments and the
# segments of applications, but for Adobe's, which tells colours.
_REMOVED_UNITS = {"h264": "6", "hevc": "39-40", "av1": "5", "mjpeg": "224-237|239|254"}
# Films of photos that nobody makes, and whose metadata nothing here takes out.
_REFUSED = frozenset("mjpegb png jpeg2000 jpegls jpegxl tiff bmp gif webp targa".split())
_CODEC = re.compile(rb"^#codec_id 0: (\w+)$", re.MULTILINE)
_OGG_PAGE = re.compile(rb"OggS\0([\0-\7])")
_FIRST_PAGE = 2
_STILL_PICTURES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")


def recognise(head: bytes) -> Container:
    """Which container the first bytes announce. Raises UnknownKindError for any other."""
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12])
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return MOV  # written before brands existed
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return MP3
    if head[:5] == b"#!AMR":
        return AMR
    if head[:4] == b"OggS":
        return OGG
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"\x1aE\xdf\xa3":
        return WEBM
    raise UnknownKindError


def _by_brand(brand: bytes) -> Container:
    if brand in _STILL_PICTURES:
        raise FileRefusedError
    if brand in (b"M4A ", b"M4B "):
        return M4A
    if brand == b"qt  ":
        return MOV
    return THREE_GP if brand[:3] in (b"3gp", b"3g2") else MP4


@dataclass(frozen=True)
class Recording:
    """A cleaned film or sound, in memory or in a temporary file that ``close`` removes."""

    container: Container
    file: io.IOBase


def clean_recording(source: io.IOBase, container: Container) -> Recording:
    """The recording without metadata.

    Raises FileRefusedError when it cannot be read as what it claims, CleaningCutOffError when ffmpeg did not
    end by itself.
    """
    with tempfile.TemporaryDirectory(prefix="evidence-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        raw, made = Path(folder, "in"), Path(folder, "out")
        with raw.open("wb") as target:
            shutil.copyfileobj(source, target, COPY_BYTES)
        size = raw.stat().st_size
        codec = _picture_codec(raw, container) if container.kind == EvidenceKind.VIDEO else ""
        if container.kind == EvidenceKind.VIDEO and not codec:
            container = _SOUND_OF.get(container, M4A)
        if codec in _REFUSED:
            raise FileRefusedError
        if container.kind == EvidenceKind.AUDIO:
            _check_sound(raw, container)
        _run(_copy(raw, made, container, codec), limit=size)
        if not made.exists() or not made.stat().st_size:
            raise FileRefusedError
        # The open handle outlives the folder's removal.
        return Recording(container, made.open("rb"))


def _picture_codec(raw: Path, container: Container) -> str:
    """How the pictures of a film are encoded, once the first one was drawn; empty for sound alone."""
    first = ["-map", "0:V:0", "-frames:v", "1"]
    drawn = [*first, "-f", "null", "-", *first, "-c", "copy", "-f", "framecrc", "-"]
    try:
        report = _run([*_input(raw, container), "-xerror", *drawn], limit=0)
    except FileRefusedError:
        return ""
    found = _CODEC.search(report)
    return found[1].decode() if found else ""


def _check_sound(raw: Path, container: Container) -> None:
    """Decode two seconds: what cannot be played is not evidence, and may not be what it says."""
    if container is OGG and _begins_anew(raw.read_bytes()):
        raise FileRefusedError
    _run([*_input(raw, container), "-xerror", "-map", "0:a:0", "-t", "2", "-f", "null", "-"], limit=0)


def _begins_anew(ogg: bytes) -> bool:
    """Whether another sound follows the first one, with words of its own that a copy would take along."""
    is_first = [bool(page[1][0] & _FIRST_PAGE) for page in _OGG_PAGE.finditer(ogg)]
    return False in is_first and True in is_first[is_first.index(False) :]


def _copy(raw: Path, made: Path, container: Container, codec: str) -> list[str]:
    streams = ["-map", "0:a:0", "-c", "copy"]
    if container.kind == EvidenceKind.VIDEO:
        streams = ["-map", "0:V:0", "-map", "0:a:0?", "-c", "copy"]
    if units := _REMOVED_UNITS.get(codec):
        streams += ["-bsf:v", f"filter_units=remove_types={units}"]
    forget = ["-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]
    if container is MP3:
        forget += ["-id3v2_version", "0", "-write_xing", "0"]
    if container.demuxer == "mov":
        forget += ["-movflags", "+faststart"]
    return [*_input(raw, container), *streams, *forget, "-f", container.muxer, f"file:{made}"]


def _input(raw: Path, container: Container) -> list[str]:
    command = [_ffmpeg(), "-nostdin", "-loglevel", "quiet", "-threads", "1", "-y"]
    command += ["-protocol_whitelist", "file", "-f", container.demuxer]
    if container.demuxer == "mov":
        command += ["-enable_drefs", "0", "-use_absolute_path", "0"]
    return [*command, "-i", f"file:{raw}"]


def _run(command: list[str], *, limit: int) -> bytes:
    """What ffmpeg prints, run under limits; ``limit`` is the largest file in bytes it may write, with room.

    Raises FileRefusedError when it refuses its input, CleaningCutOffError when it was ended.
    """
    blocks = limit // 512 + 2048
    limits = {"t": CLEAN_SECONDS, "v": MEMORY_KIB, "f": blocks, "n": OPEN_FILES, "c": 0}
    # The shell sets the limits and becomes the watch over ffmpeg: safe among threads, unlike code between
    # fork and exec. One limit a call, since dash knows no other way; without all of them ffmpeg never starts.
    # The watch ends ffmpeg's whole process group, also when the process that asked is gone by then.
    watch = f'exec timeout --signal=KILL {CLEAN_SECONDS} "$@"'
    shell = " && ".join([*(f"ulimit -{name} {most}" for name, most in limits.items()), watch])
    done = subprocess.run(
        ["/bin/sh", "-c", shell, "sh", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        check=False,
    )
    if done.returncode in KILLED:
        raise CleaningCutOffError
    if done.returncode != 0:
        raise FileRefusedError
    return done.stdout


@cache
def _ffmpeg() -> str:
    return shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
