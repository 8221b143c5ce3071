"""Reading the groups of official accounts at Zalo, slowly, each night or when somebody asks.

Reading takes calls from the same minute as sending. So an account's sync spaces its calls to a fifth of the
account's limit, enters each in the account's minute, waits while that is full or the account sends, ends when
Zalo says that little is left of the minute, and goes on at the next turn. No transaction is open while Zalo
is asked; ``sync_changes`` writes what was seen.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import aiohttp
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groups import permissions
from groups.enums import AccountKind, AccountState, Channel, GroupState
from groups.models import FoundGroup, Group, GroupSize, OfficialAccount, Unit
from groups.services import sync_changes
from groups.services.call_budget import CountedTokens, NoCallLeft
from groups.services.clients import make_client
from groups.services.groups import create_group
from groups.services.sync_changes import Seen
from groups.services.tokens import AccountTokens
from groups.tasks import sync_account
from groups.zalo.errors import Scope, ZaloError
from groups.zalo.http import open_session
from portal.clock import database_now
from portal.errors import NotAllowedError, PortalError, WrongStateError

logger = logging.getLogger(__name__)

# Of the calls of a minute, how many reading may take, and how many it always leaves.
SHARE = 0.2
LEFT_OVER = 0.3
PAGE = 50
RUN_SECONDS = 100
# Somebody waits for this one.
ASKED_SECONDS = 30
# Longer than a run, so that only a dead process loses its claim.
CLAIM_SECONDS = 300
# Nearly all of an account's time is waiting for its next turn.
ACCOUNTS_AT_ONCE = 50
# Slots change seldom and cost a call for each group.
SLOT_DAYS = 3
WARN_DAYS, URGENT_DAYS = 30, 7
# What Zalo says of a group it does not have, or where the account is no longer in. Other codes say less.
GONE_CODES = frozenset({-201, -403})
DISABLED_CODE = -237
# Then the next run goes on: those that gave no answer wait at the end of the row.
UNREAD_IN_ROW = 5


def sync_due(*, seconds: float = RUN_SECONDS) -> int:
    """Read the accounts that were not read today, for ``seconds`` at most; returns how many were.

    One that fails keeps its own reason and stops no other. Safe to run twice at once.
    """
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    unread = Group.objects.filter(_unread(timezone.now()), official_account=OuterRef("pk"))
    accounts = OfficialAccount.objects.filter(state=AccountState.ACTIVE, kind=AccountKind.OA)
    due = accounts.filter(Q(synced_at=None) | Q(synced_at__lt=today) | Exists(unread))
    ids = due.order_by(F("synced_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)
    return sync_accounts(list(ids), seconds=seconds)


def sync_accounts(account_ids: Iterable[int], *, seconds: float = RUN_SECONDS, by: Any = None) -> int:
    """Read these accounts, several at once; returns how many answered."""
    return async_to_sync(_sync_all)(list(account_ids), time.monotonic() + seconds, by)


def request_sync(account: OfficialAccount, *, by: Any) -> None:
    """Have a worker read the account now.

    Raises ``NotAllowedError`` unless ``by`` keeps the directory of its unit, ``WrongStateError`` when the
    account cannot be read, ``PortalError`` when no worker can be told.
    """
    if not permissions.can_manage_directory(by, account.unit):
        raise NotAllowedError
    if account.is_bot:
        raise WrongStateError(_("Bot không đọc được danh sách nhóm từ Zalo."))
    if account.state != AccountState.ACTIVE:
        raise WrongStateError(_("Tài khoản chưa kết nối hoặc đang dừng, chưa đọc được nhóm từ Zalo."))
    try:
        sync_account.apply_async(args=(account.pk, by.pk), retry=False)
    except Exception as error:  # whatever kombu's transports raise
        logger.warning("sync_not_announced: %s", type(error).__name__)
        raise PortalError(_("Hàng đợi công việc không trả lời. Xin thử lại sau ít phút.")) from None


def expiring_groups(now: datetime, *, days: int = WARN_DAYS) -> QuerySet[Group]:
    """Groups whose slot ends within ``days`` or has ended, the nearest end first.

    A slot that renews itself counts only once its day has passed.
    """
    today = timezone.localdate(now)
    ends = Q(asset_renews=False, asset_valid_through__lte=today + timedelta(days=days))
    ended = Q(asset_valid_through__lt=today) | Q(dissolves_on__isnull=False)
    alive = Group.objects.filter(channel=Channel.GMF, state__in=(GroupState.ACTIVE, GroupState.DISABLED))
    return alive.filter(ends | ended).order_by(F("asset_valid_through").asc(nulls_last=True), "pk")


def slot_warning(group: Group, today: date | None = None) -> tuple[str, str]:
    """How the group's slot stands: ``late`` or ``soon`` and a sentence; both empty when all is well."""
    today = today or timezone.localdate()
    if group.dissolves_on:
        words = _("Zalo sẽ giải tán nhóm ngày %s nếu không gia hạn suất.")
        return "late", words % f"{group.dissolves_on:%d/%m/%Y}"
    end = group.asset_valid_through
    if end is None or (group.asset_renews and end >= today) or (end - today).days > WARN_DAYS:
        return "", ""
    if end < today:
        return "late", _("Suất nhóm đã hết hạn ngày %s.") % f"{end:%d/%m/%Y}"
    words = _("Suất nhóm hết hạn ngày %(day)s, còn %(left)d ngày.")
    level = "late" if (end - today).days <= URGENT_DAYS else "soon"
    return level, words % {"day": f"{end:%d/%m/%Y}", "left": (end - today).days}


