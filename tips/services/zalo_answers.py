"""Receipts for senders of private messages: sent soon, tried for two days, never lost in silence."""

import asyncio
import logging
from collections import defaultdict
from datetime import timedelta
from typing import Any

import aiohttp
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from groups.enums import AccountKind, AccountState
from groups.services.call_budget import CountedTokens, NoCallLeft
from groups.services.clients import make_client
from groups.services.tokens import AccountTokens
from groups.zalo.errors import ChannelStopped, OutcomeUnknown, Temporary, ZaloError
from groups.zalo.http import open_session
from portal.audit.services import record
from portal.clock import this_minute
from tips.enums import EventKind
from tips.models import TipEvent, ZaloThread

logger = logging.getLogger(__name__)

# Zalo takes no answer later than a week after the last message.
KEEP = timedelta(days=7)
BATCH = 20
ACCOUNTS_AT_ONCE = 5
# Longer than a batch of answers that all hang takes.
CLAIM = timedelta(minutes=5)
SHORT_PAUSE = timedelta(minutes=1)
# The pause doubles from the first to the longest; all of them take 54 hours. An answer costs nothing for 48.
PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=3)
MOST_ATTEMPTS = 24


def answer_due() -> int:
    """Send the answers that wait, a batch of them; returns how many left.

    Those of an account out of service wait until it is back. An answer whose fate is unknown is sent again:
    to read a receipt twice harms nobody.
    """
    claimed = _claim()
    return async_to_sync(_send_all)(claimed) if claimed else 0


def forget_old() -> int:
    """Delete threads nobody has written in for a week; returns how many went.

    An answer that still waits in one is given up.
    """
    old = ZaloThread.objects.filter(last_at__lt=timezone.now() - KEEP)
    for thread in old.filter(due_at__isnull=False):
        _give_up(thread)
    return old.delete()[0]


def _claim() -> list[ZaloThread]:
    now = timezone.now()
    with transaction.atomic():
        due = ZaloThread.objects.filter(due_at__lte=now, account__state=AccountState.ACTIVE)
        locked = due.order_by("due_at").select_for_update(of=("self",), skip_locked=True)
        claimed = list(locked[:BATCH])
        mine = ZaloThread.objects.filter(pk__in=[thread.pk for thread in claimed])
        mine.update(due_at=now + CLAIM, attempts=F("attempts") + 1)
    for thread in claimed:
        thread.due_at, thread.attempts = now + CLAIM, thread.attempts + 1
    return claimed


async def _send_all(threads: list[ZaloThread]) -> int:
    """Accounts side by side, so that one that hangs holds up no other."""
    by_account: dict[int, list[ZaloThread]] = defaultdict(list)
    for thread in threads:
        by_account[thread.account_id].append(thread)
    gate = asyncio.Semaphore(ACCOUNTS_AT_ONCE)
    async with open_session(concurrency=ACCOUNTS_AT_ONCE) as session:
        work = (_send_for(account_id, own, session, gate) for account_id, own in by_account.items())
        return sum(await asyncio.gather(*work))


async def _send_for(
    account_id: int, threads: list[ZaloThread], session: aiohttp.ClientSession, gate: asyncio.Semaphore
) -> int:
    """One client for all answers of an account: it learns which address Zalo takes them at."""
    async with gate:
        tokens = CountedTokens(AccountTokens(account_id, session=session), account_id, is_urgent=True)
        client = make_client(AccountKind.OA, session, tokens)
        return sum([await _answer(client, thread) for thread in threads])


async def _answer(client: Any, thread: ZaloThread) -> bool:
    try:
        await client.send_user_text(thread.user_id, thread.answer)
    except NoCallLeft:
        # Sending needs the whole minute: no attempt was made, so none is counted.
        await sync_to_async(_put_off)(thread, SHORT_PAUSE, attempts=thread.attempts - 1)
    except (Temporary, OutcomeUnknown, ChannelStopped) as error:
        logger.warning("zalo_answer_waits: %s", type(error).__name__)
        if thread.attempts < MOST_ATTEMPTS:
            pause = min(PAUSE * 2 ** (thread.attempts - 1), LONGEST_PAUSE)
            await sync_to_async(_put_off)(thread, pause, attempts=thread.attempts)
        else:
            await sync_to_async(_give_up)(thread)
    except ZaloError as error:
        logger.warning("zalo_answer_refused: %s", type(error).__name__)
        await sync_to_async(_give_up)(thread)
    else:
        await sync_to_async(_close)(thread)
        return True
    return False


def _mine(thread: ZaloThread) -> QuerySet[ZaloThread]:
    """The row as it was claimed: not one that got another answer, or went to another worker, meanwhile."""
    return ZaloThread.objects.filter(pk=thread.pk, due_at=thread.due_at, attempts=thread.attempts)


def _put_off(thread: ZaloThread, pause: timedelta, *, attempts: int) -> None:
    _mine(thread).update(due_at=timezone.now() + pause, attempts=attempts)


def _close(thread: ZaloThread) -> bool:
    """The answer has left, or never will: who wrote is known to nobody now."""
    return _mine(thread).update(due_at=None, user_id=None, answer=None) == 1


def _give_up(thread: ZaloThread) -> None:
    """The sender will never see the receipt, so the officers are told that nobody follows the tip."""
    with transaction.atomic():
        tip = thread.tip
        if not _close(thread) or tip is None:
            return
        at = this_minute()
        TipEvent.objects.create(tip=tip, kind=EventKind.NO_RECEIPT, at=at)
        record(None, "tips.receipt.not_sent", tip, unit_path=tip.handler.path, at=at)
