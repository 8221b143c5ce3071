"""What the platform accepts as a message, to a group or to one person, and whom a message rings."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from groups.zalo.simulator.records import Account, Group, Refusal

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World

MAX_TEXT = 2000
MAX_BYTES = {"image": 1024 * 1024, "gif": 5 * 1024 * 1024, "file": 5 * 1024 * 1024}
# What the first bytes of a file say it is, by the path it is uploaded to.
SIGNATURES = {
    "image": {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"},
    "gif": {b"GIF87a": "image/gif", b"GIF89a": "image/gif"},
    "file": {
        b"%PDF-": "application/pdf",
        b"\xd0\xcf\x11\xe0": "application/msword",
        b"PK\x03\x04": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    },
}
MEDIA = {"image": "photo", "sticker": "sticker"}
PRIVATE_MEDIA = MEDIA | {"gif": "gif"}
MARKER = re.compile(r"\[@([0-9A-Za-z]{1,40})\]")
COUNTED = {
    "characters": len,
    "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": lambda text: len(text.encode()),
}


@dataclass(slots=True)
class Draft:
    """A message body that may be sent."""

    text: str
    kind: str = "text"
    attachment_id: str = ""
    details: dict[str, str] = field(default_factory=dict)

    @property
    def kind_fields(self) -> dict[str, Any]:
        return {"kind": self.kind, "attachment_id": self.attachment_id, "details": self.details}


def read(world: "World", account: Account, body: Any, *, is_private: bool = False) -> Draft:
    """Check a message body. -201 senseless, -210 too long, -233 not this kind, -248 a listed word."""
    if not isinstance(body, dict):
        raise Refusal(-201, "message is invalid!")
    text = body.get("text") or ""
    if not isinstance(text, str):
        raise Refusal(-201, "text is invalid!")
    draft = _attached(world, account, body.get("attachment"), is_private=is_private)
    if draft.kind == "text" and not text.strip():
        raise Refusal(-201, "text is invalid!")
    if COUNTED[world.switches.count_unit](text) > MAX_TEXT:
        raise Refusal(-210, "text is over its limit")
    lowered = text.casefold()
    if any(word.casefold() in lowered for word in world.switches.banned_words):
        raise Refusal(-248, "content violates the platform standards")
    draft.text = text
    quoted = body.get("quote_message_id")
    if is_private and isinstance(quoted, str):
        draft.details["quote_message_id"] = quoted
    return draft


def rings(text: str, group: Group) -> list[str]:
    """User ids a text rings in a group, ``["all"]`` for everyone; markers of strangers ring nobody."""
    if "[@" not in text:
        return []
    named = set(MARKER.findall(text))
    if group.group_id in named:
        return ["all"]
    return [member["user_id"] for member in group.members if member["user_id"] in named]


def content_type_of(content: bytes, purpose: str) -> str:
    """The type of an upload by its first bytes; -201 for another type, -210 for too many bytes."""
    known = SIGNATURES[purpose]
    found = next((kind for start, kind in known.items() if content.startswith(start)), None)
    if found is None:
        raise Refusal(-201, "file is invalid!")
    if len(content) > MAX_BYTES[purpose]:
        raise Refusal(-210, "file is over its limit")
    return found


def _attached(world: "World", account: Account, attachment: object, *, is_private: bool) -> Draft:
    """A draft of the attachment alone."""
    if attachment is None:
        return Draft("")
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    if not isinstance(payload, dict):
        raise Refusal(-201, "attachment is invalid!")
    if attachment.get("type") == "file":
        return Draft("", "file", world.uploaded(account, payload.get("token")))
    is_request = is_private and payload.get("template_type") == "request_user_info"
    if attachment.get("type") != "template" or (payload.get("template_type") != "media" and not is_request):
        raise Refusal(-233, "message type is not supported")
    elements = payload.get("elements")
    if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], dict):
        raise Refusal(-201, "elements is invalid!")
    if is_request:
        return Draft("", "request", details={"title": str(elements[0].get("title", ""))})
    return _media(world, account, elements[0], PRIVATE_MEDIA if is_private else MEDIA)


def _media(world: "World", account: Account, element: dict[str, Any], allowed: dict[str, str]) -> Draft:
    kind = allowed.get(element.get("media_type"))
    if kind is None:
        raise Refusal(-233, "message type is not supported")
    if kind == "gif" and not (element.get("width") and element.get("height")):
        raise Refusal(-201, "width is invalid!")
    url = element.get("url")
    if isinstance(url, str) and url and "attachment_id" not in element:
        if not world.switches.accept_urls:
            raise Refusal(-201, "attachment_id is invalid!")
        return Draft("", kind, details={"url": url})
    attachment_id = element.get("attachment_id")
    if kind == "sticker":
        # Stickers come from the platform's own shop, so any id is taken for one of them.
        if not isinstance(attachment_id, str) or not attachment_id:
            raise Refusal(-201, "attachment_id is invalid!")
        return Draft("", kind, details={"sticker_id": attachment_id})
    return Draft("", kind, world.uploaded(account, attachment_id))
