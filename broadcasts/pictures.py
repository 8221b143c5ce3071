"""Taking in a picture: decoded, turned upright, made small, written anew as JPEG. Nothing else survives.

Decoding and re-encoding is the check: whatever is no picture, or hides something behind one, ends here. Zalo
takes JPEG up to 1 MB; place, camera and time of the original never leave the phone's file.
"""

import hashlib
import io
import warnings
from typing import Any

import pillow_heif
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from broadcasts.models import Picture
from groups.models import Unit
from portal.text import clean

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 1920
MAX_BYTES = 1_000_000
QUALITIES = (85, 75, 65, 55, 45)
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "BMP", "GIF")

pillow_heif.register_heif_opener()


class PictureError(ValueError):
    """The file cannot become a picture of ours; the text says why, to the officer."""


def store_picture(
    upload: UploadedFile, *, unit: Unit, user: Any, description: str = "", field: str = "media"
) -> Picture:
    """A picture of ``unit`` from an uploaded file. Raises ``ValidationError`` keyed by ``field``.

    The same picture again is the picture we have: one file, one upload to Zalo.
    """
    try:
        content, width, height = reencode(upload)
    except PictureError as error:
        raise ValidationError({field: str(error)}) from error
    digest = hashlib.sha256(content).hexdigest()
    earlier = Picture.objects.filter(sha256=digest, unit=unit).first()
    if earlier is not None:
        return earlier
    picture = Picture(
        unit=unit,
        sha256=digest,
        width=width,
        height=height,
        description=clean(description)[:200],
        uploaded_by=user,
    )
    picture.file.save(f"{digest[:32]}.jpg", ContentFile(content), save=False)
    picture.save()
    return picture


def reencode(upload: UploadedFile) -> tuple[bytes, int, int]:
    """JPEG bytes below ``MAX_BYTES``, width and height. Raises ``PictureError``."""
    if upload.size > MAX_UPLOAD_BYTES:
        raise PictureError(_("Ảnh nặng quá 20 MB. Xin chọn ảnh nhẹ hơn."))
    image = _decode(upload)
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        content = _encode(image, quality)
        if len(content) <= MAX_BYTES:
            return content, image.width, image.height
    image.thumbnail((MAX_SIDE // 2, MAX_SIDE // 2), Image.Resampling.LANCZOS)
    return _encode(image, QUALITIES[-1]), image.width, image.height


def _decode(upload: UploadedFile) -> Image.Image:
    """The first frame, upright, on white where it was transparent."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            upload.seek(0)
            with Image.open(upload, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureError(_("Ảnh có kích thước quá lớn. Xin chọn ảnh nhỏ hơn."))
                image.draft("RGB", (MAX_SIDE, MAX_SIDE))
                return _flat(ImageOps.exif_transpose(image))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_("Ảnh có kích thước quá lớn. Xin chọn ảnh nhỏ hơn.")) from None
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError):
        # Decoders answer broken files with any of these; all mean the same to the officer.
        raise PictureError(_("Tệp không phải ảnh, hoặc ảnh bị hỏng. Nhận JPG, PNG, HEIC, WEBP.")) from None


def _flat(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA", "P"):
        layered = image.convert("RGBA")
        background = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(background, layered)
    return image.convert("RGB")


def _encode(image: Image.Image, quality: int) -> bytes:
    # A new image holds the pixels and nothing of the file they came from.
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    return buffer.getvalue()