def result_words(account: OfficialAccount) -> str:
    """How the last sync of the account went, in one sentence; empty before the first."""
    if account.sync_error:
        return account.sync_error
    if not account.sync_counts:
        return ""
    words = _(
        "%(groups)d nhóm trong danh bạ, %(changed)d có thay đổi, %(vanished)d không còn trên Zalo, "
        "%(found)d nhóm trên Zalo chưa vào danh bạ."
    )
    counts = {name: account.sync_counts.get(name, 0) for name in sync_changes.COUNTED}
    unread = _(" %(unread)d nhóm chưa đọc được, sẽ đọc lại.") if counts["unread"] else ""
    return (words + unread) % counts


def take_group(found: FoundGroup, *, unit: Unit, kind: str, name: str, by: Any) -> Group:
    """Take a found group into the directory; it receives posts from now on.

    Raises like ``create_group``, and ``WrongStateError`` when somebody else has taken it.
    """
    with transaction.atomic():
        if FoundGroup.objects.filter(pk=found.pk).delete()[0] != 1:
            raise WrongStateError
        group = create_group(
            unit,
            kind=kind,
            channel=Channel.GMF,
            name=name,
            official_account=found.account,
            zalo_group_id=found.zalo_group_id,
            join_url=found.join_url,
            by=by,
        )
        if found.members:
            GroupSize.objects.create(group=group, members=found.members, source=GroupSize.Source.ZALO)
        Group.objects.filter(pk=group.pk).update(zalo_name=found.name, members_count=found.members)
    return group


# --- One account -------------------------------------------------------------------------------------------


class _OutOfTurn(Exception):
    """No more calls in this run: its time is over, or sending needs the rest of the minute."""


class _Turns:
    """Calls to Zalo, spaced."""

    def __init__(self, client: Any, rate_per_minute: int, until: float):
        self._client = client
        self._seconds = 60 / (rate_per_minute * SHARE)
        self._until = until
        self._next = time.monotonic()

    async def call(self, name: str, *args: Any, **options: Any) -> Any:
        """Wait for the next turn, then call. Raises ``_OutOfTurn`` when there is none left."""
        now = time.monotonic()
        self._next = max(self._next, now)
        if self._next > self._until or self._is_minute_short():
            raise _OutOfTurn
        wait, self._next = self._next - now, self._next + self._seconds
        await asyncio.sleep(wait)
        return await getattr(self._client, name)(*args, **options)

    def _is_minute_short(self) -> bool:
        rate = self._client.rate_limit
        return bool(rate.limit) and rate.remaining is not None and rate.remaining < rate.limit * LEFT_OVER


async def _sync_all(account_ids: list[int], until: float, by: Any) -> int:
    gate = asyncio.Semaphore(ACCOUNTS_AT_ONCE)

    async def one(account_id: int) -> bool:
        async with gate:
            return time.monotonic() < until and await _sync_one(session, account_id, until, by)

    async with open_session(concurrency=ACCOUNTS_AT_ONCE) as session:
        return sum(await asyncio.gather(*(one(account_id) for account_id in account_ids)))


async def _sync_one(session: aiohttp.ClientSession, account_id: int, until: float, by: Any) -> bool:
    account = await sync_to_async(_claim)(account_id)
    if account is None:
        return False
    error = ""
    try:
        ids = await sync_to_async(_group_ids)(account)
        seen = await _look(_turns(session, account, until), ids)
        await sync_to_async(sync_changes.apply)(account, seen, by=by)
    except ZaloError as failure:
        error = str(failure.detail_vi)
    except Exception:  # one account's accident stops no other
        logger.exception("sync_failed: account %s", account_id)
        error = _("Cổng gặp lỗi khi đọc nhóm của tài khoản này. Nguyên nhân nằm trong nhật ký máy chủ.")
    finally:
        await sync_to_async(_release)(account_id, error)
    return not error


