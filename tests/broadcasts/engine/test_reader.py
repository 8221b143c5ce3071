"""Each page of a group is a call of the account's minute."""

import asyncio

import pytest

from broadcasts.engine.pace import Pace
from broadcasts.engine.reader import PacedReader
from groups.zalo.errors import Temporary
from groups.zalo.fake import FakeZalo

NOW = 1_800_000_000.0


def read(reader: PacedReader, pages: int) -> None:
    async def run() -> None:
        for page in range(pages):
            await reader.get_conversation("g1", page * 10, 10)

    asyncio.run(run())


def test_first_page_takes_the_reserved_place_and_each_other_its_own(zalo):
    pace = Pace(100)
    pace.stored = 9
    pace.reserve(1)

    read(PacedReader(FakeZalo(), pace, lambda: NOW), 3)

    assert (pace.reserved, pace.in_flight, pace.free(NOW)) == (0, 0, 94)


def test_page_beyond_the_minute_is_not_read(zalo):
    pace = Pace(1)
    pace.stored = 9
    pace.reserve(1)

    with pytest.raises(Temporary):
        read(PacedReader(FakeZalo(), pace, lambda: NOW), 2)
    assert pace.free(NOW) == 0
