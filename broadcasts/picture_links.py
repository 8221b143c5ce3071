"""Addresses from which Zalo may fetch a picture for a bot's post: signed, good for a day, naming nothing."""

from datetime import timedelta

from django.conf import settings
from django.core import signing

SALT = "broadcasts.picture_links"
# Zalo fetches at once; a day allows for its own repeats.
LIFE = timedelta(days=1)


def address(picture_id: int) -> str:
    """The public address of a picture, from now for a day."""
    return f"{settings.PUBLIC_URL}/anh-bai/{signing.dumps(picture_id, salt=SALT)}.jpg"


def picture_of(signed: str) -> int | None:
    """The picture an address leads to; None for one that is forged or over."""
    try:
        return signing.loads(signed, salt=SALT, max_age=LIFE)
    except signing.BadSignature:
        return None
