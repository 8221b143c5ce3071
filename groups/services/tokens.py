"""Access tokens of official accounts: stored once, renewed by one process at a time.

Zalo's refresh token works once and dies when the answer is made, not when it is read. So:

* whoever renews first claims the row (``refresh_started_at``), by one conditional UPDATE; everybody else
  waits and reads the result. No transaction is open while Zalo is being asked;
* the new pair is committed before anybody uses it;
* an answer that got lost is asked for once more with the same token. If that token is spent by now, Zalo says
  so, and the account waits for an administrator's new grant (``needs_grant``); no other account is touched;
* a process that died between claim and answer leaves a claim that others may take over after
  ``CLAIM_SECONDS``, with the same consequence;
* a job renews every pair at half of its life, so that senders hardly ever wait for a renewal, and the grant
  of an account that sends seldom never runs out.
"""

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from math import ceil

import aiohttp
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from groups.enums import AccountState
from groups.models import OfficialAccount
from groups.zalo import oauth
from groups.zalo.errors import (
    ChannelStopped,
    OutcomeUnknown,
    ReauthorisationNeeded,
    Temporary,
    ZaloError,
)
from groups.zalo.http import open_session
from portal.audit.services import record
from portal.clock import database_now

logger = logging.getLogger(__name__)

REFRESH_AHEAD = timedelta(hours=1)
# The job that renews ahead: enough for every account of a province, within what a task may take.
MOST_AHEAD = 200
AHEAD_SECONDS = 100
FAILURES_IN_ROW = 3
# Longer than two whole exchanges with Zalo, so that only a dead process loses its claim.
CLAIM_SECONDS = 60
POLL_SECONDS = 0.2
WAIT_SECONDS = 25
RETRY_AFTER_SECONDS = 60
SECOND_TRY_SECONDS = 1.0


