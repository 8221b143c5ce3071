"""Pictures as they are shown: with the name of who opened them and when, across the picture and below it.

A picture that turns up elsewhere then says through whose hands it went. The stored copy has no mark.
"""

import io
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from portal.environment import BASE_DIR

FONTS = BASE_DIR / "static" / "vendor" / "be-vietnam-pro"
QUALITY = 85
SMALLEST_LETTERS = 12
# Lines across the picture: how strong (of 255) and how far apart, in heights of a line.
ACROSS_STRENGTH = 80
ACROSS_STEP = 9
BAND_STRENGTH = 150


def marked(picture: Iterable[bytes], text: str) -> bytes:
    """The JPEG with ``text`` in a band at its lower edge and in faint lines across it."""
    with Image.open(io.BytesIO(b"".join(picture)), formats=("JPEG",)) as image:
        canvas = image.convert("RGB")
    words = unicodedata.normalize("NFC", text)
    _write_across(canvas, words)
    _write_band(canvas, words)
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _write_across(canvas: Image.Image, words: str) -> None:
    size = max(SMALLEST_LETTERS, min(canvas.size) // 28)
    line = _line(words, size, strength=ACROSS_STRENGTH).rotate(20, expand=True)
    shadow = line.point(lambda value: value // 2)
    step_x, step_y = line.width + size * 3, line.height // 2 + size * ACROSS_STEP
    for row, top in enumerate(range(-line.height // 2, canvas.height, step_y)):
        for left in range(-(row % 2) * step_x // 2, canvas.width, step_x):
            canvas.paste("black", (left + 1, top + 1), shadow)
            canvas.paste("white", (left, top), line)


def _write_band(canvas: Image.Image, words: str) -> None:
    size = max(SMALLEST_LETTERS, canvas.width // 60)
    line = _line(words, size, strength=255)
    if line.width > canvas.width - size:
        scale = max(1, canvas.width - size) / line.width
        line = line.resize((max(1, round(line.width * scale)), max(1, round(line.height * scale))))
    height = min(canvas.height, line.height + size // 2)
    top = canvas.height - height
    canvas.paste("black", (0, top), Image.new("L", (canvas.width, height), BAND_STRENGTH))
    canvas.paste("white", (size // 2, top + (height - line.height) // 2), line)


def _line(words: str, size: int, *, strength: int) -> Image.Image:
    """The words as a mask, just large enough."""
    runs = [("".join(letters), _font(is_latin, size)) for is_latin, letters in groupby(words, _is_latin)]
    width = sum(round(font.getlength(run)) for run, font in runs)
    mask = Image.new("L", (max(1, width), round(size * 1.5)), 0)
    draw, left = ImageDraw.Draw(mask), 0
    for run, font in runs:
        draw.text((left, round(size * 1.15)), run, fill=strength, font=font, anchor="ls")
        left += round(font.getlength(run))
    return mask


def _is_latin(letter: str) -> bool:
    return ord(letter) < 0x100


@lru_cache(maxsize=64)
def _font(is_latin: bool, size: int) -> ImageFont.FreeTypeFont:
    """The portal's own typeface, which comes as one file for each alphabet."""
    alphabet = "latin" if is_latin else "vietnamese"
    return ImageFont.truetype(FONTS / f"be-vietnam-pro-{alphabet}-600-normal.woff2", size)
