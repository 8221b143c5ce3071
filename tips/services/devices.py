"""The browsers that ring for a person: taken on, listed, given up. Nothing is sent here (``push``)."""

import base64
import binascii
import hashlib
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from portal.audit.services import record
from portal.text import clean
from tips.models import PushDevice

MOST_DEVICES = 5
LONGEST_ADDRESS = 1000
POINT_BYTES, SECRET_BYTES = 65, 16
# No name before the host, and nowhere a backslash, a blank or a control character.
_ADDRESS = re.compile(r"https://(?P<place>[a-z0-9.-]+(?::[0-9]{1,5})?)(?:/[!-\[\]-~]*)?")


def is_push_service(address: str) -> bool:
    """Whether an address is https at one of ``PUSH_HOSTS``, or below it; a port only as written there.

    Written plainly or not at all, and read by the parser that connects: two parsers that disagree about a
    host would let an address through to another one.
    """
    written = _ADDRESS.fullmatch(address)
    if written is None:
        return False
    try:
        place = parse_url(address).netloc
    except LocationParseError:
        return False
    if place != written["place"]:
        return False
    return any(place == host or place.endswith(f".{host}") for host in settings.PUSH_HOSTS)


def add(user: Any, *, endpoint: str, p256dh: str, auth: str, name: str = "") -> PushDevice:
    """Let a browser ring for this person from now on; whoever used it before no longer is.

    Raises ValidationError for an address that is no known push service's, or keys that are none.
    """
    if len(endpoint) > LONGEST_ADDRESS or not is_push_service(endpoint) or not _are_keys(p256dh, auth):
        raise ValidationError(_("Trình duyệt này dùng dịch vụ đẩy tin chưa được hỗ trợ."))
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    values = {"user": user, "endpoint": endpoint, "p256dh": p256dh, "auth": auth, "name": clean(name)[:60]}
    with transaction.atomic():
        former = PushDevice.objects.select_for_update().filter(digest=digest).exclude(user=user).first()
        if former is not None:
            record(former.user, "tips.device.removed", former, data={"name": former.name})
        device, is_new = PushDevice.objects.update_or_create(digest=digest, defaults=values)
        for extra in PushDevice.objects.filter(user=user).order_by("-pk")[MOST_DEVICES:]:
            extra.delete()
        if is_new or former is not None:
            record(user, "tips.device.added", device, data={"name": device.name})
    return device


def remove(user: Any, device_id: int) -> None:
    """Give up one of the person's own browsers; what is not theirs is not there."""
    with transaction.atomic():
        device = PushDevice.objects.filter(user=user, pk=device_id).first()
        if device is not None:
            record(user, "tips.device.removed", device, data={"name": device.name})
            device.delete()


def _are_keys(p256dh: str, auth: str) -> bool:
    """A point of the curve P-256 and a secret of 16 bytes, both in URL-safe base64 (RFC 8291)."""
    try:
        point, secret = _bytes(p256dh), _bytes(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (ValueError, binascii.Error):
        return False
    return len(point) == POINT_BYTES and len(secret) == SECRET_BYTES


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
