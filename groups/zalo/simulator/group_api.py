"""The group calls of the OA API: ``/v3.0/oa/group/...`` and the assets under ``/v3.0/oa/quota/group``."""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from groups.zalo.simulator import assets, groups
from groups.zalo.simulator.calls import Call, page_of
from groups.zalo.simulator.records import Account, Asset, Group, Message, Refusal

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World
    from groups.zalo.simulator.webhooks import Hooks

# What a conversation calls a kind of message; files and videos show up as links.
KINDS = {
    "text": "text",
    "photo": "photo",
    "gif": "GIF",
    "sticker": "sticker",
    "location": "location",
    "audio": "voice",
}
Action = Callable[["World", Group, list[str]], None]


class GroupApi:
    """Handlers of the group calls; each gets the account behind the token and the call."""

    def __init__(self, world: "World", hooks: "Hooks"):
        self.world = world
        self.hooks = hooks
        base = "/v3.0/oa/group/"
        self.paths = {
            ("POST", base + "message"): self.send,
            ("POST", base + "creategroupwithoa"): self.create,
            ("GET", base + "getgroupsofoa"): self.list_groups,
            ("GET", base + "getgroup"): self.get_group,
            ("POST", base + "updateinfo"): self.update_info,
            ("POST", base + "updateasset"): self.update_asset,
            ("GET", base + "listmember"): self.list_members,
            ("GET", base + "listpendinginvite"): self.list_pending,
            ("POST", base + "acceptpendinginvite"): self._with_users(groups.accept),
            ("POST", base + "rejectpendinginvite"): self._with_users(groups.reject),
            ("POST", base + "invite"): self.invite,
            ("POST", base + "removemembers"): self._with_users(groups.leave),
            ("POST", base + "addadmins"): self._with_users(groups.add_admins),
            ("POST", base + "removeadmins"): self._with_users(groups.remove_admins),
            ("POST", base + "delete"): self.delete,
            ("GET", base + "conversation"): self.conversation,
            ("GET", base + "listrecentchat"): self.recent_chats,
            ("POST", "/v3.0/oa/quota/group"): self.list_assets,
        }

    def send(self, account: Account, call: Call) -> dict[str, Any]:
        group = self.world.group_of(account, call.group_id)
        posted = self.world.post(account, group, call.fields.get("message"))
        self.hooks.said_in_group(account, group, posted)
        return {"message_id": posted.message_id, "group_id": group.group_id}

    def create(self, account: Account, call: Call) -> dict[str, Any]:
        return group_row(groups.create(self.world, account, call.fields))

    def list_groups(self, account: Account, call: Call) -> dict[str, Any]:
        owned = self.world.groups_of(account)
        offset, page = page_of(call, owned)
        return {
            "offset": offset,
            "count": len(page),
            "total": len(owned),
            "group_count": len(page),
            "groups": [group_row(group) for group in page],
        }

    def get_group(self, account: Account, call: Call) -> dict[str, Any]:
        return self._described(self.world.group_of(account, call.group_id))

    def update_info(self, account: Account, call: Call) -> dict[str, Any]:
        group = self.world.group_of(account, call.group_id)
        groups.update(self.world, group, call.fields)
        return self._described(group)

    def update_asset(self, account: Account, call: Call) -> dict[str, Any]:
        group = self.world.group_of(account, call.group_id)
        groups.update_asset(self.world, account, group, call.fields.get("asset_id"))
        return self._described(group)

    def list_members(self, account: Account, call: Call) -> dict[str, Any]:
        group = self.world.group_of(account, call.group_id)
        if self.world.switches.withhold_profiles:
            raise Refusal(-501, "personal information is not available outside Vietnam")
        ours = {"oa_id": account.oa_id, "name": account.name, "avatar": ""}
        return _people(call, [ours, *group.members])

    def list_pending(self, account: Account, call: Call) -> dict[str, Any]:
        return _people(call, self.world.group_of(account, call.group_id).pending)

    def invite(self, account: Account, call: Call) -> None:
        group = self.world.group_of(account, call.group_id)
        groups.invite(self.world, account, group, groups.user_ids(call.fields))

    def delete(self, account: Account, call: Call) -> None:
        assets.remove(self.world, self.world.group_of(account, call.group_id))

    def conversation(self, account: Account, call: Call) -> list[dict[str, Any]]:
        """Newest first; a message younger than the platform's delay is not there yet."""
        group = self.world.group_of(account, call.group_id)
        newest = self.world.clock.now() - self.world.visible_after_ms
        visible = (message for message in reversed(group.messages) if message.at <= newest)
        offset = call.number("offset", 0)
        count = min(call.number("count", 5), self.world.switches.conversation_cap)
        return [_item(account, group, message) for message in islice(visible, offset, offset + count)]

    def recent_chats(self, account: Account, call: Call) -> list[dict[str, Any]]:
        """The last message of each group, the latest group first."""
        talking = [group for group in self.world.groups_of(account) if group.messages]
        talking.sort(key=lambda group: group.messages[-1].at, reverse=True)
        _offset, page = page_of(call, talking, cap=self.world.switches.conversation_cap)
        return [_item(account, group, group.messages[-1]) for group in page]

    def list_assets(self, account: Account, call: Call) -> list[dict[str, Any]]:
        """The account's slots; ``product_type`` and ``quota_type`` narrow them down."""
        if call.fields.get("quota_owner") not in ("OA", "APP"):
            raise Refusal(-201, "quota_owner is invalid!")
        wanted = {name: call.fields[name] for name in ("product_type", "quota_type") if call.fields.get(name)}
        owned = [
            asset
            for asset in assets.assets_of(self.world, account)
            if assets.is_alive(self.world, asset)
            and all(getattr(asset, name) == value for name, value in wanted.items())
        ]
        return [_asset_row(asset) for asset in owned]

    def _with_users(self, action: Action) -> Callable[[Account, Call], None]:
        """A call that does something with people of a group and answers nothing."""

        def handle(account: Account, call: Call) -> None:
            group = self.world.group_of(account, call.group_id)
            action(self.world, group, groups.user_ids(call.fields))

        return handle

    def _described(self, group: Group) -> dict[str, Any]:
        asset = assets.asset_of(self.world, group)
        info = group_row(group) | {
            "max_member": str(asset.cap),
            "auto_delete_date": assets.day(group.auto_delete_at) if group.auto_delete_at else "",
        }
        asset_info = {
            "asset_type": asset.product_type,
            "asset_id": asset.asset_id,
            "valid_through": assets.day(asset.valid_until),
            "auto_renew": "true" if asset.auto_renew else "false",
        }
        return {"group_info": info, "asset_info": asset_info, "group_setting": dict(group.settings)}


