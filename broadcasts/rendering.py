"""The text members read: title, body, and a last line with the public code and where to check it.

One place measures and builds it, so the form's counter, the API and the sent message agree to the character.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from broadcasts.codes import LONGEST
from groups.zalo import text as zalo_text

MAX_TEXT = zalo_text.MAX_TEXT


def check_url(code: str) -> str:
    """Where anybody can see whether a post is genuine."""
    return f"{settings.PUBLIC_URL}/kiem-tra/?q={code}"


def footer(code: str) -> str:
    """The last line of every post."""
    return _("%(code)s · Kiểm tra: %(url)s") % {"code": code, "url": check_url(code)}


def compose(title: str, body: str, code: str) -> str:
    """The whole post, cleaned for Zalo (NFC, no control characters, mention markers defused)."""
    parts = [part for part in (title.strip(), body.strip()) if part]
    return zalo_text.clean("\n\n".join([*parts, footer(code)]))


def length(title: str, body: str, code: str = LONGEST) -> int:
    """How long the post would be, in the units Zalo's limit is measured in, last line included."""
    return zalo_text.count(compose(title, body, code))


def room_left(title: str, body: str, code: str = LONGEST) -> int:
    """Characters still free; negative when the post is too long."""
    return MAX_TEXT - length(title, body, code)


def check_length(title: str, body: str) -> None:
    """Raise ``ValidationError`` on ``body`` when the post would not fit."""
    excess = -room_left(title, body)
    if excess > 0:
        message = _("Bài dài quá %(excess)d ký tự. Một bài cùng dòng kiểm tra không quá %(limit)d ký tự.")
        raise ValidationError({"body": message % {"excess": excess, "limit": MAX_TEXT}})


def carries_code(text: str, code: str) -> bool:
    """Whether ``text`` is the post with this code: the code stands at the head of its last line.

    A correction names the code of what it corrects further up, so a mere search would mistake one for the
    other.
    """
    last_line = text.strip().rpartition("\n")[2].strip()
    # TB-2611-0042 is not the head of TB-2611-00421.
    return last_line.startswith(code) and not last_line[len(code) : len(code) + 1].isdigit()
