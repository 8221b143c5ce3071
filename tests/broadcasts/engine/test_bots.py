"""Groups of a bot, from approval to what members see: sent once, or posted by a person while bots are off."""

import io
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from broadcasts import picture_links
from broadcasts.engine.drain import drain
from broadcasts.models import Delivery
from broadcasts.pictures import store_picture
from broadcasts.services import sending, sweep
from groups.enums import AccountState, Channel, GroupState
from groups.services.bots import connect_bot
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.broadcasts.drains import drain_here, states
from tests.factories import GroupFactory

TOKEN = "900000000000000001:bot-secret"


@pytest.fixture
def platform(settings):
    with SimulatorThread(World(is_open=True)) as simulator:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = settings.ZALO_BOT_URL = simulator.url
        settings.ZALO_BOT_ENABLED = True
        yield simulator


@pytest.fixture
def bot(area):
    return connect_bot(area.commune_a, token=TOKEN, rate_per_minute=1000, by=None)


@pytest.fixture
def groups(area, bot):
    return [
        GroupFactory(
            unit=area.village_a, channel=Channel.BOT, official_account=bot, zalo_group_id=f"b07{number:017x}"
        )
        for number in range(3)
    ]


def start(broadcast):
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    return broadcast


def send():
    return drain_here(seconds=10)


def seen(platform):
    return {group.group_id: [m.text for m in group.messages] for group in platform.world.groups.values()}


def test_groups_of_a_bot_see_the_post_once(approved, groups, platform):
    broadcast = start(approved())

    send()
    send()

    assert states(broadcast) == ["sent"] * 3
    posts = seen(platform)
    assert sorted(posts) == sorted(group.zalo_group_id for group in groups)
    assert all(len(texts) == 1 and broadcast.code in texts[0] for texts in posts.values())


def test_groups_of_a_bot_wait_for_a_person_while_bots_are_off(approved, groups, platform, settings):
    settings.ZALO_BOT_ENABLED = False

    broadcast = start(approved())
    send()

    assert states(broadcast) == ["to_post"] * 3
    assert seen(platform) == {}


def test_rows_waiting_when_bots_are_switched_off_become_work_for_a_person(
    approved, groups, platform, settings
):
    broadcast = start(approved())
    settings.ZALO_BOT_ENABLED = False

    sweep.follow_groups(timezone.now())
    send()

    assert states(broadcast) == ["to_post"] * 3
    assert seen(platform) == {}


@pytest.mark.parametrize(
    ("code", "state", "account_state", "group_state"),
    [
        (401, "blocked", AccountState.STOPPED, GroupState.ACTIVE),
        (403, "blocked", AccountState.ACTIVE, GroupState.DISABLED),
        (429, "waiting", AccountState.ACTIVE, GroupState.ACTIVE),
        (400, "refused", AccountState.ACTIVE, GroupState.ACTIVE),
    ],
)
def test_refusal_of_a_bot_goes_where_its_class_belongs(
    approved, groups, platform, code, state, account_state, group_state
):
    for group in groups[1:]:
        group.delete()
    broadcast = start(approved())
    platform.control("POST", "faults", {"kind": "error", "code": code, "times": 1, "path": "/sendMessage"})

    send()

    row = broadcast.deliveries.get()
    row.account.refresh_from_db()
    row.group.refresh_from_db()
    assert (row.state, row.account.state, row.group.state) == (state, account_state, group_state)
    assert not str(row.last_error).isascii()
    assert TOKEN not in row.last_error


def test_lost_answer_stays_for_an_officer_since_a_bot_cannot_look(approved, groups, platform):
    broadcast = start(approved())
    platform.control("POST", "faults", {"kind": "reset_after", "times": 1, "path": "/sendMessage"})

    send()
    for _look in range(4):
        Delivery.objects.filter(state="unknown").update(next_attempt_at=timezone.now())
        send()

    assert states(broadcast) == ["sent", "sent", "unknown"]
    assert [len(texts) for texts in seen(platform).values()] == [1, 1, 1]


@pytest.fixture
def picture(area, officer, tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(buffer, "PNG")
    upload = SimpleUploadedFile("anh.png", buffer.getvalue())
    return store_picture(upload, unit=area.commune_a, user=officer)


@pytest.mark.django_db(transaction=True)
def test_picture_is_fetched_from_its_signed_address(
    approved, groups, platform, picture, live_server, settings
):
    settings.PUBLIC_URL = live_server.url
    broadcast = start(approved(picture=picture))

    drain(seconds=10)

    assert states(broadcast) == ["sent"] * 3
    shown = [message for group in platform.world.groups.values() for message in group.messages]
    assert [message.kind for message in shown] == ["photo"] * 3
    uploads = {platform.world.uploads[message.attachment_id].content for message in shown}
    assert uploads == {picture.file.open("rb").read()}


def test_picture_address_opens_for_a_day_and_to_nobody_who_guesses(client, picture):
    path = urlsplit(picture_links.address(picture.pk)).path
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"

    assert client.get(path.replace("/anh-bai/", "/anh-bai/x")).status_code == 404
    assert client.get(f"/anh-bai/{picture.pk}.jpg").status_code == 404

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert client.get(path).status_code == 404
