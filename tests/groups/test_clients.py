"""Which client speaks for which account, and that settings reach it."""

import asyncio
import re
from pathlib import Path

import pytest

from groups.enums import AccountKind
from groups.services import clients
from groups.services.clients import make_client
from groups.zalo.bot import BotClient
from groups.zalo.client import ZaloClient
from groups.zalo.errors import ChannelStopped
from groups.zalo.http import open_session
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World

MADE = re.compile(r"settings\.ZALO(_BOT)?_CLIENT\b")
OA, PERSON = "2000000000000000002", "3000000000000000003"


class Token:
    async def get(self):
        return f"demo-at-{OA}"


@pytest.fixture
def platform(settings):
    with SimulatorThread(World(is_open=True)) as simulator:
        settings.ZALO_API_URL = simulator.url
        simulator.control("POST", "oas", {"oa_id": OA, "oa_type": 4})
        simulator.control("POST", "people", {"oa_id": OA, "name": "Bà H.", "user_id": PERSON})
        yield simulator


@pytest.mark.parametrize(("kind", "client"), [(AccountKind.OA, ZaloClient), (AccountKind.BOT, BotClient)])
def test_kind_of_the_account_decides(kind, client):
    assert type(make_client(kind, None, Token())) is client


def answer():
    async def call():
        async with open_session(1) as session:
            return await make_client(AccountKind.OA, session, Token()).send_user_text(PERSON, "Đã nhận")

    return asyncio.run(call())


def test_state_agency_answers_the_old_way_only_where_that_is_switched_on(platform, settings):
    with pytest.raises(ChannelStopped):
        answer()

    settings.ZALO_OLD_PRIVATE_PATH = True

    assert answer().message_id


def test_no_other_module_makes_clients_so_that_settings_reach_all():
    root = Path(clients.__file__).parents[2]
    apps = ("groups", "broadcasts", "tips", "portal")
    users = [path for app in apps for path in (root / app).rglob("*.py") if MADE.search(path.read_text())]
    assert users == [Path(clients.__file__)]