def group_row(group: Group) -> dict[str, Any]:
    """A group as lists show it."""
    return {
        "group_id": group.group_id,
        "name": group.name,
        "avatar": group.avatar,
        "group_link": f"https://zalo.me/g/{group.group_id[:9]}",
        "group_description": group.description,
        "status": group.status,
        "total_member": group.size,
    }


def _people(call: Call, rows: list[dict[str, str]]) -> dict[str, Any]:
    offset, page = page_of(call, rows)
    return {
        "offset": offset,
        "count": len(page),
        "total": len(rows),
        "member_count": len(page),
        "members": [{"avatar": "", **row} for row in page],
    }


def _asset_row(asset: Asset) -> dict[str, Any]:
    return {
        "product_type": asset.product_type,
        "quota_type": asset.quota_type,
        "asset_id": asset.asset_id,
        "valid_through": assets.day(asset.valid_until),
        "auto_renew": asset.auto_renew,
        "status": "used" if asset.used_by else "available",
        "used_id": asset.used_by,
    }


def _item(account: Account, group: Group, message: Message) -> dict[str, Any]:
    return {
        "src": 0 if message.is_ours else 1,
        "time": message.at,
        "type": KINDS.get(message.kind, "link"),
        "message": message.text,
        "message_id": message.message_id,
        "group_id": group.group_id,
        "from_id": message.from_id,
        "from_display_name": message.from_name or account.name,
        "from_avatar": "",
    }
