"""The life of a group: made, changed, joined, left, dissolved; every step tells the portal.

The same rules serve the API (the account acts) and the phones (people act).
"""

from typing import TYPE_CHECKING, Any

from groups.zalo.simulator import assets, people
from groups.zalo.simulator.records import GROUP_SWITCHES, Account, Group, Refusal

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World

LONGEST_NAME = 30
MOST_USERS = 99
TEXTS = {"group_name": "name", "group_description": "description", "group_avatar": "avatar"}


def create(world: "World", account: Account, fields: dict[str, Any]) -> Group:
    """``creategroupwithoa``: a group in a free asset with its first members, an administrator among them."""
    name = _name(fields.get("group_name"))
    users = user_ids(fields)
    description = fields.get("group_description", "")
    if not isinstance(description, str):
        raise Refusal(-201, "group_description is invalid!")
    if account.admins and not set(account.admins) & set(users):
        raise Refusal(-201, "member_user_ids must contain an admin of the OA")
    invited = [_reachable(world, account, user_id) for user_id in users]
    group_id = world.new_id()
    asset = assets.take(world, account, fields.get("asset_id"), group_id)
    if len(invited) + 1 > asset.cap:
        asset.used_by = ""
        raise Refusal(-210, "member_user_ids is over the limit of the asset")
    group = world.register_group(
        group_id, account.oa_id, name, description=description, asset_id=asset.asset_id, members=invited
    )
    group.admins = [user_id for user_id in users if user_id in account.admins]
    world.tell("create_group", group, users)
    return group


def update(world: "World", group: Group, fields: dict[str, Any]) -> None:
    """``updateinfo``: name, text, picture and the four settings, whichever is given."""
    changes = {ours: fields[theirs] for theirs, ours in TEXTS.items() if theirs in fields}
    if not all(isinstance(value, str) for value in changes.values()):
        raise Refusal(-201, "group_name is invalid!")
    if "name" in changes:
        _name(changes["name"])
    settings = {name: fields[name] for name in GROUP_SWITCHES if name in fields}
    if not all(value in (True, False, "true", "false") for value in settings.values()):
        raise Refusal(-201, "setting is invalid!")
    if not changes and not settings:
        raise Refusal(-201, "nothing to update")
    for name, value in changes.items():
        setattr(group, name, value)
    group.settings.update({name: value in (True, "true") for name, value in settings.items()})
    _changed(world, "update_group_info", group, [])


def update_asset(world: "World", account: Account, group: Group, asset_id: object) -> None:
    """``updateasset``: another slot under the group; a disabled group works again."""
    asset = assets.take(world, account, asset_id, group.group_id)
    if group.size > asset.cap:
        asset.used_by = "" if asset.asset_id != group.asset_id else asset.used_by
        raise Refusal(-210, "group is over the limit of the asset")
    former = world.assets.get(group.asset_id)
    if former is not None and former is not asset:
        former.used_by = ""
    group.asset_id, group.status, group.auto_delete_at = asset.asset_id, "enabled", 0
    _changed(world, "update_group_info", group, [])


def invite(world: "World", account: Account, group: Group, users: list[str]) -> None:
    """Followers and people of the last seven days come in at once; -213 for the first who is neither."""
    invited = [_reachable(world, account, user_id) for user_id in users if not group.has(user_id)]
    _admit(world, group, invited)
    if invited:
        _changed(world, "user_join_group", group, [member["user_id"] for member in invited])


def ask_to_join(world: "World", group: Group, person: "people.Person") -> bool:
    """A person opens the group's link; True when they are in, False when somebody must approve."""
    if group.has(person.user_id):
        return True
    if not group.settings["enable_link_join"]:
        raise Refusal(-403, "group cannot be joined by link")
    member = {"user_id": person.user_id, "name": person.name}
    if not group.settings["join_appr"]:
        _admit(world, group, [member])
        _changed(world, "user_join_group", group, [person.user_id])
        return True
    if member not in group.pending:
        group.pending.append(member)
        _changed(world, "user_request_join_group", group, [person.user_id])
    return False


def accept(world: "World", group: Group, users: list[str]) -> None:
    """Let people in who have asked; -201 when somebody has not."""
    asked = _waiting(group, users)
    _admit(world, group, asked)
    group.pending = [member for member in group.pending if member not in asked]
    _changed(world, "accept_request_join_group", group, users)
    if world.switches.join_after_accept:
        world.tell("user_join_group", group, users)


def reject(world: "World", group: Group, users: list[str]) -> None:
    """Turn people down who have asked; -201 when somebody has not."""
    asked = _waiting(group, users)
    group.pending = [member for member in group.pending if member not in asked]
    _changed(world, "reject_request_join_group", group, users)


def leave(world: "World", group: Group, users: list[str]) -> None:
    """People go, by themselves or removed; -201 when somebody is not in the group."""
    _members(group, users)
    group.members = [member for member in group.members if member["user_id"] not in users]
    group.admins = [user_id for user_id in group.admins if user_id not in users]
    group.size = max(group.size - len(users), 1)
    _changed(world, "user_out_group", group, users)


def add_admins(world: "World", group: Group, users: list[str]) -> None:
    _members(group, users)
    group.admins += [user_id for user_id in users if user_id not in group.admins]
    _changed(world, "add_group_admin", group, users)


def remove_admins(world: "World", group: Group, users: list[str]) -> None:
    if not set(users) <= set(group.admins):
        raise Refusal(-201, "member_user_ids is invalid!")
    group.admins = [user_id for user_id in group.admins if user_id not in users]
    _changed(world, "remove_group_admin", group, users)


def user_ids(fields: dict[str, Any]) -> list[str]:
    """``member_user_ids`` without repetition: 1 to 99 strings, else -201."""
    users = fields.get("member_user_ids")
    if not isinstance(users, list) or not users or not all(isinstance(user, str) and user for user in users):
        raise Refusal(-201, "member_user_ids is invalid!")
    if len(users) > MOST_USERS:
        raise Refusal(-210, "member_user_ids is over its limit")
    return list(dict.fromkeys(users))


def _name(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_NAME:
        raise Refusal(-201, "group_name is invalid!")
    return value


def _reachable(world: "World", account: Account, user_id: str) -> dict[str, str]:
    """The person as a member; -213 unless a follower or active in seven days, -217 if they block it."""
    person = world.people.get(people.key_of(account.oa_id, user_id))
    if person is None or not (person.is_follower or people.is_recent(world, person)):
        raise Refusal(-213, "user is not follower")
    if person.blocks_invitations:
        raise Refusal(-217, "user has blocked invitations")
    return {"user_id": user_id, "name": person.name}


def _admit(world: "World", group: Group, members: list[dict[str, str]]) -> None:
    if group.size + len(members) > assets.asset_of(world, group).cap:
        raise Refusal(-210, "group is over the limit of the asset")
    group.members += members
    group.size += len(members)


def _waiting(group: Group, users: list[str]) -> list[dict[str, str]]:
    asked = [member for member in group.pending if member["user_id"] in users]
    if len(asked) != len(users):
        raise Refusal(-201, "member_user_ids is invalid!")
    return asked


def _members(group: Group, users: list[str]) -> None:
    if not all(group.has(user_id) for user_id in users):
        raise Refusal(-201, "member_user_ids is invalid!")


def _changed(world: "World", event: str, group: Group, users: list[str]) -> None:
    world.version += 1
    world.tell(event, group, users)
