"""Words that exist nowhere else, planted in one tip, and the search for them in whatever was written.

Each is one word or number, so that a summary, a wrapped line or half a sentence still gives it away.
"""

import base64
import io
import json
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from PIL import Image

TEXT = "quyễnhxoàng"
PLACE = "đầugchuối"
NAME = "Thiệuphrông"
MESSAGE = "bưởngkhoạt"
REPLY = "trảphlời"
NOTE = "ghinhớgkín"
TRANSFER = "chuyểngvùngx"
CLOSING = "kếtthúcgviệc"
VALUE = "quýgiáxthật"
REVEAL = "mởtênxbáo"
METADATA = "toadogmaychup"
FILE_NAME = "tengtepgoc"
ZALO_TEXT = "nhắngqzalo"
ZALO_USER = "3719460285517394026"
AGENT = "chimyenbrowser"
ADDRESS = "203.0.113.77"
PHONE = "0987612345"
LATITUDE, LONGITUDE = "11.50871", "108.44527"

# What only the sender knew, and what officers wrote about it.
PLANTED = {
    **{"text": TEXT, "place": PLACE, "name": NAME, "message": MESSAGE, "metadata": METADATA},
    **{"file name": FILE_NAME, "phone": PHONE, "latitude": LATITUDE, "longitude": LONGITUDE},
    **{"agent": AGENT, "address": ADDRESS, "zalo text": ZALO_TEXT, "zalo user": ZALO_USER},
    **{"reply": REPLY, "note": NOTE, "transfer": TRANSFER, "closing": CLOSING, "value": VALUE},
    **{"reveal": REVEAL},
}


class Canaries:
    """The planted words in every spelling; ``add`` one more, such as a receipt."""

    def __init__(self) -> None:
        self._exact: dict[str, set[bytes]] = {}
        self._any_case: dict[str, set[bytes]] = {}
        for name, word in PLANTED.items():
            self.add(name, word)
        for spelling in ("987 612 345", "987.612.345", "987-612-345"):
            self.add("phone", spelling)

    def add(self, name: str, word: str) -> None:
        """Look for ``word`` too, under that name."""
        if name == "phone":
            word = word.removeprefix("0")
        spellings = set(_spellings(word))
        exact = {part for spelling in spellings for part in _base64(spelling.encode())}
        self._exact.setdefault(name, set()).update(exact)
        coded = {part.lower() for spelling in spellings for part in _codings(spelling)}
        self._any_case.setdefault(name, set()).update(coded)

    def in_bytes(self, data: bytes) -> set[str]:
        """Names of those that ``data`` holds in any spelling and coding."""
        lower = data.lower()
        return {name for name, words in self._any_case.items() if any(word in lower for word in words)} | {
            name for name, words in self._exact.items() if any(word in data for word in words)
        }

    def in_text(self, text: str) -> set[str]:
        """The same for text."""
        return self.in_bytes(text.encode("utf-8", "surrogateescape"))


def _spellings(word: str) -> Iterator[str]:
    """As typed, in both cases, decomposed, and without any diacritics."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    for one in (word, plain.replace("đ", "d").replace("Đ", "D")):
        for cased in (one, one.upper(), one.lower()):
            yield unicodedata.normalize("NFC", cased)
            yield unicodedata.normalize("NFD", cased)


def _codings(text: str) -> Iterator[bytes]:
    """UTF-8, UTF-16, hexadecimal, percent-encoded, quoted-printable, escaped as JSON and as HTML."""
    utf8 = text.encode()
    yield utf8
    for wide in (text.encode("utf-16-le"), text.encode("utf-16-be")):
        yield wide
        yield wide.hex().encode()
    yield utf8.hex().encode()
    yield quote(text, safe="").encode()
    yield quote(text, safe="").replace("%", "=").encode()
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text)[1:-1].replace("\\", "\\\\").encode()
    yield text.encode("ascii", "xmlcharrefreplace")
    yield utf8.decode("latin-1").encode()


def _base64(data: bytes) -> Iterator[bytes]:
    """The part of the base64 text that is the same whatever stands around ``data``."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + data)
        whole = coded[-(-before * 4 // 3) : (before + len(data)) // 3 * 4]
        yield whole
        yield whole.replace(b"+", b"-").replace(b"/", b"_")


def photo(side: int = 64) -> bytes:
    """A picture of noise whose metadata and comment carry a planted word."""
    image = Image.effect_noise((side, side), 90).convert("RGB")
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010E] = METADATA
    image.save(out, "JPEG", exif=exif, comment=METADATA.encode(), xmp=f"<x>{METADATA}</x>".encode())
    return out.getvalue()


SENDER = {
    "text": f"Thấy {TEXT} ở bến xe cũ lúc nửa đêm, có hai người lạ mặt.",
    "place": f"gần gốc {PLACE} cuối thôn",
    "contact_name": f"Trần {NAME}",
    "contact_phone": PHONE,
}
FILE = f"{FILE_NAME}.jpg"
BROWSER = {"user-agent": f"{AGENT}/7.7"}
