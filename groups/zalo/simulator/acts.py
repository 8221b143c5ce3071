"""What people do on their phones, with everything that follows: the rule, then the news to the portal."""

from collections.abc import Callable

from groups.zalo.simulator import groups, people
from groups.zalo.simulator.people import Person
from groups.zalo.simulator.records import Account, Group, Message, Refusal
from groups.zalo.simulator.state import World
from groups.zalo.simulator.webhooks import Hooks

KINDS = ("text", "photo", "gif", "file", "location", "sticker", "audio", "video", "link", "card")
# What a message of a kind cannot be without.
REQUIRED_DETAILS = {"location": ("latitude", "longitude"), "sticker": ("sticker_id",), "link": ("url",)}


def write(
    world: World,
    hooks: Hooks,
    account: Account,
    person: Person,
    *,
    text: str = "",
    kind: str = "text",
    attachment_id: str = "",
    details: dict[str, str] | None = None,
    group: Group | None = None,
) -> Message:
    """A person writes to the account, or in a group they belong to (-403 otherwise, or if it is locked)."""
    details = {name: str(value) for name, value in (details or {}).items()}
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    if missing := [name for name in REQUIRED_DETAILS.get(kind, ()) if not details.get(name)]:
        raise ValueError(f"details must name {', '.join(missing)}")
    if group is None:
        message = people.say(world, person, text, kind=kind, attachment_id=attachment_id, details=details)
        hooks.said_in_private(account, person, message)
        return message
    is_locked = group.settings["lock_send_msg"] and person.user_id not in group.admins
    if not group.has(person.user_id) or is_locked or group.status != "enabled":
        raise Refusal(-403, "user may not write in this group")
    message = world.add_message(
        group,
        text,
        is_ours=False,
        kind=kind,
        attachment_id=attachment_id,
        from_id=person.user_id,
        from_name=person.name,
        details=details,
    )
    hooks.said_in_group(account, group, message)
    return message


def follow(world: World, hooks: Hooks, account: Account, person: Person, group_id: str = "") -> str:
    people.follow(world, person)
    hooks.followed(account, person)
    return "following"


def unfollow(world: World, hooks: Hooks, account: Account, person: Person, group_id: str = "") -> str:
    people.unfollow(world, person)
    hooks.followed(account, person)
    return "not following"


def withdraw(world: World, hooks: Hooks, account: Account, person: Person, group_id: str = "") -> str:
    """The person withdraws consent: the portal must delete what it holds of them."""
    hooks.withdrawn(account, person)
    return "withdrawn"


def join(world: World, hooks: Hooks, account: Account, person: Person, group_id: str) -> str:
    """Open the group's link: in, or waiting for approval."""
    is_in = groups.ask_to_join(world, world.group_of(account, group_id), person)
    return "joined" if is_in else "waiting"


def leave(world: World, hooks: Hooks, account: Account, person: Person, group_id: str) -> str:
    groups.leave(world, world.group_of(account, group_id), [person.user_id])
    return "left"


ACTS: dict[str, Callable[[World, Hooks, Account, Person, str], str]] = {
    "follow": follow,
    "unfollow": unfollow,
    "withdraw": withdraw,
    "join": join,
    "leave": leave,
}
