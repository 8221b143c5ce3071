"""Receipts and public ids in Crockford's base32: the sender's only key to a tip, and the staff's name for it.

A receipt has 80 random bits, so guessing is hopeless even at thousands of tries a second; the database keeps
its slow keyed digest only. A receipt that came from a form is derived from the form's secret token (see
docs/decisions/0003-receipt-from-form-token.md), so that sending one form twice shows one receipt twice.
"""

import secrets

from django.core import signing

from portal.crypto.digests import keyed_digest, slow_digest

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_CHARACTERS = 16
RECEIPT_BYTES = 10
PUBLIC_ID_CHARACTERS = 9
FORM_TOKEN_BYTES = 16

_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_IGNORED = str.maketrans("", "", " \t\r\n\u00a0\u200b-\u2010\u2011\u2012\u2013\u2014\u2212_.")
_LONGEST_INPUT = 200
# What is digested in place of a malformed receipt: no receipt can equal it, and the cost is the same.
_IMPOSSIBLE = "-" * RECEIPT_CHARACTERS
# What the digests of the first receipts cost (docs/decisions/0015-what-a-receipt-digest-costs.md).
_FORMER_TURNS = 2**10
_form_signer = signing.Signer(salt="tips.form-token")


def new_receipt() -> str:
    """A fresh receipt of 80 random bits, without dashes."""
    return _encode(secrets.token_bytes(RECEIPT_BYTES))


def sending_of_form(token: str, *, category: str, unit_code: str) -> str:
    """What one tip of a form is known by: the same form about another matter or commune is another tip."""
    return f"{token}|{category}|{unit_code}"


def receipt_of_form(sending: str) -> str:
    """The receipt that belongs to one sending of a form: always the same one, without dashes."""
    return _encode(keyed_digest("tips.receipt-of-form", sending)[:RECEIPT_BYTES])


def format_receipt(receipt: str) -> str:
    """XXXX-XXXX-XXXX-XXXX."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def normalise(raw: object) -> str | None:
    """Read a receipt as typed: any case, spaces and dashes anywhere, O for 0, I or L for 1.

    None for anything that cannot be a receipt.
    """
    if not isinstance(raw, str) or len(raw) > _LONGEST_INPUT:
        return None
    text = raw.translate(_IGNORED).upper().translate(_LOOKALIKES)
    if len(text) != RECEIPT_CHARACTERS or not set(text) <= set(ALPHABET):
        return None
    return text


def digest(raw: object) -> str:
    """The hexadecimal digest a tip keeps of its receipt; a malformed one costs the same and matches none."""
    return slow_digest("tips.receipt", normalise(raw) or _IMPOSSIBLE).hex()


def digests(raw: object) -> list[str]:
    """All digests to look a receipt up by, at the same cost for whatever was typed."""
    former = slow_digest("tips.receipt", normalise(raw) or _IMPOSSIBLE, _FORMER_TURNS)
    return [digest(raw), former.hex()]


def new_public_id() -> str:
    """A short random id for staff, files and the API; it tells neither number nor time."""
    return "".join(secrets.choice(ALPHABET) for _ in range(PUBLIC_ID_CHARACTERS))


def new_form_token() -> str:
    """A signed 128-bit token for one form page; it goes into a hidden field, never into an address."""
    return _form_signer.sign(secrets.token_hex(FORM_TOKEN_BYTES))


def read_form_token(signed: str | None) -> str | None:
    """The token inside, or None when this server did not issue it: a sender cannot choose a weak one."""
    if not signed:
        return None
    try:
        return _form_signer.unsign(signed)
    except signing.BadSignature:
        return None


def form_token_digest(token: str) -> str:
    """What is stored of a form token or of one sending of it: hexadecimal, 64 characters."""
    return keyed_digest("tips.form-token", token).hex()


def _encode(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    length = len(data) * 8 // 5
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (length - 1), -1, -5))
