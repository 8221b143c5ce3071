"""Groups of an official account: founding, changing, their people, their messages, their paid slots.

What a lost answer means is decided call by call. ``create_group``, ``invite`` and ``update_asset`` are made
once (``OutcomeUnknown``): a second group would spend a second slot, a second invitation rings people again,
and a slot put on its group twice is refused as used. All others leave the same state however often they are
made (``Temporary``). Dissolving a group is not here: a neighbourhood loses its history for good, so a person
does it in Zalo's own tool.
"""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from groups.zalo import text as texts
from groups.zalo.calls import Calls, mapping, mappings
from groups.zalo.errors import OutcomeUnknown, Permanent, Temporary, ZaloError
from groups.zalo.records import (
    Asset,
    ConversationItem,
    GroupInfo,
    GroupSettings,
    Member,
    Page,
    number,
    number_or_none,
)

LARGEST_CONVERSATION_PAGE = 10
LONGEST_GROUP_NAME = 30
MOST_FOUNDERS = 99
ASSET_KINDS = ("gmf10", "gmf50", "gmf100", "gmf1000")
ASSET_SOURCES = ("sub_quota", "purchase_quota", "reward_quota")


class GroupCalls(Calls):
    """The part of ``ZaloClient`` about groups."""

    async def list_groups(self, offset: int = 0, count: int = 50) -> Page[GroupInfo]:
        """One page of the account's groups. An answer that lists nothing and counts nothing is none."""
        data = mapping(await self._read("/v3.0/oa/group/getgroupsofoa", offset=offset, count=count))
        groups, total = data.get("groups"), number_or_none(data.get("total"))
        if total is None and not isinstance(groups, list):
            raise Temporary(None, "success without a list of groups")
        return Page([GroupInfo.read(raw) for raw in mappings(groups)], total, offset)

    async def get_group(self, group_id: str) -> GroupInfo:
        """One group of the account, with its slot and settings."""
        return _whole_group(await self._read("/v3.0/oa/group/getgroup", group_id=group_id), group_id)

    async def create_group(
        self, name: str, *, asset_id: str, member_ids: Sequence[str], description: str = ""
    ) -> GroupInfo:
        """Found a group on a free slot; 1 to 99 members, an administrator of the account among them.

        Not repeatable: when the answer is lost (``OutcomeUnknown``) look in ``list_groups`` for the name.
        """
        body = {
            "group_name": group_name(name),
            "group_description": texts.clean(description),
            "asset_id": asset_id,
            "member_user_ids": founders(member_ids),
        }
        data = await self._write("/v3.0/oa/group/creategroupwithoa", body)
        return _whole_group(data, lost=OutcomeUnknown)

    async def update_group(
        self,
        group_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        settings: GroupSettings | None = None,
    ) -> GroupInfo:
        """Change what is given, leave the rest."""
        body: dict[str, Any] = {"group_id": group_id}
        if name is not None:
            body["group_name"] = group_name(name)
        if description is not None:
            body["group_description"] = texts.clean(description)
        if settings is not None:
            body |= settings.as_fields()
        return _whole_group(await self._write_again("/v3.0/oa/group/updateinfo", body), group_id)

    async def update_asset(self, group_id: str, asset_id: str) -> GroupInfo:
        """Put a free slot on a group, such as one whose slot ran out.

        Not repeatable: when the answer is lost, ``get_group`` tells which slot the group has.
        """
        body = {"group_id": group_id, "asset_id": asset_id}
        data = await self._write("/v3.0/oa/group/updateasset", body)
        return _whole_group(data, group_id, lost=OutcomeUnknown)

    async def list_assets(self, kind: str = "gmf100", source: str = "sub_quota") -> list[Asset]:
        """The account's slots of one size (``ASSET_KINDS``) and one source (``ASSET_SOURCES``)."""
        body = {"quota_owner": "OA", "product_type": kind, "quota_type": source}
        data = await self._write_again("/v3.0/oa/quota/group", body)
        return [Asset.read(raw) for raw in mappings(data)]

    # --- People ------------------------------------------------------------------------------------------

    async def list_members(self, group_id: str, offset: int = 0, count: int = 50) -> Page[Member]:
        """One page of a group's members, the account itself among them."""
        return await self._people("/v3.0/oa/group/listmember", group_id, offset, count)

    async def list_pending(self, group_id: str, offset: int = 0, count: int = 50) -> Page[Member]:
        """One page of those who asked to join and wait for an answer."""
        return await self._people("/v3.0/oa/group/listpendinginvite", group_id, offset, count)

    async def accept_pending(self, group_id: str, user_ids: Sequence[str]) -> None:
        """Let people in who asked to join."""
        await self._write_again("/v3.0/oa/group/acceptpendinginvite", _people_of(group_id, user_ids))

    async def reject_pending(self, group_id: str, user_ids: Sequence[str]) -> None:
        """Turn people away who asked to join."""
        await self._write_again("/v3.0/oa/group/rejectpendinginvite", _people_of(group_id, user_ids))

    async def invite(self, group_id: str, user_ids: Sequence[str]) -> None:
        """Invite people who follow the account or wrote to it within 7 days (-213 otherwise).

        Not repeatable: when the answer is lost, the members and those pending tell who was invited.
        """
        await self._write("/v3.0/oa/group/invite", _people_of(group_id, user_ids))

    async def remove_members(self, group_id: str, user_ids: Sequence[str]) -> None:
        """Take people out of a group."""
        await self._write_again("/v3.0/oa/group/removemembers", _people_of(group_id, user_ids))

    async def add_admins(self, group_id: str, user_ids: Sequence[str]) -> None:
        """Make members deputies of the account in the group."""
        await self._write_again("/v3.0/oa/group/addadmins", _people_of(group_id, user_ids))

    async def remove_admins(self, group_id: str, user_ids: Sequence[str]) -> None:
        """Make deputies plain members again."""
        await self._write_again("/v3.0/oa/group/removeadmins", _people_of(group_id, user_ids))

    # --- Messages ----------------------------------------------------------------------------------------

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        """The newest messages of a group, newest first. Zalo may return fewer than ``count``."""
        data = await self._read("/v3.0/oa/group/conversation", group_id=group_id, offset=offset, count=count)
        return [ConversationItem.read(raw) for raw in mappings(data)]

    async def list_recent(
        self, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        """The last message of each group, newest first."""
        data = await self._read("/v3.0/oa/group/listrecentchat", offset=offset, count=count)
        return [ConversationItem.read(raw) for raw in mappings(data)]

    async def _people(self, path: str, group_id: str, offset: int, count: int) -> Page[Member]:
        data = mapping(await self._read(path, group_id=group_id, offset=offset, count=count))
        members = [Member.read(raw) for raw in mappings(data.get("members"))]
        return Page(members, number(data.get("total"), default=len(members)), offset)


def group_name(name: str) -> str:
    """The name as Zalo takes it. Raises ``Permanent``; it is never shortened for the author."""
    name = texts.clean(name)
    if not 1 <= len(name) <= LONGEST_GROUP_NAME:
        raise Permanent(None, f"group name of {len(name)} characters", _("Tên nhóm cần từ 1 đến 30 ký tự."))
    return name


def founders(member_ids: Sequence[str]) -> list[str]:
    """The first members of a group, each once. Raises ``Permanent`` for none or too many."""
    unique = list(dict.fromkeys(member_ids))
    if not 1 <= len(unique) <= MOST_FOUNDERS:
        detail = _("Nhóm mới cần từ 1 đến 99 thành viên, trong đó có quản trị viên của OA.")
        raise Permanent(None, f"{len(unique)} founders", detail)
    return unique


def _people_of(group_id: str, user_ids: Sequence[str]) -> dict[str, Any]:
    return {"group_id": group_id, "member_user_ids": list(user_ids)}


def _whole_group(data: Any, group_id: str = "", *, lost: type[ZaloError] = Temporary) -> GroupInfo:
    """A group from an answer that holds it whole (with slot and settings) or as a plain row.

    Raises ``lost`` when the answer has no group, or another one than ``group_id``.
    """
    data = mapping(data)
    group = GroupInfo.read(
        mapping(data.get("group_info")) or data,
        asset=mapping(data.get("asset_info")),
        settings=mapping(data.get("group_setting")),
    )
    if not group.group_id or group_id not in ("", group.group_id):
        raise lost(None, "success without the group")
    return group