class AccountTokens:
    """The ``TokenSource`` of one account, for ``groups.zalo.client.ZaloClient``.

    Holds the token it read, so a batch of sends costs one query; ``renew`` always looks at the row again.
    ``session`` is the drain's; without one, a session is opened for each refresh.
    """

    def __init__(self, account_id: int, *, session: aiohttp.ClientSession | None = None):
        self._account_id = account_id
        self._session = session
        self._token = ""
        self._expires_at: datetime | None = None
        self._retry_not_before: datetime | None = None
        # The many sends of one drain wait here, not each at the database.
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        """The present token, renewed first when it has less than an hour to live.

        Raises ``ReauthorisationNeeded`` or ``ChannelStopped`` when a person must act, ``Temporary`` when Zalo
        cannot be asked and the old token has run out. After a failure nobody asks Zalo again for
        ``RETRY_AFTER_SECONDS``.
        """
        if self._is_usable():
            return self._token
        async with self._lock:
            if not self._token:
                self._remember(await sync_to_async(_read)(self._account_id))
            if self._is_usable():
                return self._token
            try:
                return await self._renew(self._token)
            except Temporary:
                if self._token and not self._runs_out_within(timedelta(0)):
                    return self._token
                raise

    async def renew(self, rejected_token: str) -> str:
        """A token other than ``rejected_token``: the stored one if it differs, else a new one from Zalo."""
        async with self._lock:
            return await self._renew(rejected_token)

    async def _renew(self, rejected_token: str) -> str:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            account = await sync_to_async(_read)(self._account_id)
            if account.access_token and account.access_token != rejected_token:
                return self._remember(account)
            await self._require_no_pause()
            if claimed_at := await sync_to_async(_claim)(self._account_id):
                return self._remember(await self._refresh(rejected_token, claimed_at))
            if time.monotonic() > deadline:
                self._retry_not_before = timezone.now() + timedelta(seconds=RETRY_AFTER_SECONDS)
                raise Temporary(None, "another process is renewing", wait_seconds=RETRY_AFTER_SECONDS)
            await asyncio.sleep(POLL_SECONDS)

    async def _refresh(self, rejected_token: str, claimed_at: datetime) -> OfficialAccount:
        """Ask Zalo, as the holder of the claim; every way out stores its outcome and ends the claim."""
        account = await sync_to_async(_read)(self._account_id)
        if account.access_token and account.access_token != rejected_token:
            await sync_to_async(_release)(self._account_id, claimed_at)
            return account
        try:
            pair = await self._ask(account)
        except ChannelStopped as error:
            return await sync_to_async(_stop)(account, error)
        except (Temporary, OutcomeUnknown) as error:
            await self._pause()
            await sync_to_async(_release)(self._account_id, claimed_at)
            raise Temporary(error.code, str(error), wait_seconds=RETRY_AFTER_SECONDS) from None
        return await sync_to_async(_store)(account, pair)

    async def _ask(self, account: OfficialAccount) -> oauth.TokenPair:
        """The next pair; a lost answer is asked for once more with the same token."""
        if account.is_bot:
            raise ReauthorisationNeeded(None, "the token of a bot is not renewed, only replaced")
        call = {
            "app_id": account.app_id,
            "app_secret": account.app_secret,
            "refresh_token": account.refresh_token,
        }
        async with self._open_session() as session:
            try:
                return await oauth.refresh(session, settings.ZALO_OAUTH_URL, **call)
            except OutcomeUnknown:
                await asyncio.sleep(SECOND_TRY_SECONDS)
                return await oauth.refresh(session, settings.ZALO_OAUTH_URL, **call)

    @asynccontextmanager
    async def _open_session(self):
        if self._session is not None:
            yield self._session
            return
        async with open_session(concurrency=1) as session:
            yield session

    async def _pause(self) -> None:
        """Zalo could not be asked: neither this process nor another tries again at once."""
        self._retry_not_before = timezone.now() + timedelta(seconds=RETRY_AFTER_SECONDS)
        await cache.aset(self._pause_key, self._retry_not_before, RETRY_AFTER_SECONDS)

    async def _require_no_pause(self) -> None:
        self._retry_not_before = await cache.aget(self._pause_key) or self._retry_not_before
        if self._is_paused():
            left = (self._retry_not_before - timezone.now()).total_seconds()
            raise Temporary(None, "renewal failed a moment ago", wait_seconds=max(1, ceil(left)))

    @property
    def _pause_key(self) -> str:
        return f"groups:renewal-pause:{self._account_id}"

    def _is_usable(self) -> bool:
        """Whether the token in hand serves: fresh, or good enough while Zalo cannot be asked."""
        margin = timedelta(0) if self._is_paused() else REFRESH_AHEAD
        return bool(self._token) and not self._runs_out_within(margin)

    def _is_paused(self) -> bool:
        return self._retry_not_before is not None and timezone.now() < self._retry_not_before

    def _remember(self, account: OfficialAccount) -> str:
        self._token, self._expires_at = account.access_token, account.access_expires_at
        return self._token

    def _runs_out_within(self, margin: timedelta) -> bool:
        return self._expires_at is not None and self._expires_at - timezone.now() < margin


def read_ahead(sources: Iterable[AccountTokens]) -> None:
    """Read the tokens of many accounts by one query.

    Those of accounts out of service are left to ``get``, which says why.
    """
    by_id = {source._account_id: source for source in sources}
    accounts = OfficialAccount.objects.filter(pk__in=by_id, state=AccountState.ACTIVE)
    for account in accounts.only("access_token", "access_expires_at"):
        by_id[account.pk]._remember(account)


def store_pair(account: OfficialAccount, pair: oauth.TokenPair) -> None:
    """Put a pair on the account and make it active; the caller saves (``PAIR_FIELDS``)."""
    account.access_token, account.refresh_token = pair.access_token, pair.refresh_token
    account.tokens_at = timezone.now()
    account.access_expires_at = account.tokens_at + timedelta(seconds=pair.expires_in_seconds)
    account.refresh_started_at = None
    account.state = AccountState.ACTIVE
    account.last_error, account.last_error_at = "", None


