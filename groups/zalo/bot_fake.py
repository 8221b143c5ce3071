"""A bot's client that posts into memory, into the same ``world`` as ``fake.FakeZalo``."""

from typing import Any

from groups.zalo import text as texts
from groups.zalo.bot import CANNOT_READ, TOKEN_WRONG
from groups.zalo.calls import RateLimit
from groups.zalo.errors import (
    ChannelStopped,
    OutcomeUnknown,
    Permanent,
    Temporary,
    TokenRejected,
)
from groups.zalo.fake_world import Posted, world
from groups.zalo.records import BotProfile, ConversationItem, SentMessage


class FakeBot:
    """The calls of ``BotClient`` without a network; session, tokens and address are ignored."""

    takes_uploads = False

    def __init__(self, session: Any = None, tokens: Any = None, api_url: str = "", **options: Any):
        self.rate_limit = RateLimit()

    async def send_group_text(self, group_id: str, content: str) -> SentMessage:
        return self._post(group_id, texts.prepare(content))

    async def send_group_image(self, group_id: str, caption: str, address: str) -> SentMessage:
        return self._post(group_id, texts.prepare(caption) if texts.clean(caption) else "", address)

    async def get_conversation(
        self, group_id: str, offset: int = 0, count: int = 10
    ) -> list[ConversationItem]:
        raise Permanent(None, "a bot cannot read groups", CANNOT_READ)

    async def get_me(self) -> BotProfile:
        failure = world.scripted("")
        if failure and isinstance(failure.error, OutcomeUnknown):
            raise Temporary(failure.error.code, failure.error.message)
        if failure:
            raise failure.error
        return BotProfile(world.profile.oa_id, world.profile.name)

    def _post(self, group_id: str, content: str, picture_address: str = "") -> SentMessage:
        failure = world.scripted(group_id)
        if failure and isinstance(failure.error, TokenRejected):
            # A bot's token cannot be renewed.
            raise ChannelStopped(failure.error.code, failure.error.message, TOKEN_WRONG)
        if failure and not failure.delivered:
            raise failure.error
        if not world.is_open and group_id not in world.groups:
            raise Permanent(400, "chat not found")
        posted = Posted(group_id, content, world.next_id(), picture_address)
        world.sent.append(posted)
        if failure:
            raise failure.error
        return SentMessage(posted.message_id)
