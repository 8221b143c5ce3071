"""One group as it stands at Zalo right now, and answers to those who ask to join it.

What is read here are residents' names: shown to whoever keeps the directory of the unit, stored nowhere, and
in the audit trail only as a number.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import AccountKind, Channel
from groups.models import Group
from groups.services.call_budget import CountedTokens
from groups.services.clients import make_client
from groups.services.tokens import AccountTokens
from groups.zalo.errors import ZaloError
from groups.zalo.http import open_session
from groups.zalo.records import GroupInfo, Member
from portal.audit.services import record
from portal.errors import NotAllowedError, PortalError, WrongStateError

PENDING_SHOWN = 50


@dataclass(frozen=True, slots=True)
class AtZalo:
    """The group at Zalo, and the first who wait for an answer; ``waiting`` is how many there are."""

    info: GroupInfo
    pending: list[Member]
    waiting: int


def look(group: Group, *, by: Any) -> AtZalo:
    """Read the group and who asks to join.

    Raises ``NotAllowedError`` unless ``by`` keeps the directory of its unit, ``WrongStateError`` for a group
    that is not one of an account, ``PortalError`` with Zalo's reason in words when it cannot be read.
    """

    async def read(client: Any) -> AtZalo:
        info = await client.get_group(group.zalo_group_id)
        page = await client.list_pending(group.zalo_group_id, count=PENDING_SHOWN)
        return AtZalo(info, page.items, page.total)

    return _ask(group, read, by=by)


def answer_pending(group: Group, user_ids: Sequence[str], *, is_welcome: bool, by: Any) -> int:
    """Let people in who asked to join, or turn them away; returns how many. Raises like ``look``."""
    chosen = list(dict.fromkeys(user_ids))[:PENDING_SHOWN]
    if not chosen:
        raise PortalError(_("Xin chọn ít nhất một người."))

    async def answer(client: Any) -> None:
        call = client.accept_pending if is_welcome else client.reject_pending
        await call(group.zalo_group_id, chosen)

    _ask(group, answer, by=by)
    action = "groups.group.joined" if is_welcome else "groups.group.join_refused"
    record(by, action, group, unit_path=group.unit.path, data={"members": len(chosen)})
    return len(chosen)


def _ask(group: Group, use: Callable[[Any], Awaitable[Any]], *, by: Any) -> Any:
    if not permissions.can_manage_directory(by, group.unit):
        raise NotAllowedError
    if group.channel != Channel.GMF:
        raise WrongStateError(_("Chỉ nhóm của OA mới đọc được từ Zalo."))
    return ask_account(group.official_account_id, use)


def ask_account(account_id: int, use: Callable[[Any], Awaitable[Any]]) -> Any:
    """What ``use(client)`` returns; raises ``PortalError`` with Zalo's reason in words."""
    try:
        return async_to_sync(_with_client)(account_id, use)
    except ZaloError as error:
        words = str(error.detail_vi)
        reason = f"{words} ({error.code})" if error.code else words
    raise PortalError(reason)


async def _with_client(account_id: int, use: Callable[[Any], Awaitable[Any]]) -> Any:
    async with open_session(concurrency=1) as session:
        own = AccountTokens(account_id, session=session)
        tokens = CountedTokens(own, account_id, is_urgent=True)
        return await use(make_client(AccountKind.OA, session, tokens))
