"""The fake Zalo of the property test: slow, forgetful and unreliable, and it counts what members see."""

import asyncio
import random
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from broadcasts.rendering import carries_code
from groups.zalo import oauth
from groups.zalo.client import LARGEST_CONVERSATION_PAGE
from groups.zalo.errors import (
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    ReauthorisationNeeded,
    Scope,
    Temporary,
    TokenRejected,
    ZaloError,
    classify,
)
from groups.zalo.fake import FakeZalo, Posted
from groups.zalo.records import ConversationItem, SentMessage
from tests.faults.virtual import VirtualLoop

TIMEOUT_SECONDS = 10.0
# A message may appear after the answer was given up, but not later than the first look into the group.
LATEST_SECONDS = 12.0


class Killed(BaseException):
    """``kill -9``: passes through every ``except Exception``, and no ``finally`` gets anything done."""


@dataclass
class Process:
    """A worker or a beat. Once dead it reaches neither the database nor Zalo."""

    is_dead: bool = False

    def require_life(self) -> None:
        if self.is_dead:
            raise Killed


# The process that runs now; people have none, and never die.
PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)


@dataclass
class Account:
    """An account on Zalo's side, with the dice of its campaign."""

    name: str
    dice: random.Random
    trouble: float
    serial: int = 0
    calls: list[float] = field(default_factory=list)

    @property
    def access(self) -> str:
        return f"at-{self.name}-{self.serial}"

    @property
    def refresh(self) -> str:
        return f"rt-{self.name}-{self.serial}"


class Members:
    """What the members of all groups see, and how Zalo behaves towards the accounts."""

    def __init__(self, loop: VirtualLoop):
        self.loop = loop
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, list[Posted]] = {}
        self.echoes: list[Posted] = []
        self.serial = 0

    def account_of(self, group_id: str) -> Account:
        return self.accounts[group_id[:8]]

    def post(self, group_id: str, text: str) -> Posted:
        """The message is in the group."""
        self.serial += 1
        at = datetime.fromtimestamp(self.loop.time(), UTC)
        posted = Posted(group_id, text, f"{self.serial:020x}", at=at)
        self.groups.setdefault(group_id, []).append(posted)
        self.echoes.append(posted)
        return posted

    def times_seen(self, group_id: str, code: str) -> int:
        """How often members read the post with this code."""
        return sum(carries_code(posted.text, code) for posted in self.groups.get(group_id, []))

    async def refresh(self, _session: Any, _url: str, *, refresh_token: str, **_app: str) -> oauth.TokenPair:
        """Zalo's token endpoint: a refresh token works once, and dies even if the answer is lost."""
        account = self.accounts[refresh_token.split("-")[1]]
        dice = account.dice.random()
        await asyncio.sleep(account.dice.uniform(0.1, 3))
        if dice < account.trouble / 2:
            raise NotSent(None, "refused")
        if refresh_token != account.refresh:
            raise ReauthorisationNeeded(-14014, "spent")
        account.serial += 1
        pair = oauth.TokenPair(account.access, account.refresh, 90_000)
        if dice < account.trouble:
            raise OutcomeUnknown(None, "lost")
        return pair


def failure(dice: random.Random) -> tuple[ZaloError, bool]:
    """What goes wrong with a call, and whether the message is in the group all the same."""
    return dice.choice(
        [
            (OutcomeUnknown(None, "timeout"), True),
            (OutcomeUnknown(None, "timeout"), False),
            (OutcomeUnknown(502, "gateway"), True),
            (OutcomeUnknown(502, "gateway"), False),
            (NotSent(None, "refused"), False),
            (Temporary(-1, "busy"), False),
            (Temporary(-32, "limit", scope=Scope.ACCOUNT, wait_seconds=20), False),
            (classify(-237, "disabled"), False),
            (ChannelStopped(-224, "package"), False),
            (classify(-248, "refused"), False),
            (ZeroDivisionError("a mistake of ours"), True),
        ]
    )


class UnreliableZalo(FakeZalo):
    """The client of the process it is made in. ``members`` is set by the test."""

    members: Members

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.process = PROCESS.get()

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        account = self.members.account_of(group_id)
        await self._travel(account)
        if account.dice.random() < account.trouble:
            raise Temporary(None, "lost")
        items = [
            ConversationItem(p.message_id, True, "text", p.text, p.at)
            for p in reversed(self.members.groups.get(group_id, []))
        ]
        return items[offset : offset + count]

    async def _post(self, group_id: str, content: str, **attachment: str) -> SentMessage:
        account = self.members.account_of(group_id)
        await self._enter(account)
        error, is_delivered = None, True
        if account.dice.random() < account.trouble:
            error, is_delivered = failure(account.dice)
        if isinstance(error, OutcomeUnknown) and error.code is None:
            if is_delivered:
                late = account.dice.uniform(0, LATEST_SECONDS)
                self.members.loop.call_later(late, self.members.post, group_id, content)
            await asyncio.sleep(TIMEOUT_SECONDS)
            raise error
        message_id = self.members.post(group_id, content).message_id if is_delivered else ""
        await asyncio.sleep(account.dice.choice((0.01, 0.3, 2.0)))
        if error is not None:
            raise error
        return SentMessage(message_id)

    async def _enter(self, account: Account) -> None:
        """Show the token; one that is void is renewed once, as the real client does."""
        token = await self._tokens.get()
        await self._travel(account)
        if token == account.access:
            return
        token = await self._tokens.renew(token)
        await self._travel(account)
        if token != account.access:
            raise ChannelStopped(-216, str(TokenRejected()))

    async def _travel(self, account: Account) -> None:
        """On its way for a while; a process that died meanwhile does nothing more."""
        self.process.require_life()
        account.calls.append(self.members.loop.time())
        await asyncio.sleep(account.dice.choice((0.01, 0.05, 0.3, 2.0)))
        self.process.require_life()
