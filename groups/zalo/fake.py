"""A client that posts into memory, for tests: ``ZALO_CLIENT = "groups.zalo.fake.FakeZalo"``.

Made and called like ``ZaloClient``. All fakes of a process share one ``world``, as Django's locmem mail
backend shares its outbox: look at ``world.sent`` for what members would have seen, script failures with
``world.fail_next(...)``, and call ``world.reset()`` between tests. One contract test runs against this fake
and against the real client with the simulator.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as counter
from typing import Any

from groups.zalo import text as texts
from groups.zalo.client import IMAGE_TYPES, LARGEST_CONVERSATION_PAGE, MAX_IMAGE_BYTES, RateLimit
from groups.zalo.errors import (
    ChannelStopped,
    OutcomeUnknown,
    Permanent,
    Temporary,
    TokenRejected,
    ZaloError,
    classify,
)
from groups.zalo.records import (
    AccountProfile,
    ConversationItem,
    GroupInfo,
    Member,
    Page,
    SentMessage,
)


@dataclass(frozen=True, slots=True)
class Posted:
    """One message as the members of a group see it."""

    group_id: str
    text: str
    message_id: str
    attachment_id: str = ""
    file_token: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """One answer as the person sees it."""

    user_id: str
    text: str
    message_id: str


@dataclass(slots=True)
class Failure:
    """A scripted end for the next calls it matches. ``delivered``: the message appears all the same."""

    error: ZaloError
    times: int
    group_id: str
    delivered: bool


class FakeWorld:
    """Groups, messages and scripted failures shared by all fakes of this process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.sent: list[Posted] = []
        self.sent_private: list[PrivateMessage] = []
        self.users: set[str] = set()
        self.uploads: dict[str, bytes] = {}
        self.groups: dict[str, GroupInfo] = {}
        self.members: dict[str, list[Member]] = {}
        self.profile = AccountProfile("2000000000000000002", "OA giả", 2, True, "", "")
        self.is_open = True
        self._failures: list[Failure] = []
        self._ids = counter(1)

    def add_group(
        self, group_id: str, name: str = "Nhóm", *, members: int = 30, status: str = "enabled"
    ) -> None:
        """Make a group known. From now on unknown groups are refused, as the real host does."""
        self.is_open = False
        self.groups[group_id] = GroupInfo(
            group_id, name, status, members, f"https://zalo.me/g/{group_id[:9]}"
        )

    def fail_next(
        self, error: ZaloError, *, times: int = 1, group_id: str = "", delivered: bool = False
    ) -> None:
        """Raise ``error`` from the next ``times`` calls, of one group or of any."""
        self._failures.append(Failure(error, times, group_id, delivered))

    def texts_of(self, group_id: str) -> list[str]:
        """What the group shows, oldest first."""
        return [posted.text for posted in self.sent if posted.group_id == group_id]

    def next_id(self) -> str:
        """A fresh id in Zalo's form: 20 hexadecimal digits."""
        return f"{next(self._ids):020x}"

    def scripted(self, group_id: str) -> Failure | None:
        """The failure this call must end in, used up by one."""
        for failure in self._failures:
            if failure.times > 0 and failure.group_id in ("", group_id):
                failure.times -= 1
                return failure
        return None


world = FakeWorld()


