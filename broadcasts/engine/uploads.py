"""A picture is uploaded once for an account, however many groups get it and however many rows ask at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.mailbox import Box
from broadcasts.models import Picture, PictureUpload
from groups.zalo.errors import Permanent

# Zalo forgets an upload after seven days.
USABLE = timedelta(days=6)
CONTENT_TYPE = "image/jpeg"


class Uploads:
    """Attachment ids by (picture, account), for one drain."""

    def __init__(self, database: DatabaseThread, clock: Callable[[], float]):
        self._database = database
        self._clock = clock
        self._wanted: dict[tuple[int, int], asyncio.Task[str]] = {}

    async def attachment(self, box: Box, picture_id: int, *, issue: Callable[[], None]) -> str:
        """The attachment id of the picture for the box's account; raises what the upload raised.

        ``issue`` is called when this caller's upload is about to be made.
        """
        key = (picture_id, box.account_id)
        if key not in self._wanted:
            self._wanted[key] = asyncio.create_task(self._obtain(box, picture_id, issue))
        try:
            # Shielded: one row that is given up must not take the others' upload with it.
            return await asyncio.shield(self._wanted[key])
        except Exception:
            # All who waited fail alike; who comes later tries anew.
            self._wanted.pop(key, None)
            raise

    async def forget(self, box: Box, picture_id: int) -> None:
        """Zalo no longer knows the attachment."""
        self._wanted.pop((picture_id, box.account_id), None)
        await self._database.run(_forget, picture_id, box.account_id)

    async def _obtain(self, box: Box, picture_id: int, issue: Callable[[], None]) -> str:
        known, content = await self._database.run(_look, picture_id, box.account_id)
        if known:
            return known
        if not content:
            raise Permanent(None, f"picture {picture_id} is missing or empty")
        issue()
        try:
            attachment_id = await box.client.upload_image(content, "anh.jpg", CONTENT_TYPE)
        finally:
            box.pace.end(self._clock())
        await self._database.run(_remember, picture_id, box.account_id, attachment_id)
        return attachment_id


def _look(picture_id: int, account_id: int) -> tuple[str, bytes]:
    """A usable attachment id, or the picture's bytes."""
    upload = PictureUpload.objects.filter(
        picture_id=picture_id, account_id=account_id, uploaded_at__gt=timezone.now() - USABLE
    ).first()
    if upload is not None:
        return upload.attachment_id, b""
    picture = Picture.objects.filter(pk=picture_id).first()
    try:
        with picture.file.open("rb") as file:
            return "", file.read()
    except (AttributeError, OSError, ValueError):
        return "", b""


def _remember(picture_id: int, account_id: int, attachment_id: str) -> Any:
    return PictureUpload.objects.update_or_create(
        picture_id=picture_id,
        account_id=account_id,
        defaults={"attachment_id": attachment_id, "uploaded_at": timezone.now()},
    )


def _forget(picture_id: int, account_id: int) -> None:
    PictureUpload.objects.filter(picture_id=picture_id, account_id=account_id).delete()
