"""Pictures: decoded in full, turned upright, scaled down and written anew as JPEG.

Writing anew from bare pixels is what removes EXIF, XMP, comments, thumbnails, colour profiles, whatever was
appended to the file, and all frames but the first. Pictures are halved until they fit, which a JPEG decoder
does for nothing: scaling by any other factor takes six times as long as all the rest.
"""

import io
import warnings
from threading import Lock

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from tips.evidence.errors import FileRefusedError, UnknownKindError

register_heif_opener()

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF")
CONTENT_TYPE = "image/jpeg"
MAX_SIDE = 3840
# The orientation of a picture that is shown as it is stored.
UPRIGHT = 1
QUALITY = 85
# A phone of today takes 50 million, as JPEG, which is shrunk while it is decoded.
MAX_PIXELS = 60_000_000
# What is decoded at full size, at 4 bytes a pixel and once more for a conversion: 200 MB, one at a time.
MAX_DECODED_PIXELS = 25_000_000
TOO_LARGE = _("Ảnh có kích thước quá lớn. Xin chụp lại hoặc gửi ảnh nhỏ hơn.")
# What Pillow and its codecs raise on damaged input.
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeError, OverflowError)
_one_at_a_time = Lock()


def is_announced(head: bytes) -> bool:
    """Whether the first bytes of a file, at least 16 of them, are those of a picture of a kind we read."""
    Image.init()
    openers = [Image.OPEN[name] for name in FORMATS if name in Image.OPEN]
    return any(accept(head[:16]) for _factory, accept in openers)


def is_picture(source: io.IOBase) -> bool:
    """Whether the content, whatever its name, is a picture of a kind we read; it may still be broken."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        source.seek(0)
        try:
            Image.open(source, formats=FORMATS)
        except UnidentifiedImageError:
            return False
        except (Image.DecompressionBombError, *_DAMAGE):
            return True  # a decoder that took offence did recognise it
    return True


def clean_image(source: io.IOBase) -> bytes:
    """The picture as a JPEG without metadata.

    Raises UnknownKindError when it is no picture, FileRefusedError when it is a broken or a huge one.
    """
    source.seek(0)
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _reencode(source)
        except UnidentifiedImageError:
            raise UnknownKindError from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise FileRefusedError(TOO_LARGE) from None
        except _DAMAGE:
            raise FileRefusedError from None


def _reencode(source: io.IOBase) -> bytes:
    with Image.open(source, formats=FORMATS) as image:
        _check_pixels(image)
        orientation = image.getexif().get(0x0112, UPRIGHT)
        image.load()
        pixels = _scalable(image)
        halvings = _halvings(pixels)
        if halvings > 1:
            pixels = pixels.reduce(halvings)
        pixels = _opaque_rgb(pixels)
        # The HEIF reader has turned it already; most others need no turning, only to be copied once, below.
        if image.format != "HEIF" and orientation != UPRIGHT:
            pixels = _upright(pixels, orientation)
    bare = Image.new("RGB", pixels.size)
    bare.paste(pixels)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _check_pixels(image: Image.Image) -> None:
    """Raise FileRefusedError for a picture that would fill the memory; tells JPEG to shrink on the way in."""
    is_too_large = image.width * image.height > MAX_PIXELS
    # A progressive JPEG is held as a whole before its first line can be drawn, shrunk or not.
    if not is_too_large and not image.info.get("progressive"):
        factor = _halvings(image)
        image.draft("RGB", (image.width // factor, image.height // factor))
    if is_too_large or image.width * image.height > MAX_DECODED_PIXELS:
        raise FileRefusedError(TOO_LARGE)


def _halvings(image: Image.Image) -> int:
    """By how much to divide the sides: 1, 2, 4, ..."""
    factor = 1
    while max(image.size) > MAX_SIDE * factor:
        factor *= 2
    return factor


def _scalable(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be scaled with care; only then is a second copy of it cheap."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK") else image.convert("RGB")


def _opaque_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if "A" not in image.mode:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    paper = Image.new("RGB", rgba.size, "white")
    paper.paste(rgba, mask=rgba.getchannel("A"))
    return paper


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.info["exif"] = exif.tobytes()
    return ImageOps.exif_transpose(image)
