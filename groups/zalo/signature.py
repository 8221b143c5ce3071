"""Signatures of Zalo's webhooks: ``X-ZEvent-Signature: mac=<64 hex digits>``.

``mac`` is the SHA-256 of app id + raw body + ``timestamp`` + OA secret key, joined as bytes; not an HMAC. The
body is hashed exactly as received: parsing and writing it again changes escapes, and with them the hash. The
OA secret key is not the app secret.
"""

import hashlib
import hmac
import json
import re
from typing import Any

HEADER = "X-ZEvent-Signature"
# Milliseconds have thirteen digits today; a number of thousands of them is a trap, not a time.
_NUMBER = re.compile(r"[0-9]{1,16}")
_MAC = re.compile(r"\s*(?:mac=)?\s*([0-9a-fA-F]{64})\s*")


class UnreadableBodyError(ValueError):
    """The body of a webhook is not a JSON object."""


def parse(raw_body: bytes) -> dict[str, Any]:
    """The event in ``raw_body``. Raises ``UnreadableBodyError``; says nothing about who sent it."""
    try:
        # Decoded here: left to guess, the parser would also read UTF-16 and UTF-32, which nobody sends.
        event = json.loads(raw_body.decode())
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise UnreadableBodyError("webhook body is not a JSON object")
    return event


def expected_mac(app_id: str, raw_body: bytes, timestamp: str, secret: str) -> str:
    """The 64 lower-case hex digits Zalo sends for this body."""
    return hashlib.sha256(app_id.encode() + raw_body + timestamp.encode() + secret.encode()).hexdigest()


def verify(header: str | None, raw_body: bytes, app_id: str, secret: str) -> bool:
    """``is_signed`` for a body nobody has parsed yet. Raises ``UnreadableBodyError``."""
    return is_signed(header, raw_body, parse(raw_body), app_id, secret)


def is_signed(header: str | None, raw_body: bytes, event: dict[str, Any], app_id: str, secret: str) -> bool:
    """Whether ``header`` proves that the app ``app_id`` was sent this body by Zalo; ``event`` is it, parsed.

    False for a missing or malformed header, a body of another app, a wrong hash, or an empty secret.
    Compares in constant time. Age is not judged here; see ``sent_at_ms``.
    """
    match = _MAC.fullmatch(header or "")
    timestamp = _digits(event.get("timestamp"))
    if match is None or not secret or not _NUMBER.fullmatch(timestamp or ""):
        return False
    if _digits(event.get("app_id")) != app_id:
        return False
    expected = expected_mac(app_id, raw_body, timestamp, secret)
    return hmac.compare_digest(expected, match[1].lower())


def sent_at_ms(event: dict[str, Any]) -> int | None:
    """When the event happened, in ms since 1970; None when its ``timestamp`` is no such number."""
    timestamp = _digits(event.get("timestamp")) or ""
    return int(timestamp) if _NUMBER.fullmatch(timestamp) else None


def _digits(value: Any) -> str | None:
    """A string as it is, an integer as it is written in JSON, None for the rest."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
