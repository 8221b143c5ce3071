"""Webhook events in the platform's shapes. Ids, times, sizes and coordinates are strings."""

import json
from typing import TYPE_CHECKING, Any

from groups.zalo.simulator.people import Person
from groups.zalo.simulator.records import Account, Group, Message

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World

# The last word of ``user_send_*`` and ``oa_send_*`` by the kind of a message.
EVENT_KINDS = {"photo": "image", "card": "business_card", "request": "request_user_info"}
Event = dict[str, Any]


def in_group(world: "World", account: Account, group: Group, message: Message) -> Event:
    """``oa_send_group_*`` for what the account posted, ``user_send_group_*`` for what a member wrote."""
    side = "oa" if message.is_ours else "user"
    sender = account.oa_id if message.is_ours else message.from_id
    return {
        **_head(account, f"{side}_send_group_{_kind(message)}", message.at),
        "sender": {"id": sender},
        "recipient": {"id": group.group_id},
        "message": _body(world, message),
    }


def in_private(world: "World", account: Account, person: Person, message: Message) -> Event:
    """``user_send_*`` for what a person wrote, ``oa_send_*`` for what the account answered."""
    sides = [{"id": person.user_id}, {"id": account.oa_id}]
    if message.is_ours:
        sides.reverse()
    side = "oa" if message.is_ours else "user"
    event = {
        **_head(account, f"{side}_send_{_kind(message)}", message.at),
        "user_id_by_app": f"5{person.user_id[1:]}",
        "sender": sides[0],
        "recipient": sides[1],
        "message": _body(world, message),
    }
    # Private messages name the account as sender or recipient only.
    del event["oa_id"]
    return event


def follow(account: Account, person: Person, at: int) -> Event:
    """``follow`` or ``unfollow``, by what the person is now."""
    return {
        **_head(account, "follow" if person.is_follower else "unfollow", at),
        "user_id_by_app": f"5{person.user_id[1:]}",
        "source": "oa_profile",
        "follower": {"id": person.user_id},
    }


def withdrawn(account: Account, person: Person, at: int) -> Event:
    """``user_withdraw``: a person takes their consent back."""
    return {**_head(account, "user_withdraw", at), "user_id": person.user_id}


def of_group(account: Account, name: str, group: Group, users: list[str], at: int) -> Event:
    """A step in the life of a group."""
    event = {**_head(account, name, at), "group_id": group.group_id}
    if users:
        event["users"] = [{"id": user_id} for user_id in users]
    if name in {"create_group", "update_group_info"}:
        event["group_info"] = {"group_id": group.group_id, "name": group.name, "status": group.status}
    return event


def of_account(account: Account, name: str, at: int) -> Event:
    """News of the account itself, such as ``permission_revoked``."""
    return _head(account, name, at)


def _head(account: Account, name: str, at: int) -> Event:
    return {"app_id": account.app_id, "oa_id": account.oa_id, "event_name": name, "timestamp": str(at)}


def _kind(message: Message) -> str:
    return EVENT_KINDS.get(message.kind, message.kind)


def _body(world: "World", message: Message) -> Event:
    body: Event = {"msg_id": message.message_id, "text": message.text}
    attachment = _attachment(world, message)
    if attachment:
        body["attachments"] = [attachment]
    if not message.text and attachment:
        del body["text"]
    if "quote_msg_id" in message.details:
        body["quote_msg_id"] = message.details["quote_msg_id"]
    return body


def _attachment(world: "World", message: Message) -> Event | None:
    """What hangs on a message; addresses point at the simulator itself."""
    kind, details = message.kind, message.details
    url = details.get("url") or f"{world.base_url}/media/{message.attachment_id}"
    if kind == "location":
        place = {"latitude": details["latitude"], "longitude": details["longitude"]}
        return {"type": "location", "payload": {"coordinates": place}}
    if kind == "sticker":
        return {
            "type": "sticker",
            "payload": {"id": details["sticker_id"], "url": f"{world.base_url}/media/sticker"},
        }
    if kind == "file":
        return {"type": "file", "payload": {**_file_facts(world, message), "url": url}}
    if kind == "card":
        card = json.dumps({"phone": details.get("phone", ""), "qrCodeUrl": ""})
        return {"type": "link", "payload": {"thumbnail": "", "description": card, "url": url}}
    if kind == "link":
        return {"type": "link", "payload": {"thumbnail": "", "description": message.text, "url": url}}
    if kind in {"photo", "gif"}:
        return {"type": EVENT_KINDS.get(kind, kind), "payload": {"thumbnail": url, "url": url}}
    if kind == "video":
        return {"type": "video", "payload": {"url": url, "thumbnail": url, "description": message.text}}
    return {"type": "audio", "payload": {"url": url}} if kind == "audio" else None


def _file_facts(world: "World", message: Message) -> Event:
    upload = world.uploads.get(message.attachment_id)
    name = upload.name if upload else ""
    return {
        "size": str(len(upload.content)) if upload else "0",
        "name": name or "tep",
        "checksum": message.attachment_id,
        "type": name.rpartition(".")[2] or "bin",
    }
