"""Zalo's envelope: ``{"error": 0, "message": "Success", "data": ...}``, read leniently, refused when in
doubt.

``error`` may be a string, ``data`` may be absent, the content type may be ``text/json``, refusals come with
HTTP 200. Whatever cannot be read says nothing about what happened to the message: ``OutcomeUnknown``.
"""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from groups.zalo.errors import (
    ChannelStopped,
    OutcomeUnknown,
    Permanent,
    Scope,
    Temporary,
    TokenRejected,
    ZaloError,
    classify,
)
from groups.zalo.http import Reply

# What a column of our database holds.
LARGEST_CODE = 2**31
ADDRESS_WRONG = _("Máy chủ Zalo không nhận ra địa chỉ gọi. Cần kiểm tra cấu hình hoặc cập nhật phần mềm.")


def open_envelope(reply: Reply, *, hide: tuple[str, ...] = ()) -> Any:
    """The ``data`` of a success (None when absent), else the error raised.

    ``hide``: secrets of the request, blacked out should the other side quote them in its message.
    """
    document = read_object(reply.body)
    code = read_code(document.get("error")) if document is not None else None
    if code is None:
        raise unreadable(reply)
    if code != 0:
        raise classify(code, black_out(str(document.get("message") or ""), hide))
    if reply.status >= 500:
        # A gateway's 5xx around a success is a contradiction, so nothing is certain.
        raise OutcomeUnknown(reply.status, "success inside a server error")
    return document.get("data")


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in ``body``, or None for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def read_code(value: Any) -> int | None:
    """``0``, ``-201``, ``"-201"`` as an integer; None for what is no code, or longer than any."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        code = int(value)
    except ValueError:
        return None
    return code if abs(code) < LARGEST_CODE else None


def black_out(message: str, hide: tuple[str, ...]) -> str:
    """``message`` without the given secrets."""
    for secret in filter(None, hide):
        message = message.replace(secret, "***")
    return message


def unreadable(reply: Reply) -> ZaloError:
    """The class of an answer without an envelope: only the HTTP status speaks."""
    status = reply.status
    message = f"HTTP {status} without an envelope, {len(reply.body)} bytes"
    if status == 401:
        return TokenRejected(status, message)
    if status == 429:
        return Temporary(status, message, scope=Scope.ACCOUNT, wait_seconds=retry_after(reply))
    if status in {403, 404, 405}:
        return ChannelStopped(status, message, ADDRESS_WRONG)
    if 400 <= status < 500 and status != 408:
        return Permanent(status, message)
    return OutcomeUnknown(status, message)


def retry_after(reply: Reply, default: int = 60) -> int:
    """Seconds of the ``Retry-After`` header, between 1 and 3,600; ``default`` when absent or a date."""
    value = reply.headers.get("retry-after", "")
    return min(max(int(value), 1), 3600) if value.isdecimal() else default
