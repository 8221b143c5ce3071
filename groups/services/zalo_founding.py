"""Founding a group at Zalo and inviting people into one, from the portal.

Both are made once. A slot is paid for and an invitation rings people, so a lost answer is never a reason to
ask again: a new group is looked for by its slot, and an invitation is left to the person to look into.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import Channel
from groups.models import Group, GroupSize, OfficialAccount, Unit
from groups.services import zalo_groups
from groups.services.groups import create_group, validate
from groups.zalo.errors import OutcomeUnknown, Permanent, ZaloError
from groups.zalo.group_calls import ASSET_SOURCES, MOST_FOUNDERS, group_name
from groups.zalo.records import Asset, GroupInfo
from portal.audit.services import record
from portal.errors import NotAllowedError, PortalError, WrongStateError
from portal.text import clean

# Each name costs a call of the account's minute.
PEOPLE_SHOWN = 10
PAGE = 50
MOST_PAGES = 20
USER_ID = re.compile(r"[0-9A-Za-z]{1,40}")
# Zalo gives the id with the answer; until then the directory's rules are asked with this one.
NOT_YET = "chua-co"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who follows the account; shown to whoever founds or invites, stored nowhere."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Means:
    """What a group can be founded with: free slots, and those who followed last."""

    slots: list[Asset]
    people: list[Person]


def means(account: OfficialAccount, *, size: str, by: Any) -> Means:
    """Free slots of ``size`` (``ASSET_KINDS``) and followers. Raises like ``found``."""

    async def read(client: Any) -> Means:
        slots = []
        for source in ASSET_SOURCES:
            slots += [slot for slot in await client.list_assets(size, source) if slot.is_available]
        return Means(slots, await _followers(client))

    _require_founder(account, account.unit, by)
    return _ask(account, read)


def followers(group: Group, *, by: Any) -> list[Person]:
    """Those who followed the group's account last. Raises like ``invite``."""
    _require_inviter(group, by)
    return _ask(group.official_account, _followers)


def found(
    account: OfficialAccount,
    *,
    unit: Unit,
    kind: str,
    name: str,
    asset_id: str,
    member_ids: Sequence[str],
    by: Any,
) -> Group:
    """Found the group at Zalo on a free slot, then take it into the directory; it receives posts from now on.

    ``member_ids``: its first members, an administrator of the account among them. Raises ``NotAllowedError``
    unless ``by`` keeps the directory of both units, ``ValidationError`` for what the directory would refuse,
    ``PortalError`` with Zalo's reason in words, also when nobody knows whether Zalo has founded it.
    """
    _require_founder(account, unit, by)
    proposal = check(account, unit=unit, kind=kind, name=name)
    users = _user_ids(member_ids)

    async def call(client: Any) -> GroupInfo | None:
        try:
            return await client.create_group(proposal.name, asset_id=asset_id, member_ids=users)
        except OutcomeUnknown:
            return await _founded_after_all(client, proposal.name, asset_id)

    info = _ask(account, call)
    about = {"members": len(users), "slot": asset_id}
    if info is None:
        record(by, "groups.group.founding_lost", account, unit_path=unit.path, data=about)
        raise PortalError(
            _(
                "Câu trả lời của Zalo bị mất, và nhóm chưa có trong danh sách của OA. Xin đồng bộ lại sau ít "
                "phút và xem «Nhóm chưa vào danh bạ» trước khi lập lại: lập hai lần sẽ tốn hai suất."
            )
        )
    record(by, "groups.group.founded", account, unit_path=unit.path, data=about)
    return _into_directory(proposal, info, by=by)


