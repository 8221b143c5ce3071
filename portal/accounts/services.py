"""Second factor, recovery codes and API tokens: each change is one function and one audit entry.

The second factor is a time-based code (RFC 6238) from a phone. Ten recovery codes stand in for a lost phone;
each works once, and the database holds only their keyed digests.
"""

import base64
import datetime
import secrets
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import AuthToken

from portal.accounts.models import User
from portal.audit.services import record
from portal.crypto.digests import keyed_digest
from portal.errors import PortalError

RECOVERY_CODES = 10
RECOVERY_PURPOSE = "accounts.recovery_code"
# Crockford's alphabet: no letter that reads as a digit or as another letter.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
FAILED_LOGINS_KEPT = datetime.timedelta(days=1)


class ThrottledError(PortalError):
    """Too many wrong codes in a row; ``seconds`` until the next may be tried."""

    def __init__(self, seconds: int):
        self.seconds = seconds
        sentence = _("Nhập sai nhiều lần. Xin chờ %(seconds)d giây rồi thử lại.")
        super().__init__(sentence % {"seconds": seconds})


def record_login(sender: Any, user: User, **kwargs: Any) -> None:
    """Leave a trace of a log-in: who and when, not from where (a receiver of ``user_logged_in``)."""
    record(user, "accounts.user.logged_in", user)


def begin_second_factor(user: User) -> TOTPDevice:
    """The device the user is about to scan; a second call before its first code returns the same one."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return device or TOTPDevice.objects.create(user=user, name="Điện thoại", confirmed=False)


def confirm_second_factor(user: User, *, code: str) -> tuple[TOTPDevice, list[str]] | None:
    """Switch the scanned device on with its first code, in place of any older one; None for a wrong code.

    Returns the device and new recovery codes, which can never be shown again. Raises ``ThrottledError``.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        if device is None or not _accepts(device, _digits(code)):
            return None
        TOTPDevice.objects.filter(user=user, confirmed=True).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        record(user, "accounts.second_factor.enabled", user)
        return device, _replace_recovery_codes(user)


def verify_second_factor(user: User, *, code: str) -> Device | None:
    """The device that accepts ``code``: six digits are the phone's, anything else is a recovery code.

    Raises ``ThrottledError`` while wrong codes of that device still have to be waited out.
    """
    digits = _digits(code)
    model = TOTPDevice if len(digits) == 6 else StaticDevice
    with transaction.atomic():
        device = model.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is None or not _accepts(device, digits if model is TOTPDevice else recovery_digest(code)):
            return None
        if model is StaticDevice:
            record(user, "accounts.recovery_code.used", user)
        return device


def renew_recovery_codes(user: User) -> list[str]:
    """A new set of recovery codes; the old ones stop working at once."""
    with transaction.atomic():
        record(user, "accounts.recovery_codes.renewed", user)
        return _replace_recovery_codes(user)


def reset_second_factor(user: User, *, actor: User | None = None) -> None:
    """Forget every device of ``user``, who sets up a new one at the next log-in (a lost phone)."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        record(actor, "accounts.second_factor.reset", user)


def create_api_token(user: User, *, days: int | None = None) -> str:
    """A new API token for ``user``, shown this once; valid for ``days``, or until it is revoked."""
    expiry = datetime.timedelta(days=days) if days else None
    with transaction.atomic():
        _instance, token = AuthToken.objects.create(user=user, expiry=expiry)
        record(user, "accounts.api_token.created", user, data={"days": days})
    return token


def forget_past_logins() -> None:
    """Delete where log-ins failed more than a day ago (address, browser), and sessions that have ended.

    The limit they serve looks back a quarter of an hour; a day leaves time to look into an attack.
    """
    past = timezone.now() - FAILED_LOGINS_KEPT
    for model in (AccessAttempt, AccessLog, AccessFailureLog):
        model.objects.filter(attempt_time__lt=past).delete()
    SessionStore.clear_expired()


def readable_secret(device: TOTPDevice) -> str:
    """The device's secret for typing into an app that cannot scan, in groups of four."""
    secret = base64.b32encode(device.bin_key).decode("ascii").rstrip("=")
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def recovery_digest(code: str) -> str:
    """What the database keeps of a recovery code: 80 bits, useless without the installation's keys.

    Reads the code as people write it down: case, blanks and dashes do not matter, nor O for 0 and I, L for 1.
    """
    plain = "".join(code.upper().split()).replace("-", "").translate(str.maketrans("OIL", "011"))
    return base64.b32encode(keyed_digest(RECOVERY_PURPOSE, plain)[:10]).decode("ascii").lower()


def _replace_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Mã dự phòng")
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=recovery_digest(code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _accepts(device: TOTPDevice | StaticDevice, token: str) -> bool:
    allowed, reason = device.verify_is_allowed()
    if not allowed:
        until = reason["locked_until"]
        raise ThrottledError(max(1, round((until - timezone.now()).total_seconds())))
    return device.verify_token(token)


def _digits(code: str) -> str:
    compact = "".join(code.split())
    return compact if compact.isascii() and compact.isdigit() else ""
