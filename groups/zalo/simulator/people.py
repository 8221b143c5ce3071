"""Private messages between one person and an account: what the platform allows, and what each side sees."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from groups.zalo.simulator import assets, posting
from groups.zalo.simulator.records import DAY_MS, HOUR_MS, Account, Message, Refusal

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World

FREE_WINDOW_MS = 48 * HOUR_MS
REPLY_WINDOW_MS = 7 * DAY_MS


@dataclass(slots=True)
class Person:
    """Someone who has met an account. Ids are per account, as on the platform.

    ``screen``: what the person's phone shows: ``home``, ``oa`` or a group id; ``is_on_table``: whether it
    lies in the row of phones.
    """

    user_id: str
    oa_id: str
    name: str
    is_follower: bool = True
    last_interaction_at: int = 0
    messages: list[Message] = field(default_factory=list)
    blocks_invitations: bool = False
    screen: str = "oa"
    is_on_table: bool = True
    shared_info: dict[str, str] = field(default_factory=dict)


def key_of(oa_id: str, user_id: str) -> str:
    return f"{oa_id}:{user_id}"


def register(world: "World", oa_id: str, name: str, *, user_id: str = "", is_follower: bool = True) -> Person:
    """A person who has just met the account."""
    user_id = user_id or world.new_number()
    person = Person(user_id, oa_id, name, is_follower, world.clock.now())
    world.people[key_of(oa_id, user_id)] = person
    world.version += 1
    return person


def follow(world: "World", person: Person) -> None:
    """Following counts as speaking: it opens the window to answer."""
    person.is_follower, person.last_interaction_at = True, world.clock.now()
    world.version += 1


def unfollow(world: "World", person: Person) -> None:
    person.is_follower = False
    world.version += 1


def say(
    world: "World",
    person: Person,
    text: str,
    *,
    kind: str = "text",
    attachment_id: str = "",
    details: dict[str, str] | None = None,
) -> Message:
    """The person writes to the account; that opens the account's window to answer."""
    now = world.clock.now()
    message = Message(
        world.new_id(),
        text,
        now,
        kind,
        attachment_id,
        person.user_id,
        person.name,
        is_ours=False,
        details=details or {},
    )
    person.last_interaction_at = now
    person.messages.append(message)
    world.version += 1
    return message


def is_recent(world: "World", person: Person) -> bool:
    """Whether the person spoke, followed or tapped within the last seven days."""
    return world.clock.now() - person.last_interaction_at <= REPLY_WINDOW_MS


def person_of(world: "World", account: Account, user_id: Any) -> Person:
    """A person who has met the account, else -201."""
    person = world.people.get(key_of(account.oa_id, user_id)) if isinstance(user_id, str) else None
    if person is None:
        raise Refusal(-201, "user_id is invalid!")
    return person


def answer(
    world: "World", account: Account, user_id: Any, body: Any, *, version: int = 3
) -> tuple[Person, Message, dict[str, str]]:
    """The account writes to a person, within 7 days of the last interaction; the message and its quota.

    ``version`` of the address: a state agency may be refused on 3 and let through on 2.
    """
    _check_kind_of_account(world, account, version)
    person = person_of(world, account, user_id)
    if not person.is_follower:
        raise Refusal(-213, "user is not follower")
    if not is_recent(world, person):
        raise Refusal(-230, "user has not interacted with the OA in the past 7 days")
    draft = posting.read(world, account, body, is_private=True)
    is_free = is_free_now(world, person)
    if not is_free:
        _use_quota(world, account)
    message = Message(
        world.new_id(), draft.text, world.clock.now(), from_id=account.oa_id, **draft.kind_fields
    )
    person.messages.append(message)
    world.version += 1
    return person, message, quota(world, account, is_free=is_free)


def is_free_now(world: "World", person: Person) -> bool:
    return world.clock.now() - person.last_interaction_at <= FREE_WINDOW_MS


def remaining(world: "World", account: Account) -> int:
    """Answers left in this month of Viet Nam for people who last spoke over 48 hours ago."""
    month = assets.day(world.clock.now())[3:]
    if account.private_month != month:
        account.private_month, account.private_used = month, 0
    return max(account.private_quota - account.private_used, 0)


def quota(world: "World", account: Account, *, is_free: bool) -> dict[str, str]:
    """All strings, as on the platform."""
    return {
        "quota_type": "reply" if is_free else "sub_quota",
        "remain": "unlimited" if is_free else str(remaining(world, account)),
        "total": "unlimited" if is_free else str(account.private_quota),
        "expired_date": "31/12/2026",
        "owner_type": "OA",
        "owner_id": account.oa_id,
    }


def _check_kind_of_account(world: "World", account: Account, version: int) -> None:
    if account.private_code:
        raise Refusal(account.private_code, "private messages are closed for this account")
    is_state = account.oa_type == 4
    if version == 3 and is_state and world.switches.state_private_code:
        raise Refusal(world.switches.state_private_code, "API does not support this type of OA")
    if version == 2 and not (is_state and world.switches.state_private_v2):
        raise Refusal(-240, "this message API is shut down, use v3")


def _use_quota(world: "World", account: Account) -> None:
    if not remaining(world, account):
        raise Refusal(-211, "out of quota")
    account.private_used += 1
