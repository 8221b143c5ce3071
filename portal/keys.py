"""New keys for one installation: ``python -m portal.keys [--env-file PATH]``.

Prints the settings an installation needs and nobody else has. With ``--env-file`` it writes them, for a
development machine, to a file only its owner can read, unless that file exists.
"""

import argparse
import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.public import PrivateKey


def new_keys() -> dict[str, str]:
    """A secret key, a key for stored fields, the pair that seals contacts, the pair that signs web pushes."""
    vapid = ec.generate_private_key(ec.SECP256R1())
    identity = PrivateKey.generate()
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": _base64(os.urandom(32)),
        "IDENTITY_PUBLIC_KEY": _base64(bytes(identity.public_key)),
        "IDENTITY_PRIVATE_KEY": _base64(bytes(identity)),
        "VAPID_PUBLIC_KEY": _point(vapid),
        "VAPID_PRIVATE_KEY": _url_safe(vapid.private_numbers().private_value.to_bytes(32, "big")),
    }


def public_push_key(private: str) -> str:
    """The public half of a key that signs web pushes; empty for what is no such key."""
    try:
        number = int.from_bytes(base64.urlsafe_b64decode(private + "=" * (-len(private) % 4)), "big")
        return _point(ec.derive_private_key(number, ec.SECP256R1()))
    except ValueError:
        return ""


def write_env_file(path: Path) -> bool:
    """Write a development ``.env`` with new keys; False, and nothing done, when there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("# This machine only. The environment wins over this file; DEBUG=1 is for development.\n")
        file.write(_lines({"DEBUG": "1", **new_keys()}))
    return True


def main() -> None:
    """Print the keys, or write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env-file", type=Path, help="write a development .env here, unless it exists")
    path = parser.parse_args().env_file
    if path is None:
        print(_lines(new_keys()), end="")
    elif write_env_file(path):
        print(f"{path}: new keys, DEBUG=1")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _point(key: ec.EllipticCurvePrivateKey) -> str:
    return _url_safe(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _url_safe(data: bytes) -> str:
    """URL-safe and without padding, as browsers and push services want their keys."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _lines(values: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    main()