class FakeZalo:
    """The calls of ``ZaloClient`` without a network; session, address and time-outs are ignored."""

    def __init__(self, session: Any = None, tokens: Any = None, api_url: str = "", *, timeout: Any = None):
        self.rate_limit = RateLimit()
        self._tokens = tokens

    async def send_group_text(self, group_id: str, content: str) -> SentMessage:
        return await self._post(group_id, texts.prepare(content))

    async def send_group_image(self, group_id: str, caption: str, attachment_id: str) -> SentMessage:
        prepared = texts.prepare(caption) if texts.clean(caption) else ""
        if attachment_id not in world.uploads:
            raise classify(-201, "attachment_id is invalid!")
        return await self._post(group_id, prepared, attachment_id=attachment_id)

    async def send_group_file(self, group_id: str, token: str) -> SentMessage:
        if token not in world.uploads:
            raise classify(-201, "token is invalid!")
        return await self._post(group_id, "", file_token=token)

    async def send_user_text(self, user_id: str, content: str) -> SentMessage:
        prepared = texts.prepare(content)
        failure = await self._failure(user_id)
        if failure and not failure.delivered:
            raise failure.error
        if not world.is_open and user_id not in world.users:
            raise classify(-201, "user_id is invalid!")
        message = PrivateMessage(user_id, prepared, world.next_id())
        world.sent_private.append(message)
        if failure:
            raise failure.error
        return SentMessage(message.message_id)

    async def upload_image(self, content: bytes, filename: str, content_type: str) -> str:
        if content_type not in IMAGE_TYPES or len(content) > MAX_IMAGE_BYTES:
            raise Permanent(None, f"{content_type}, {len(content)} bytes: only JPEG or PNG up to 1 MB")
        await self._repeatable("")
        attachment_id = world.next_id()
        world.uploads[attachment_id] = content
        return attachment_id

    async def get_oa(self) -> AccountProfile:
        await self._repeatable("")
        return world.profile

    async def list_groups(self, offset: int = 0, count: int = 50) -> Page[GroupInfo]:
        await self._repeatable("")
        groups = list(world.groups.values())
        return Page(groups[offset : offset + count], len(groups), offset)

    async def get_group(self, group_id: str) -> GroupInfo:
        await self._repeatable(group_id)
        self._check_group(group_id)
        return world.groups.get(group_id) or GroupInfo(group_id, "Nhóm", "enabled", 1, "")

    async def list_members(self, group_id: str, offset: int = 0, count: int = 50) -> Page[Member]:
        await self._repeatable(group_id)
        self._check_group(group_id)
        account = Member(world.profile.oa_id, world.profile.name, True)
        members = [account, *world.members.get(group_id, [])]
        return Page(members[offset : offset + count], len(members), offset)

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        await self._repeatable(group_id)
        self._check_group(group_id)
        items = [
            ConversationItem(p.message_id, True, "photo" if p.attachment_id else "text", p.text, p.at)
            for p in reversed(world.sent)
            if p.group_id == group_id
        ]
        return items[offset : offset + min(count, LARGEST_CONVERSATION_PAGE)]

    async def _post(self, group_id: str, content: str, **attachment: str) -> SentMessage:
        failure = await self._failure(group_id)
        if failure and not failure.delivered:
            raise failure.error
        self._check_group(group_id)
        posted = Posted(group_id, content, world.next_id(), **attachment)
        world.sent.append(posted)
        if failure:
            raise failure.error
        return SentMessage(posted.message_id)

    async def _repeatable(self, group_id: str) -> None:
        failure = await self._failure(group_id)
        if failure and isinstance(failure.error, OutcomeUnknown):
            raise Temporary(failure.error.code, failure.error.message)
        if failure:
            raise failure.error

    async def _failure(self, group_id: str) -> Failure | None:
        """The scripted end of this call, after renewing a rejected token once as the client does."""
        failure = world.scripted(group_id)
        if failure is None or not isinstance(failure.error, TokenRejected):
            return failure
        if self._tokens is not None:
            await self._tokens.renew(await self._tokens.get())
        failure = world.scripted(group_id)
        if failure is not None and isinstance(failure.error, TokenRejected):
            raise ChannelStopped(failure.error.code, failure.error.message)
        return failure

    def _check_group(self, group_id: str) -> None:
        if world.is_open:
            return
        group = world.groups.get(group_id)
        if group is None:
            raise classify(-201, "group_id is invalid!")
        if not group.is_enabled:
            raise classify(-237, "group is disabled")
