"""Events as Zalo sends them, signed over their bytes, for the tests of the webhook."""

import json
import time
from collections.abc import Iterator
from typing import Any

from django.test import Client

from groups.models import Group, OfficialAccount
from groups.zalo.signature import expected_mac

URL = "/zalo/webhook/"
_ids: Iterator[int] = iter(range(1, 10**9))


def now_ms(*, hours_ago: float = 0) -> str:
    """A timestamp of Zalo's."""
    return str(int((time.time() - hours_ago * 3600) * 1000))


def new_id() -> str:
    """20 hexadecimal digits, never the same."""
    return f"{next(_ids):020x}"


def event(account: OfficialAccount, name: str, **fields: Any) -> dict[str, Any]:
    """An event of ``account``, sent now."""
    common = {"app_id": account.app_id, "oa_id": account.oa_id, "event_name": name, "timestamp": now_ms()}
    return common | fields


def echo(group: Group, text: str, **fields: Any) -> dict[str, Any]:
    """Zalo's copy of what the account posted in its group."""
    account = group.official_account
    message = {"text": text, "msg_id": new_id()}
    sides = {"sender": {"id": account.oa_id}, "recipient": {"id": group.zalo_group_id}}
    return event(account, "oa_send_group_text", message=message, **sides) | fields


def moved(group: Group, name: str, *user_ids: str, **fields: Any) -> dict[str, Any]:
    """People who joined or left a group."""
    users = [{"id": user_id} for user_id in user_ids or [new_id()]]
    return event(group.official_account, name, group_id=group.zalo_group_id, users=users) | fields


def private(account: OfficialAccount, text: str, *, user_id: str = "3000000000000000003", **fields: Any):
    """What a resident wrote to the account."""
    body = event(account, "user_send_text", sender={"id": user_id}, recipient={"id": account.oa_id})
    del body["oa_id"]
    return body | {"message": {"msg_id": new_id(), "text": text}} | fields


def raw(body: dict[str, Any], *, escaped: bool = False) -> bytes:
    """The bytes on the wire: Vietnamese unescaped, as Zalo does, or escaped."""
    return json.dumps(body, ensure_ascii=escaped, separators=(",", ":")).encode()


def signature(raw_body: bytes, secret: str = "oa-secret") -> str:
    """The header's value for a body that can be read."""
    body = json.loads(raw_body)
    return f"mac={expected_mac(body['app_id'], raw_body, str(body['timestamp']), secret)}"


def post(body: dict[str, Any] | bytes, *, client: Client | None = None, mac: str | None = None, **how: Any):
    """Deliver an event; ``mac`` replaces the right signature."""
    raw_body = body if isinstance(body, bytes) else raw(body, **how)
    headers = {"X-ZEvent-Signature": signature(raw_body) if mac is None else mac}
    return (client or Client()).post(URL, raw_body, content_type="application/json", headers=headers)
