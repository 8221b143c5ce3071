"""Private messages between one person and an account: what the platform allows, and what each side sees."""

from dataclasses import dataclass, field
from typing import Any

from groups.zalo.simulator.state import MAX_TEXT, Account, Message, Refusal, World

FREE_WINDOW_MS = 48 * 3600 * 1000
REPLY_WINDOW_MS = 7 * 24 * 3600 * 1000


@dataclass(slots=True)
class Person:
    """Someone who has written to an account. Ids are per account, as on the platform."""

    user_id: str
    oa_id: str
    name: str
    is_follower: bool = True
    last_interaction_at: int = 0
    messages: list[Message] = field(default_factory=list)


def key_of(oa_id: str, user_id: str) -> str:
    return f"{oa_id}:{user_id}"


def register(world: World, oa_id: str, name: str, *, user_id: str = "", is_follower: bool = True) -> Person:
    """A person who has just met the account."""
    user_id = user_id or str(world.random.randrange(10**18, 9 * 10**18))
    person = Person(user_id, oa_id, name, is_follower, world.clock.now())
    world.people[key_of(oa_id, user_id)] = person
    world.version += 1
    return person


def say(world: World, person: Person, text: str, *, kind: str = "text", attachment_id: str = "") -> Message:
    """The person writes to the account; that opens the account's window to answer."""
    now = world.clock.now()
    message = Message(
        world.new_id(), text, now, kind, attachment_id, person.user_id, person.name, is_ours=False
    )
    person.last_interaction_at = now
    person.messages.append(message)
    world.version += 1
    return message


def answer(world: World, account: Account, user_id: Any, body: Any) -> tuple[Person, Message, dict[str, str]]:
    """The account writes to a person, within 7 days of the last interaction; the message and its quota."""
    if account.private_code:
        raise Refusal(account.private_code, "private messages are closed for this account")
    person = world.people.get(key_of(account.oa_id, user_id)) if isinstance(user_id, str) else None
    if person is None:
        raise Refusal(-201, "user_id is invalid!")
    if not person.is_follower:
        raise Refusal(-213, "user is not follower")
    idle = world.clock.now() - person.last_interaction_at
    if idle > REPLY_WINDOW_MS:
        raise Refusal(-230, "user has not interacted with the OA in the past 7 days")
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Refusal(-201, "text is invalid!")
    if len(text) > MAX_TEXT:
        raise Refusal(-210, "text is over its limit")
    message = Message(world.new_id(), text, world.clock.now(), from_id=account.oa_id)
    person.messages.append(message)
    world.version += 1
    return person, message, _quota(account, is_free=idle <= FREE_WINDOW_MS)


def _quota(account: Account, *, is_free: bool) -> dict[str, str]:
    """All strings, as on the platform."""
    return {
        "quota_type": "reply" if is_free else "sub_quota",
        "remain": "unlimited" if is_free else "1999",
        "total": "unlimited" if is_free else "2000",
        "expired_date": "31/12/2026",
        "owner_type": "OA",
        "owner_id": account.oa_id,
    }
