"""Text on its way into a Zalo group: cleaned, measured, and never cut in silence.

What counts towards Zalo's 2,000 is not documented (characters, UTF-16 units or bytes), so we count the NFC
form in UTF-16 units, the way phones do, and stop at 1,800.
"""

import re
import unicodedata
from functools import lru_cache

from groups.zalo.errors import EmptyText, TextTooLong

MAX_TEXT = 1800

# Everything below U+0020 except line feed and tab, plus DEL, C1 controls and lone surrogates.
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Invisible characters between the two do not make the marker harmless: who knows what the phone strips.
_MENTION = re.compile("\\[(?=[\u00ad\u200b-\u200f\u2060-\u206f\ufe0e\ufe0f\ufeff]*@)")


def clean(text: str) -> str:
    """NFC, line feeds only, no control characters, outer space removed, and no mention markers.

    ``[@<id>]`` inside a text rings a member, or everybody when the id is the group's. A pasted ``[@`` becomes
    ``[ @``: a plain space, because an invisible character would still be there when an officer copies the
    text. Cleaning twice changes nothing.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _MENTION.sub("[ ", _UNSENDABLE.sub("", text)).strip()


def count(text: str) -> int:
    """Length of the text as it would be sent, in UTF-16 units."""
    return len(clean(text).encode("utf-16-le")) // 2


def prepare_private(text: str, *, limit: int = MAX_TEXT) -> str:
    """The text to send. Raises ``EmptyText`` or ``TextTooLong``; it is never shortened or split for the
    author.
    """
    prepared = clean(text)
    if not prepared:
        raise EmptyText(None, "text is empty")
    units = count(prepared)
    if units > limit:
        raise TextTooLong(units, limit)
    return prepared


# One text goes to thousands of groups. What one person is told stays in no memory.
prepare = lru_cache(maxsize=64)(prepare_private)