PAIR_FIELDS = (
    "access_token",
    "refresh_token",
    "access_expires_at",
    "tokens_at",
    "refresh_started_at",
    "state",
    "last_error",
    "last_error_at",
)


def _read(account_id: int) -> OfficialAccount:
    """The row as it stands. Raises when only a person can make the account work again."""
    account = OfficialAccount.objects.get(pk=account_id)
    if account.state == AccountState.NEEDS_GRANT:
        raise ReauthorisationNeeded(None, account.last_error)
    if account.state == AccountState.STOPPED:
        raise ChannelStopped(None, account.last_error)
    return account


def _claim(account_id: int) -> datetime | None:
    """Become the one process that renews: when that was for exactly one caller, None for the others."""
    now = database_now()
    free = Q(refresh_started_at=None) | Q(refresh_started_at__lt=now - timedelta(seconds=CLAIM_SECONDS))
    rows = OfficialAccount.objects.filter(free, pk=account_id).update(refresh_started_at=now)
    return now if rows == 1 else None


def _release(account_id: int, claimed_at: datetime) -> None:
    """Give the claim back, unless another process took it over."""
    mine = OfficialAccount.objects.filter(pk=account_id, refresh_started_at=claimed_at)
    mine.update(refresh_started_at=None)


def _store(spent: OfficialAccount, pair: oauth.TokenPair) -> OfficialAccount:
    """Commit the new pair, unless a person connected the account anew while Zalo was being asked."""
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().get(pk=spent.pk)
        if account.refresh_token == spent.refresh_token:
            store_pair(account, pair)
            account.save(update_fields=PAIR_FIELDS)
    return account


def _stop(spent: OfficialAccount, error: ZaloError) -> OfficialAccount:
    """Take the account out of service and say why; a pair that somebody stored meanwhile wins."""
    with transaction.atomic():
        account = OfficialAccount.objects.select_for_update().get(pk=spent.pk)
        if account.refresh_token != spent.refresh_token:
            return account
        mark_stopped(account, error)
    raise error


def mark_stopped(account: OfficialAccount, error: ZaloError) -> None:
    """Store that the account works no more until a person acts, in the caller's transaction."""
    needs_grant = isinstance(error, ReauthorisationNeeded)
    account.state = AccountState.NEEDS_GRANT if needs_grant else AccountState.STOPPED
    account.last_error, account.last_error_at = str(error.detail_vi)[:300], timezone.now()
    account.refresh_started_at = None
    account.save(update_fields=["state", "last_error", "last_error_at", "refresh_started_at"])
    action = "groups.account.needs_grant" if needs_grant else "groups.account.stopped"
    record(None, action, account, unit_path=account.unit.path, data={"code": error.code})


def renew_ahead(*, most: int = MOST_AHEAD) -> int:
    """Renew the pairs that have lived half of their life, at most ``most`` of them; returns how many.

    In random order, so that one that cannot be renewed keeps no other waiting for good: it keeps its own
    reason. Where Zalo is away, it ends after a few tries; half a life is left for the next ones.
    """
    accounts = OfficialAccount.objects.filter(state=AccountState.ACTIVE)
    times = accounts.only("tokens_at", "access_expires_at")
    due = [account.pk for account in times if _is_due(account)]
    renewed, failures, until = 0, 0, time.monotonic() + AHEAD_SECONDS
    for account_id in random.sample(due, min(most, len(due))):
        if failures == FAILURES_IN_ROW or time.monotonic() > until:
            break
        try:
            renewed += _renew_if_due(account_id)
            failures = 0
        except ChannelStopped as error:
            logger.warning("account_stopped_at_renewal: %s", type(error).__name__)
        except Temporary:
            failures += 1
    return renewed


def _renew_if_due(account_id: int) -> bool:
    """Renew unless another process, or a person, has done it meanwhile."""
    account = _read(account_id)
    if not _is_due(account):
        return False
    async_to_sync(AccountTokens(account_id).renew)(account.access_token)
    return True


def _is_due(account: OfficialAccount) -> bool:
    return account.renew_at is not None and account.renew_at <= timezone.now()
