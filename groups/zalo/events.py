"""What the events of Zalo's webhooks are called, whom they concern, and what makes one of them one.

Everything here reads a body whose signature was checked, and still trusts none of its shapes: ids that could
be no id of Zalo's are as good as absent.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

GROUP_ECHO = "oa_send_group_"
PRIVATE_MESSAGE = "user_send_"
GROUP_MESSAGE = "user_send_group_"
JOINED, LEFT = "user_join_group", "user_out_group"
CREATED, UPDATED, DELETED = "create_group", "update_group_info", "delete_group"
REVOKED, WITHDRAWN = "permission_revoked", "user_withdraw"
# Other names seen for the same thing.
ALIASES = {"user_leave_group": LEFT, "disperse_group": DELETED}
# Events that somebody here reads, besides the messages.
READ = frozenset((JOINED, LEFT, CREATED, UPDATED, DELETED, REVOKED, WITHDRAWN))
# What a message may be made of, by the last part of its event's name.
KINDS = "text image gif link location file audio video sticker business_card".split()
# Everything above, as an administrator ticks it in Zalo's console. What residents write to each other in a
# group is not among it: nobody here reads that.
TO_TICK = (
    (*(PRIVATE_MESSAGE + kind for kind in KINDS), WITHDRAWN),
    tuple(GROUP_ECHO + kind for kind in KINDS),
    (CREATED, UPDATED, DELETED, JOINED, LEFT),
    (REVOKED,),
)
LIFE_CYCLE = frozenset(
    "create_group update_group_info delete_group user_join_group user_out_group user_request_join_group "
    "accept_request_join_group reject_request_join_group add_group_admin remove_group_admin".split()
)
_NAME = re.compile(r"[0-9a-z_.]{1,60}")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def name_of(body: dict[str, Any]) -> str:
    """The event's name, aliases resolved; empty when it has none that could be one."""
    name = body.get("event_name")
    name = name if isinstance(name, str) and _NAME.fullmatch(name) else ""
    return ALIASES.get(name, name)


def is_read(name: str) -> bool:
    """Whether anybody works on such events; of the others the body is not even stored."""
    if name.startswith(GROUP_MESSAGE):
        return False
    return name in READ or name.startswith((GROUP_ECHO, PRIVATE_MESSAGE))


def is_private(name: str) -> bool:
    """Whether a resident wrote to the account alone: such a message may become a tip."""
    return name.startswith(PRIVATE_MESSAGE) and not name.startswith(GROUP_MESSAGE)


def account_ids(body: dict[str, Any]) -> list[str]:
    """Ids that may be the official account's, the likeliest first: one of them is, or none of ours."""
    if named := as_id(body.get("oa_id")):
        return [named]
    sides = ("sender", "recipient") if name_of(body).startswith("oa_") else ("recipient", "sender")
    return [found for side in sides if (found := id_in(body, side))]


def id_in(body: dict[str, Any], name: str) -> str:
    """The id in ``{"<name>": {"id": ...}}``, or an empty string."""
    side = body.get(name)
    return as_id(side.get("id")) if isinstance(side, dict) else ""


def as_id(value: Any) -> str:
    """``value`` when it can be an id of Zalo's, else an empty string."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**20:
        value = str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def user_ids(body: dict[str, Any]) -> list[str]:
    """Whom a life-cycle event is about, each once, in the order given."""
    return list(dict.fromkeys(_listed_ids(body)))


def _listed_ids(body: dict[str, Any]) -> Iterator[str]:
    users = body.get("users")
    for user in users if isinstance(users, list) else ():
        if isinstance(user, dict) and (found := as_id(user.get("id"))):
            yield found


def group_of(body: dict[str, Any]) -> str:
    """The group the event is about; empty when there is none."""
    return as_id(body.get("group_id")) or id_in(body, "recipient")


def message_of(body: dict[str, Any]) -> dict[str, Any]:
    """The message of the event; empty when it has none."""
    message = body.get("message")
    return message if isinstance(message, dict) else {}


def attachments_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """What hangs on a message, whatever is no object left out."""
    found = message.get("attachments")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def dedupe_key(name: str, oa_id: str, body: dict[str, Any], raw_body: bytes) -> str:
    """What two deliveries of one event share: 64 hexadecimal digits.

    A message is known by its id. Of a group's life cycle group, moment and people count. Anything else is
    the bytes themselves: the platform repeats them unchanged.
    """
    message_id = message_of(body).get("msg_id")
    parts: list[Any] = [name, oa_id]
    if isinstance(message_id, str) and message_id:
        parts += ["message", message_id]
    elif name in LIFE_CYCLE:
        parts += ["group", as_id(body.get("group_id")), str(body.get("timestamp")), sorted(user_ids(body))]
    else:
        parts += ["body", hashlib.sha256(raw_body).hexdigest()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
