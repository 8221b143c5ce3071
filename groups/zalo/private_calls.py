"""One person at a time: consultation messages with their windows, and what the account knows of a person.

Zalo lets an account answer for 48 hours after the person's last act at no cost, until 7 days from the
package's number, and not at all later (-230). Every message is sent once: a lost answer is
``OutcomeUnknown``.
"""

from collections.abc import Callable
from typing import Any

import aiohttp

from groups.zalo import text as texts
from groups.zalo.calls import Calls, TokenSource, mapping, mappings
from groups.zalo.errors import ChannelStopped, OutcomeUnknown, Permanent
from groups.zalo.records import (
    ConversationItem,
    Page,
    PrivateQuota,
    PrivateWindow,
    SentPrivate,
    UserProfile,
    number,
    text,
)

CONSULTATION_PATH = "/v3.0/oa/message/cs"
OLD_PATH = "/v2.0/oa/message"
KIND_OF_ACCOUNT_REFUSED = -235
INVALID_PARAMETER = -201
LARGEST_USER_PAGE = 50
LARGEST_PRIVATE_PAGE = 10


class PrivateCalls(Calls):
    """The part of ``ZaloClient`` about single persons.

    ``old_private_path``: answer through the older v2 address once Zalo has refused the present one for this
    kind of account (-235), as seen with accounts of state agencies. Off unless asked for.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: TokenSource,
        api_url: str,
        *,
        timeout: aiohttp.ClientTimeout | None = None,
        old_private_path: bool = False,
    ):
        super().__init__(session, tokens, api_url, timeout=timeout)
        self._may_use_old_path = old_private_path
        self._private_path = CONSULTATION_PATH

    async def send_user_text(self, user_id: str, content: str, *, quote_message_id: str = "") -> SentPrivate:
        """Answer a person in private, perhaps quoting what they wrote.

        A quotation that Zalo does not take is left out: the answer matters more.
        """
        message = {"text": texts.prepare_private(content)}
        if quote_message_id:
            try:
                return await self._tell(user_id, message | {"quote_message_id": quote_message_id})
            except Permanent as error:
                if error.code != INVALID_PARAMETER:
                    raise
        return await self._tell(user_id, message)

    async def send_user_image(self, user_id: str, caption: str, attachment_id: str) -> SentPrivate:
        """Send a person an uploaded picture; ``caption`` may be empty."""
        message = image_message(caption, attachment_id, prepare=texts.prepare_private)
        return await self._tell(user_id, message)

    async def send_user_file(self, user_id: str, token: str) -> SentPrivate:
        """Send a person an uploaded file by the token its upload returned."""
        return await self._tell(user_id, file_message(token))

    async def get_private_window(self, user_id: str) -> PrivateWindow:
        """When the person last acted towards the account, and what may still be sent."""
        data = mapping(await self._write_again("/v3.0/oa/quota/message", {"user_id": user_id}))
        return PrivateWindow.read(data)

    async def get_private_conversation(
        self, user_id: str, offset: int = 0, count: int = LARGEST_PRIVATE_PAGE
    ) -> list[ConversationItem]:
        """The newest messages with one person, newest first, at most 10."""
        path = "/v2.0/oa/conversation"
        data = await self._read_json(path, user_id=user_id, offset=offset, count=count)
        return [ConversationItem.read(raw) for raw in mappings(data)]

    async def list_users(
        self, offset: int = 0, count: int = LARGEST_USER_PAGE, *, followers_only: bool = False
    ) -> Page[str]:
        """One page of the ids of people who follow the account or have met it."""
        fields: dict[str, Any] = {"offset": offset, "count": min(count, LARGEST_USER_PAGE)}
        if followers_only:
            fields["is_follower"] = "true"
        data = mapping(await self._read_json("/v3.0/oa/user/getlist", **fields))
        users = [text(raw.get("user_id")) for raw in mappings(data.get("users"))]
        return Page(users, number(data.get("total"), default=len(users)), offset)

    async def get_user(self, user_id: str) -> UserProfile:
        """What the account may know of a person."""
        return UserProfile.read(mapping(await self._read_json("/v3.0/oa/user/detail", user_id=user_id)))

    async def _tell(self, user_id: str, message: dict[str, Any]) -> SentPrivate:
        body, path = {"recipient": {"user_id": user_id}, "message": message}, self._private_path
        try:
            data = mapping(await self._write(path, body))
        except ChannelStopped as error:
            is_refused = error.code == KIND_OF_ACCOUNT_REFUSED and path != OLD_PATH
            if not (is_refused and self._may_use_old_path):
                raise
            # Refused, so surely not delivered. Once learnt, further answers go the old way at once.
            self._private_path = OLD_PATH
            data = mapping(await self._write(OLD_PATH, body))
        message_id = text(data.get("message_id"))
        if not message_id:
            raise OutcomeUnknown(None, "success without a message id")
        return SentPrivate(message_id, PrivateQuota.read(mapping(data.get("quota"))))


def image_message(
    caption: str, attachment_id: str, *, prepare: Callable[[str], str] = texts.prepare
) -> dict[str, Any]:
    """The body of a picture in the one shape that groups and persons both take."""
    element = {"media_type": "image", "attachment_id": attachment_id}
    payload = {"template_type": "media", "elements": [element]}
    message: dict[str, Any] = {"attachment": {"type": "template", "payload": payload}}
    if texts.clean(caption):
        message["text"] = prepare(caption)
    return message


def file_message(token: str) -> dict[str, Any]:
    """The body of a file. Zalo shows no text beside it; who wants one sends it before."""
    return {"attachment": {"type": "file", "payload": {"token": token}}}
