"""System checks of the keys: a portal with unusable keys must not start.

E001 no field key, E002 malformed field key, E003 field key given twice, E004 identity public key missing or
malformed, E005 identity private key malformed, E006 the identity keys are not a pair, E007 (with the database
checks, by ``prepare`` and before every migrate) the field keys do not open what the database holds.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from nacl.public import PrivateKey

from portal.crypto.errors import CryptoError, KeyConfigurationError
from portal.crypto.keyring import decode_key
from portal.crypto.models import DigestKey

KEY_HINT = (
    'Tạo khóa mới: python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())" '
    "Đừng bỏ khóa cũ khi dữ liệu còn mã hóa bằng khóa ấy (xem lệnh rotate_keys)."
)


def check_field_keys(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The key ring has at least one key, all well formed, none twice."""
    encoded = list(getattr(settings, "FIELD_KEYS", ()) or ())
    if not encoded:
        return [Error("FIELD_KEYS chưa có khóa nào.", hint=KEY_HINT, id="crypto.E001")]
    errors, seen = [], set()
    for position, text in enumerate(encoded, start=1):
        key = _decoded(text)
        if key is None:
            message = f"FIELD_KEYS: khóa thứ {position} không phải base64 của 32 byte."
            errors.append(Error(message, hint=KEY_HINT, id="crypto.E002"))
        elif key in seen:
            errors.append(Error(f"FIELD_KEYS: khóa thứ {position} bị lặp.", id="crypto.E003"))
        seen.add(key)
    return errors


def check_identity_keys(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The public key is there; the first private one, where present, belongs to it; former ones follow."""
    public = _decoded(getattr(settings, "IDENTITY_PUBLIC_KEY", ""))
    if public is None:
        return [Error("IDENTITY_PUBLIC_KEY thiếu hoặc không phải base64 của 32 byte.", id="crypto.E004")]
    encoded_private = getattr(settings, "IDENTITY_PRIVATE_KEY", "")
    if not encoded_private:
        return []
    private, *former = map(_decoded, encoded_private.split(","))
    if private is None or None in former:
        return [Error("IDENTITY_PRIVATE_KEY không phải base64 của 32 byte.", id="crypto.E005")]
    if bytes(PrivateKey(private).public_key) != public:
        message = "IDENTITY_PRIVATE_KEY và IDENTITY_PUBLIC_KEY không cùng một cặp."
        return [Error(message, hint="Thông tin người gửi sẽ không mở được.", id="crypto.E006")]
    return []


def require_usable_keys() -> None:
    """For the start of a process: raise ImproperlyConfigured when it could not keep a tip secret."""
    if errors := [*check_field_keys(), *check_identity_keys()]:
        raise ImproperlyConfigured(" ".join(str(error.msg) for error in errors))


def check_stored_keys(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The digest keys in the database open with the key ring: catches keys of another installation."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        if DigestKey._meta.db_table not in connections[alias].introspection.table_names():
            continue
        try:
            list(DigestKey.objects.using(alias))
        except CryptoError:
            message = f"FIELD_KEYS không mở được dữ liệu trong cơ sở dữ liệu {alias}."
            hint = "Dùng lại khóa của bản cài này; khóa cũ phải còn trong FIELD_KEYS."
            errors.append(Error(message, hint=hint, id="crypto.E007"))
    return errors


def _decoded(text: str) -> bytes | None:
    try:
        return decode_key(text)
    except (KeyConfigurationError, AttributeError):
        return None