def _turns(session: aiohttp.ClientSession, account: OfficialAccount, until: float) -> _Turns:
    tokens = CountedTokens(AccountTokens(account.pk, session=session), account.pk, until=until)
    return _Turns(make_client(account.kind, session, tokens), account.rate_per_minute, until)


async def _look(turns: _Turns, ids: list[str]) -> Seen:
    """The list, then who is missing from it, then slots as far as turns go. ``ids``: most due first."""
    seen = Seen()
    try:
        await _list(turns, seen)
        await _read(turns, seen, sorted(ids, key=seen.listed.__contains__))
    except (_OutOfTurn, NoCallLeft):
        logger.info("sync: turns used up with %d groups listed, %d read", len(seen.listed), len(seen.read))
    except ZaloError:
        # What is known by now is worth keeping; a list that failed is nothing.
        if not seen.is_whole:
            raise
    return seen


async def _list(turns: _Turns, seen: Seen) -> None:
    offset = 0
    while True:
        page = await turns.call("list_groups", offset=offset, count=PAGE)
        seen.listed |= {info.group_id: info for info in page.items if info.group_id}
        offset += len(page.items)
        if not page.items or (page.total is not None and offset >= page.total):
            # Groups that came or went between two pages make the list shorter than its total.
            seen.is_whole = page.total is not None and len(seen.listed) >= page.total
            return


async def _read(turns: _Turns, seen: Seen, ids: list[str]) -> None:
    """Ask for each by its id: one that cannot be read stops no other, unless the account is the reason."""
    unread_in_row = 0
    for group_id in ids:
        if group_id not in seen.listed and not seen.is_whole:
            continue
        try:
            info = await turns.call("get_group", group_id)
        except ZaloError as error:
            if error.scope == Scope.ACCOUNT:
                raise
            unread_in_row = 0 if _note(seen, group_id, error) else unread_in_row + 1
        else:
            unread_in_row = 0
            seen.read[group_id] = info
            seen.listed.setdefault(group_id, info)
        seen.asked.add(group_id)
        if unread_in_row == UNREAD_IN_ROW:
            return


def _note(seen: Seen, group_id: str, error: ZaloError) -> bool:
    """Remember what the refusal says of the group; False when it says nothing.

    One missing from the list is gone only when Zalo does not know it by its id either.
    """
    if error.code == DISABLED_CODE:
        seen.disabled.add(group_id)
    elif error.code in GONE_CODES and group_id not in seen.listed:
        seen.gone.add(group_id)
    else:
        logger.warning("sync: group %s not read: %s", group_id, error)
        return False
    return True


def _claim(account_id: int) -> OfficialAccount | None:
    """Become the one reader of the account; None when it is being read, or cannot be."""
    now = database_now()
    free = Q(sync_started_at=None) | Q(sync_started_at__lt=now - timedelta(seconds=CLAIM_SECONDS))
    # A bot has no groups to list, and its token is none that the OA API knows.
    able = OfficialAccount.objects.filter(state=AccountState.ACTIVE, kind=AccountKind.OA)
    rows = able.filter(free, pk=account_id)
    if rows.update(sync_started_at=now) != 1:
        return None
    return OfficialAccount.objects.get(pk=account_id)


def _release(account_id: int, error: str) -> None:
    values: dict[str, Any] = {"sync_started_at": None}
    if error:
        values["sync_error"] = error[:300]
    OfficialAccount.objects.filter(pk=account_id).update(**values)


def _group_ids(account: OfficialAccount) -> list[str]:
    groups = Group.objects.filter(official_account=account, channel=Channel.GMF).exclude(
        state=GroupState.CLOSED
    )
    due = groups.order_by(F("zalo_read_at").asc(nulls_first=True), "pk")
    return list(due.values_list("zalo_group_id", flat=True))


def _unread(now: datetime) -> Q:
    """Groups whose slot was not read for some days."""
    long_ago = now - timedelta(days=SLOT_DAYS)
    alive = Q(channel=Channel.GMF, state__in=(GroupState.ACTIVE, GroupState.DISABLED))
    return alive & (Q(zalo_read_at=None) | Q(zalo_read_at__lt=long_ago))
