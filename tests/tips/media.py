"""Files for tests, made on the spot: pictures with secrets in their metadata, films, sounds, impostors."""

import io
import struct
import subprocess
import zlib
from pathlib import Path

import imageio_ffmpeg
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

# A latitude, as it would appear in a file's text metadata.
SECRET = b"+11.5087+108.4452/"


def picture(format: str = "JPEG", *, size=(64, 48), mode: str = "RGB", colour="red", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, format, **options)
    return out.getvalue()


def picture_with_gps(format: str = "JPEG", *, orientation: int = 1) -> bytes:
    """A picture, red above and blue below, whose EXIF knows where it was taken."""
    image = Image.new("RGB", (64, 48), "red")
    image.paste("blue", (0, 24, 64, 48))
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = orientation
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (IFDRational(11), IFDRational(30), IFDRational(31))
    out = io.BytesIO()
    options = {"xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"} if format != "PNG" else {}
    if format == "JPEG":
        options["comment"] = SECRET
    image.save(out, format, exif=exif, **options)
    return out.getvalue()


def png_bomb(side: int = 50_000) -> bytes:
    """A PNG that announces ``side`` x ``side`` pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def ffmpeg(folder: Path, name: str, *arguments: str) -> bytes:
    """What ffmpeg makes of the arguments, in a file of that name."""
    target = folder / name
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *arguments, str(target)],
        check=True,
    )
    return target.read_bytes()


def film(folder: Path, name: str = "film.mp4", *, sound: bool = False) -> bytes:
    """A short film whose container tells where it was taken."""
    place = SECRET.decode()
    inputs = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1"]
    if sound:
        inputs += ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    return ffmpeg(
        folder,
        name,
        *inputs,
        *(
            "-c:v",
            "libvpx" if name.endswith("webm") else "mpeg4",
            "-metadata",
            f"location={place}",
            "-metadata",
            f"title={place}",
        ),
        *("-metadata:s:v", f"handler_name={place}", "-movflags", "use_metadata_tags"),
    )


def sound(folder: Path, name: str, *options: str) -> bytes:
    return ffmpeg(
        folder,
        name,
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=1"),
        *options,
        *("-metadata", f"title={SECRET.decode()}", "-metadata", f"comment={SECRET.decode()}"),
    )


PLAYLIST = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
ZIP = b"PK\x03\x04" + bytes(60)
