"""Sealed boxes for the contact of a sender: any process can close one, only staff processes can open it.

libsodium sealed box (X25519, XSalsa20-Poly1305). The public web process runs without IDENTITY_PRIVATE_KEY, so
whoever takes it over cannot read the contacts already stored. The first of several private keys, parted by
commas, belongs to the public one; those of former pairs follow, since no box is ever closed anew.
"""

from contextlib import suppress

from django.conf import settings
from nacl.exceptions import CryptoError as SodiumError
from nacl.public import PrivateKey, PublicKey, SealedBox

from portal.crypto.errors import NoPrivateKeyError, TamperedTokenError
from portal.crypto.keyring import decode_key


def seal(data: bytes) -> bytes:
    """Close the data in a box for IDENTITY_PUBLIC_KEY; equal data gives different boxes."""
    return SealedBox(PublicKey(decode_key(settings.IDENTITY_PUBLIC_KEY))).encrypt(data)


def unseal(blob: bytes) -> bytes:
    """Open a box.

    Raises NoPrivateKeyError when this process has no private key, TamperedTokenError when the box was
    changed or made for a key that is not here.
    """
    if not settings.IDENTITY_PRIVATE_KEY:
        raise NoPrivateKeyError("IDENTITY_PRIVATE_KEY is not set in this process")
    for key in settings.IDENTITY_PRIVATE_KEY.split(","):
        with suppress(SodiumError, ValueError, TypeError):
            return SealedBox(PrivateKey(decode_key(key))).decrypt(bytes(blob))
    raise TamperedTokenError("sealed box does not open with any key of this process")


def can_unseal() -> bool:
    """Whether this process holds a private key at all."""
    return bool(settings.IDENTITY_PRIVATE_KEY)
