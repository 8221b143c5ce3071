"""A client that posts into memory, for tests: ``ZALO_CLIENT = "groups.zalo.fake.FakeZalo"``.

Made and called like ``ZaloClient``. All fakes of a process share one ``world``, as Django's locmem mail
backend shares its outbox: look at ``world.sent`` for what members would have seen, script failures with
``world.fail_next(...)``, and call ``world.reset()`` between tests. One contract suite runs against this fake
and against the real client with the simulator.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from groups.zalo import text as texts
from groups.zalo.client import (
    IMAGE_TYPES,
    LARGEST_CONVERSATION_PAGE,
    MAX_IMAGE_BYTES,
    RateLimit,
    check_document,
)
from groups.zalo.errors import (
    ChannelStopped,
    OutcomeUnknown,
    Permanent,
    Temporary,
    TokenRejected,
    ZaloError,
    classify,
)
from groups.zalo.fake_world import Failure, FakeWorld, Posted, PrivateMessage, world
from groups.zalo.group_calls import founders, group_name
from groups.zalo.records import (
    AccountProfile,
    Asset,
    ConversationItem,
    GroupInfo,
    GroupSettings,
    Member,
    Page,
    PrivateQuota,
    PrivateWindow,
    SentMessage,
    SentPrivate,
    UserProfile,
)

__all__ = ["FakeWorld", "FakeZalo", "world"]

ANSWER_WINDOW = timedelta(days=7)
Result = TypeVar("Result")


class FakeZalo:
    """The calls of ``ZaloClient`` without a network; session, address and time-outs are ignored."""

    takes_uploads = True

    def __init__(self, session: Any = None, tokens: Any = None, api_url: str = "", **options: Any):
        self.rate_limit = RateLimit()
        self._tokens = tokens

    # --- Messages and uploads ----------------------------------------------------------------------------

    async def send_group_text(self, group_id: str, content: str) -> SentMessage:
        return await self._post(group_id, texts.prepare(content))

    async def send_group_image(self, group_id: str, caption: str, attachment_id: str) -> SentMessage:
        return await self._post(group_id, _caption(caption), attachment_id=attachment_id)

    async def send_group_file(self, group_id: str, token: str) -> SentMessage:
        return await self._post(group_id, "", file_token=token)

    async def send_user_text(self, user_id: str, content: str, *, quote_message_id: str = "") -> SentPrivate:
        return await self._tell(user_id, texts.prepare_private(content))

    async def send_user_image(self, user_id: str, caption: str, attachment_id: str) -> SentPrivate:
        caption = texts.prepare_private(caption) if texts.clean(caption) else ""
        return await self._tell(user_id, caption, attachment_id=attachment_id)

    async def send_user_file(self, user_id: str, token: str) -> SentPrivate:
        return await self._tell(user_id, "", file_token=token)

    async def upload_image(self, content: bytes, filename: str, content_type: str) -> str:
        if content_type not in IMAGE_TYPES or len(content) > MAX_IMAGE_BYTES:
            raise Permanent(None, f"{content_type}, {len(content)} bytes: only JPEG or PNG up to 1 MB")
        return await self._again(lambda: _keep(content))

    async def upload_file(self, content: bytes, filename: str) -> str:
        check_document(content)
        return await self._again(lambda: _keep(content))

    # --- Groups ------------------------------------------------------------------------------------------

    async def list_groups(self, offset: int = 0, count: int = 50) -> Page[GroupInfo]:
        return await self._again(lambda: _page(list(world.groups.values()), offset, count))

    async def get_group(self, group_id: str) -> GroupInfo:
        return await self._again(lambda: world.group(group_id), group_id)

    async def create_group(
        self, name: str, *, asset_id: str, member_ids: Sequence[str], description: str = ""
    ) -> GroupInfo:
        name, users = group_name(name), founders(member_ids)

        def found() -> GroupInfo:
            members, group_id = world.invited(users), world.next_id()
            asset = world.take_asset(asset_id, group_id)
            group = replace(
                world.add_group(group_id, name, members=0),
                description=texts.clean(description),
                asset_id=asset_id,
                asset_valid_through=asset.valid_through,
            )
            world.groups[group_id] = group
            world.admit(group_id, members)
            return world.groups[group_id]

        return await self._once(found)

    async def update_group(
        self,
        group_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        settings: GroupSettings | None = None,
    ) -> GroupInfo:
        changes: dict[str, Any] = {"settings": settings} if settings is not None else {}
        if name is not None:
            changes["name"] = group_name(name)
        if description is not None:
            changes["description"] = texts.clean(description)
        return await self._again(lambda: _change(group_id, changes), group_id)

    async def update_asset(self, group_id: str, asset_id: str) -> GroupInfo:
        def put() -> GroupInfo:
            former = world.assets.get(world.group(group_id).asset_id)
            asset = world.take_asset(asset_id, group_id)
            if former is not None and former.asset_id != asset_id:
                world.assets[former.asset_id] = replace(former, is_available=True, group_id="")
            slot = {"asset_id": asset_id, "asset_valid_through": asset.valid_through}
            return _change(group_id, {"status": "enabled"} | slot)

        return await self._once(put, group_id)

    async def list_assets(self, kind: str = "gmf100", source: str = "sub_quota") -> list[Asset]:
        return await self._again(
            lambda: [a for a in world.assets.values() if (a.kind, a.source) == (kind, source)]
        )

    async def list_members(self, group_id: str, offset: int = 0, count: int = 50) -> Page[Member]:
        def listed() -> Page[Member]:
            world.group(group_id)
            account = Member(world.profile.oa_id, world.profile.name, True)
            return _page([account, *world.members.get(group_id, [])], offset, count)

        return await self._again(listed, group_id)

    async def list_pending(self, group_id: str, offset: int = 0, count: int = 50) -> Page[Member]:
        return await self._again(lambda: _page(world.pending.get(group_id, []), offset, count), group_id)

    async def accept_pending(self, group_id: str, user_ids: Sequence[str]) -> None:
        await self._again(lambda: world.admit(group_id, world.waiting(group_id, user_ids)), group_id)

    async def reject_pending(self, group_id: str, user_ids: Sequence[str]) -> None:
        await self._again(lambda: world.waiting(group_id, user_ids), group_id)

    async def invite(self, group_id: str, user_ids: Sequence[str]) -> None:
        await self._once(lambda: world.admit(group_id, world.invited(user_ids)), group_id)

    async def remove_members(self, group_id: str, user_ids: Sequence[str]) -> None:
        def remove() -> None:
            leaving = world.inside(group_id, user_ids)
            world.members[group_id] = [m for m in world.members[group_id] if m not in leaving]
            _change(group_id, {"members": world.groups[group_id].members - len(leaving)})

        await self._again(remove, group_id)

    async def add_admins(self, group_id: str, user_ids: Sequence[str]) -> None:
        def add() -> None:
            world.inside(group_id, user_ids)
            world.admins.setdefault(group_id, []).extend(user_ids)

        await self._again(add, group_id)

    async def remove_admins(self, group_id: str, user_ids: Sequence[str]) -> None:
        def remove() -> None:
            admins = world.admins.get(group_id, [])
            if not set(user_ids) <= set(admins):
                raise classify(-201, "member_user_ids is invalid!")
            world.admins[group_id] = [user_id for user_id in admins if user_id not in user_ids]

        await self._again(remove, group_id)

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        def listed() -> list[ConversationItem]:
            world.group(group_id)
            items = [posted.item for posted in reversed(world.sent) if posted.group_id == group_id]
            return items[offset : offset + min(count, LARGEST_CONVERSATION_PAGE)]

        return await self._again(listed, group_id)

    async def list_recent(
        self, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        def listed() -> list[ConversationItem]:
            last = {posted.group_id: posted.item for posted in world.sent}
            newest = sorted(last.values(), key=lambda item: item.at, reverse=True)
            return newest[offset : offset + min(count, LARGEST_CONVERSATION_PAGE)]

        return await self._again(listed)

    # --- The account and people --------------------------------------------------------------------------

    async def get_oa(self) -> AccountProfile:
        return await self._again(lambda: world.profile)

    async def get_private_window(self, user_id: str) -> PrivateWindow:
        return await self._again(
            lambda: PrivateWindow(world.person(user_id).last_interaction_at, None, None), user_id
        )

    async def get_private_conversation(
        self, user_id: str, offset: int = 0, count: int = LARGEST_CONVERSATION_PAGE
    ) -> list[ConversationItem]:
        def listed() -> list[ConversationItem]:
            world.person(user_id)
            items = [told.item for told in reversed(world.sent_private) if told.user_id == user_id]
            return items[offset : offset + count]

        return await self._again(listed, user_id)

    async def list_users(
        self, offset: int = 0, count: int = 50, *, followers_only: bool = False
    ) -> Page[str]:
        def listed() -> Page[str]:
            people = sorted(world.people.items(), key=lambda row: row[1].last_interaction_at, reverse=True)
            ids = [user_id for user_id, person in people if person.is_follower or not followers_only]
            return _page(ids, offset, count)

        return await self._again(listed)

    async def get_user(self, user_id: str) -> UserProfile:
        def read() -> UserProfile:
            person = world.person(user_id)
            return UserProfile(user_id, person.name, person.is_follower, person.last_interaction_at.date())

        return await self._again(read, user_id)

    # --- How a call ends ---------------------------------------------------------------------------------

    async def _post(self, group_id: str, content: str, **attachment: str) -> SentMessage:
        def post() -> SentMessage:
            if not world.group(group_id).is_enabled:
                raise classify(-237, "group is disabled")
            for upload_id in attachment.values():
                world.uploaded(upload_id)
            posted = Posted(group_id, content, world.next_id(), **attachment)
            world.sent.append(posted)
            return SentMessage(posted.message_id)

        return await self._once(post, group_id)

    async def _tell(self, user_id: str, content: str, **attachment: str) -> SentPrivate:
        def tell() -> SentPrivate:
            person = world.person(user_id)
            if not person.is_follower:
                raise classify(-213, "user is not follower")
            if datetime.now(UTC) - person.last_interaction_at > ANSWER_WINDOW:
                raise classify(-230, "user has not interacted with the OA in the past 7 days")
            for upload_id in attachment.values():
                world.uploaded(upload_id)
            told = PrivateMessage(user_id, content, world.next_id(), **attachment)
            world.sent_private.append(told)
            return SentPrivate(told.message_id, PrivateQuota("reply"))

        return await self._once(tell, user_id)

    async def _once(self, effect: Callable[[], Result], about: str = "") -> Result:
        """``effect``, or the scripted end of this call: before it, or after it when that was delivered."""
        failure = await self._failure(about)
        if failure and not failure.delivered:
            raise failure.error
        result = effect()
        if failure:
            raise failure.error
        return result

    async def _again(self, effect: Callable[[], Result], about: str = "") -> Result:
        """As ``_once``, for calls that may be made twice: a lost answer is a reason to ask again."""
        try:
            return await self._once(effect, about)
        except OutcomeUnknown as error:
            lost: ZaloError = Temporary(error.code, error.message)
        raise lost

    async def _failure(self, about: str) -> Failure | None:
        """The scripted end of this call, after renewing a rejected token once as the client does."""
        failure = world.scripted(about)
        if failure is None or not isinstance(failure.error, TokenRejected):
            return failure
        if self._tokens is not None:
            await self._tokens.renew(await self._tokens.get())
        failure = world.scripted(about)
        if failure is not None and isinstance(failure.error, TokenRejected):
            raise ChannelStopped(failure.error.code, failure.error.message)
        return failure


def _caption(caption: str) -> str:
    return texts.prepare(caption) if texts.clean(caption) else ""


def _keep(content: bytes) -> str:
    upload_id = world.next_id()
    world.uploads[upload_id] = content
    return upload_id


def _change(group_id: str, changes: dict[str, Any]) -> GroupInfo:
    world.groups[group_id] = replace(world.group(group_id), **changes)
    return world.groups[group_id]


def _page(rows: Sequence[Any], offset: int, count: int) -> Page[Any]:
    return Page(list(rows[offset : offset + count]), len(rows), offset)
