"""The OA API as Python calls: builds the payload, parses only the fields we need, raises one of a few errors.

``calls`` makes one authorised call, ``group_calls`` and ``private_calls`` are the parts about groups and
about single persons. Here is what every post needs: messages to groups, uploads, the account itself.

Addresses and limits: Zalo OA OpenAPI v3.0 for groups and answers, v2.0 for uploads and the profile. All base
addresses are arguments, so the simulator is only another host.
"""

import io
import json
import zipfile
from functools import lru_cache
from typing import Any

import aiohttp
from django.utils.translation import gettext_lazy as _

from groups.zalo import text as texts
from groups.zalo.calls import RateLimit, TokenSource, mapping
from groups.zalo.errors import OutcomeUnknown, Permanent, Temporary
from groups.zalo.group_calls import LARGEST_CONVERSATION_PAGE, GroupCalls
from groups.zalo.private_calls import PrivateCalls, file_message, image_message
from groups.zalo.records import AccountProfile, SentMessage, text

__all__ = ["LARGEST_CONVERSATION_PAGE", "RateLimit", "TokenSource", "ZaloClient"]

IMAGE_TYPES = frozenset({"image/jpeg", "image/png"})
MAX_IMAGE_BYTES = 1024 * 1024
MAX_FILE_BYTES = 5 * 1024 * 1024
PDF, OLD_OFFICE = b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class ZaloClient(GroupCalls, PrivateCalls):
    """Calls on behalf of one official account, over a session shared with others. Cheap to make."""

    # Pictures go up before they are posted; the engine asks, since a bot's client wants their address.
    takes_uploads = True

    async def send_group_text(self, group_id: str, content: str) -> SentMessage:
        """Post ``content``, cleaned by ``text.prepare``, to a group."""
        return await self._send(group_id, _text_message(content))

    async def send_group_image(self, group_id: str, caption: str, attachment_id: str) -> SentMessage:
        """Post an uploaded picture; ``caption`` may be empty."""
        return await self._send(group_id, json.dumps(image_message(caption, attachment_id)))

    async def send_group_file(self, group_id: str, token: str) -> SentMessage:
        """Post an uploaded file by the token its upload returned."""
        return await self._send(group_id, json.dumps(file_message(token)))

    async def upload_image(self, content: bytes, filename: str, content_type: str) -> str:
        """Upload a JPEG or PNG of at most 1 MB; returns its attachment id, good for 7 days."""
        if content_type not in IMAGE_TYPES or len(content) > MAX_IMAGE_BYTES:
            raise Permanent(None, f"{content_type}, {len(content)} bytes: only JPEG or PNG up to 1 MB")
        data = await self._upload("/v2.0/oa/upload/image", content, filename, content_type)
        return _required(data, "attachment_id")

    async def upload_file(self, content: bytes, filename: str) -> str:
        """Upload a PDF, DOC or DOCX of at most 5 MB, judged by its content; returns its token, good for 7
        days.
        """
        data = await self._upload("/v2.0/oa/upload/file", content, filename, check_document(content))
        return _required(data, "token")

    async def get_oa(self) -> AccountProfile:
        """The account behind the token: also the cheapest check that the token works."""
        return AccountProfile.read(mapping(await self._read("/v2.0/oa/getoa")))

    async def _send(self, group_id: str, message: str) -> SentMessage:
        """Post ``message``, which is JSON."""
        body = f'{{"recipient": {{"group_id": {json.dumps(group_id)}}}, "message": {message}}}'
        data = await self._write_json("/v3.0/oa/group/message", body)
        message_id = text(mapping(data).get("message_id"))
        if not message_id:
            raise OutcomeUnknown(None, "success without a message id")
        return SentMessage(message_id)

    async def _upload(self, path: str, content: bytes, filename: str, content_type: str) -> dict[str, Any]:
        """Repeatable: an upload whose answer got lost lies there unused and goes after 7 days."""

        def form() -> dict[str, Any]:
            # A form is used up by sending it, so each try builds its own.
            part = aiohttp.FormData()
            part.add_field("file", content, filename=filename, content_type=content_type)
            return {"data": part}

        return mapping(await self._repeatable("POST", path, form))


# One text goes to thousands of groups.
@lru_cache(maxsize=64)
def _text_message(content: str) -> str:
    return json.dumps({"text": texts.prepare(content)})


def check_document(content: bytes) -> str:
    """The media type of a document that Zalo takes. Raises ``Permanent`` for any other, or too big a one."""
    if len(content) > MAX_FILE_BYTES:
        raise Permanent(None, f"file of {len(content)} bytes", _("Tệp nặng quá 5 MB. Hãy chọn tệp nhẹ hơn."))
    if content.startswith(PDF):
        return "application/pdf"
    if content.startswith(OLD_OFFICE):
        return "application/msword"
    if _is_docx(content):
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    raise Permanent(None, "no PDF, DOC or DOCX", _("Zalo chỉ nhận tệp PDF hoặc Word. Hãy đổi sang PDF."))


def _is_docx(content: bytes) -> bool:
    """Whether it is a zip archive with a Word document in it; other Office files are archives too."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "word/document.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def _required(data: dict[str, Any], name: str) -> str:
    value = text(data.get(name))
    if not value:
        raise Temporary(None, f"upload answered without {name}")
    return value