def invite(group: Group, user_ids: Sequence[str], *, by: Any) -> int:
    """Invite people into the group; returns how many. Raises like ``found``."""
    _require_inviter(group, by)
    users = _user_ids(user_ids)

    async def call(client: Any) -> bool:
        try:
            await client.invite(group.zalo_group_id, users)
        except OutcomeUnknown:
            return False
        return True

    is_known = _ask(group.official_account, call)
    data = {"members": len(users)} | ({} if is_known else {"is_known": False})
    record(by, "groups.group.invited", group, unit_path=group.unit.path, data=data)
    if not is_known:
        raise PortalError(
            _(
                "Câu trả lời của Zalo bị mất, chưa rõ lời mời đã đi hay chưa. Xin xem danh sách thành viên "
                "trong nhóm trước khi mời lại, để không ai bị mời hai lần."
            )
        )
    return len(users)


def check(account: OfficialAccount, *, unit: Unit, kind: str, name: str) -> Group:
    """The group as the directory would take it; raises ``ValidationError`` by field."""
    proposal = Group(
        unit=unit,
        kind=kind,
        channel=Channel.GMF,
        name=clean(name),
        official_account=account,
        zalo_group_id=NOT_YET,
    )
    validate(proposal)
    try:
        group_name(proposal.name)
    except Permanent as error:
        raise ValidationError({"name": str(error.detail_vi)}) from None
    return proposal


def _into_directory(proposal: Group, info: GroupInfo, *, by: Any) -> Group:
    try:
        group = create_group(
            proposal.unit,
            kind=proposal.kind,
            channel=Channel.GMF,
            name=proposal.name,
            official_account=proposal.official_account,
            zalo_group_id=info.group_id,
            join_url=info.join_url,
            by=by,
        )
    except (PortalError, ValidationError):
        words = _("Zalo đã lập nhóm. Danh bạ chưa nhận: sau khi đồng bộ, xem «Nhóm chưa vào danh bạ».")
        raise PortalError(words) from None
    Group.objects.filter(pk=group.pk).update(zalo_name=info.name, members_count=info.members or 0)
    GroupSize.objects.create(group=group, members=info.members or 0, source=GroupSize.Source.ZALO)
    return group


async def _founded_after_all(client: Any, name: str, asset_id: str) -> GroupInfo | None:
    """The group whose answer was lost: the one of that name on that slot. None when it is not to be found."""
    try:
        for number in range(MOST_PAGES):
            page = await client.list_groups(offset=number * PAGE, count=PAGE)
            for row in page.items:
                if row.name == name:
                    info = await client.get_group(row.group_id)
                    if info.asset_id == asset_id:
                        return info
            if (number + 1) * PAGE >= (page.total or 0):
                return None
    except ZaloError:
        # Whoever asked is told that nobody knows, which stays true.
        return None
    return None


async def _followers(client: Any) -> list[Person]:
    page = await client.list_users(count=PEOPLE_SHOWN, followers_only=True)
    return [Person(user_id, (await client.get_user(user_id)).name) for user_id in page.items]


def _user_ids(raw: Iterable[str]) -> list[str]:
    users = list(dict.fromkeys(user.strip() for user in raw if user.strip()))
    if not 1 <= len(users) <= MOST_FOUNDERS:
        raise PortalError(_("Xin chọn từ 1 đến 99 người."))
    if not all(USER_ID.fullmatch(user) for user in users):
        raise PortalError(_("Mã người dùng Zalo chỉ gồm chữ không dấu và số."))
    return users


def _require_founder(account: OfficialAccount, unit: Unit, by: Any) -> None:
    may = permissions.can_manage_directory
    if not may(by, unit) or not may(by, account.unit):
        raise NotAllowedError
    if account.is_bot:
        raise WrongStateError(_("Bot không lập được nhóm."))


def _require_inviter(group: Group, by: Any) -> None:
    if not permissions.can_manage_directory(by, group.unit):
        raise NotAllowedError
    if group.channel != Channel.GMF:
        raise WrongStateError(_("Chỉ nhóm của OA mới mời được từ đây."))


def _ask(account: OfficialAccount, use: Callable[[Any], Awaitable[Any]]) -> Any:
    return zalo_groups.ask_account(account.pk, use)
