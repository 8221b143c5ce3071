"""Each call for an account takes a place in the account's minute first, whoever makes it.

The sending engine keeps the minute of the accounts it sends for. Code that calls Zalo beside it puts
``CountedTokens`` under its client: a client asks for a token once for each call, so no call is forgotten.
Who counts is named by ``settings.ACCOUNT_CALL_BUDGET``: this app knows nothing of sending.
"""

import asyncio
import time

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from groups.zalo.calls import TokenSource
from groups.zalo.errors import Scope, Temporary

# Between two looks at a minute that is full.
LOOK_SECONDS = 1.0


class NoCallLeft(Temporary):
    """The account's minute is full, or sending needs all of it now. No call was made."""

    default_detail = _("Tài khoản đang gửi hết hạn mức của phút này. Xin thử lại sau một phút.")
    default_scope = Scope.ACCOUNT


def take(account_id: int, *, is_urgent: bool = False) -> bool:
    """Enter one call in the account's minute; whether it may be made, at once.

    ``is_urgent``: somebody waits for the answer, so it may use the reserve that sending leaves.
    """
    count = import_string(settings.ACCOUNT_CALL_BUDGET)
    return count(account_id, 1, now=time.time(), is_urgent=is_urgent) == 1


class CountedTokens:
    """A ``TokenSource`` over the account's own that enters each call before it hands out the token for it.

    ``until`` (seconds of ``time.monotonic``) is how long a call may wait for its place; ``NoCallLeft`` then.
    """

    def __init__(
        self, source: TokenSource, account_id: int, *, until: float = 0.0, is_urgent: bool = False
    ) -> None:
        self._source = source
        self._account_id = account_id
        self._until = until
        self._is_urgent = is_urgent

    async def get(self) -> str:
        token = await self._source.get()
        await self._take()
        return token

    async def renew(self, rejected_token: str) -> str:
        token = await self._source.renew(rejected_token)
        await self._take()
        return token

    async def _take(self) -> None:
        while not await sync_to_async(take)(self._account_id, is_urgent=self._is_urgent):
            if time.monotonic() + LOOK_SECONDS > self._until:
                raise NoCallLeft
            await asyncio.sleep(LOOK_SECONDS)
