"""The sending of one job: a message with its picture, or a look into a group. Its end goes to the ledger."""

import logging
from collections.abc import Callable
from contextlib import suppress

from django.db import Error as DatabaseError

from broadcasts import picture_links
from broadcasts.engine import outcomes, reading, store
from broadcasts.engine.database import DatabaseThread
from broadcasts.engine.ledger import Ledger
from broadcasts.engine.mailbox import Box
from broadcasts.engine.outcomes import Call, NoCallMade
from broadcasts.engine.reader import PacedReader
from broadcasts.engine.reading import Doubt
from broadcasts.engine.uploads import Uploads
from groups.zalo.errors import ZaloError

logger = logging.getLogger(__name__)


class Sender:
    """What all senders of one drain share: texts, uploads, counters."""

    def __init__(self, database: DatabaseThread, ledger: Ledger, clock: Callable[[], float]):
        self.frozen: dict[int, store.Frozen] = {}
        self.calls = self.reads = 0
        self.ledger = ledger
        self.clock = clock
        self.uploads = Uploads(database, clock)

    async def do(self, box: Box, job: Call | Doubt) -> None:
        """Carry out one job in its reserved place. Raises nothing that Zalo answers."""
        await (self._look(box, job) if isinstance(job, Doubt) else self._send(box, job))

    async def _send(self, box: Box, call: Call) -> None:
        if not box.may_issue(self.clock()):
            box.pace.give_back()
            self.ledger.unissued.append(call)
            return
        started = self.clock()
        try:
            message_id = await self._post(box, call)
        except NoCallMade:
            self.ledger.unissued.append(call)
        except Exception as error:
            if not isinstance(error, ZaloError):
                logger.exception("drain_unforeseen: delivery %s", call.delivery_id)
            # First of all the outcome: whatever goes wrong below must not lose it.
            self.ledger.outcomes.append(outcomes.failed(call, error, started=started, finished=self.clock()))
            await self._note(box, call, error)
        else:
            box.succeeded()
            self.ledger.outcomes.append(
                outcomes.sent(call, message_id, started=started, finished=self.clock())
            )

    async def _post(self, box: Box, call: Call) -> str:
        """One message, with its picture uploaded first when it has one; returns Zalo's id of it."""
        frozen = self.frozen[call.broadcast_id]
        attachment = await self._attachment(box, frozen.picture_id) if frozen.picture_id else ""
        box.pace.issue()
        self.calls += 1
        try:
            if attachment:
                sent = await box.client.send_group_image(call.zalo_group_id, frozen.text, attachment)
            else:
                sent = await box.client.send_group_text(call.zalo_group_id, frozen.text)
        finally:
            box.pace.end(self.clock())
        return sent.message_id

    async def _attachment(self, box: Box, picture_id: int) -> str:
        """The picture's attachment id, or its address where a bot posts.

        The row that uploads it spends its place and needs another one.
        """
        if not box.client.takes_uploads:
            return picture_links.address(picture_id)
        spent = []

        def issue() -> None:
            box.pace.issue()
            spent.append(True)

        try:
            attachment = await self.uploads.attachment(box, picture_id, issue=issue)
        except BaseException as error:
            if not spent:
                box.pace.give_back()
            if isinstance(error, DatabaseError):
                # The message surely did not go out: no reason to doubt it.
                raise NoCallMade from error
            raise
        if spent:
            if not box.pace.at_once(self.clock()):
                raise NoCallMade
            box.pace.reserve(1)
        return attachment

    async def _note(self, box: Box, call: Call, error: Exception) -> None:
        """What a failure means for more than its row."""
        box.failed(error, now=self.clock())
        if outcomes.stops_more_than_message(error):
            self.ledger.stops.append((call, error))
        picture_id = self.frozen[call.broadcast_id].picture_id
        if picture_id and getattr(error, "code", None) == outcomes.ATTACHMENT_EXPIRED:
            await self.uploads.forget(box, picture_id)

    async def _look(self, box: Box, doubt: Doubt) -> None:
        if not box.may_issue(self.clock()):
            box.pace.give_back()
            return
        self.reads += 1
        reader = PacedReader(box.client, box.pace, self.clock)
        # Without a call nothing was learnt: the look is still due.
        with suppress(NoCallMade):
            self.ledger.findings.append(await reading.look(reader, doubt))
