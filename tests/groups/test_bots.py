"""Connecting a bot: by service and command; its token is never renewed; the admin changes what may change."""

import io

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from groups.enums import AccountKind, AccountState, Channel, Role
from groups.models import OfficialAccount
from groups.services import sync, tokens
from groups.services.bots import connect_bot
from groups.services.groups import create_group
from groups.zalo.errors import ReauthorisationNeeded
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import OfficialAccountFactory, make_user

TOKEN = "900000000000000001:bot-secret"


@pytest.fixture
def bot(area):
    return connect_bot(area.commune_a, token=TOKEN, by=None)


@pytest.fixture
def platform(settings):
    with SimulatorThread(World()) as simulator:
        settings.ZALO_BOT_URL = simulator.url
        simulator.control(
            "POST", "oas", {"oa_id": TOKEN.partition(":")[0], "name": "Bot Công an xã", "access_token": TOKEN}
        )
        yield simulator


def test_bot_connected_is_active_with_its_one_token(bot, area):
    assert (bot.kind, bot.oa_id, bot.state) == (AccountKind.BOT, "900000000000000001", AccountState.ACTIVE)
    assert (bot.access_token, bot.refresh_token, bot.access_expires_at) == (TOKEN, "", None)
    entry = AuditEntry.objects.get(action="groups.account.connected")
    assert TOKEN not in str(entry.data)


def test_bot_connected_again_gets_the_new_token_and_works_again(bot, area):
    OfficialAccount.objects.update(state=AccountState.STOPPED, last_error="Mã sai")

    again = connect_bot(area.commune_a, token="900000000000000001:new-secret", name="Bot mới", by=None)

    assert (again.pk, again.access_token, again.name) == (bot.pk, "900000000000000001:new-secret", "Bot mới")
    assert (again.state, again.last_error) == (AccountState.ACTIVE, "")


@pytest.mark.parametrize(
    "token",
    ["", "abc", "9:short", "9:/../getMe?x=1", "9:secret-with space", "9 9:secret-secret", TOKEN + "\n"],
)
def test_token_of_another_form_is_refused(area, token):
    with pytest.raises(ValidationError) as refused:
        connect_bot(area.commune_a, token=token, by=None)

    assert list(refused.value.message_dict) == ["token"]


def test_bot_of_another_unit_or_of_an_official_account_is_refused(bot, area):
    account = OfficialAccountFactory(unit=area.commune_a)

    for unit, token in ((area.commune_b, TOKEN), (area.commune_a, f"{account.oa_id}:bot-secret")):
        with pytest.raises(ValidationError):
            connect_bot(unit, token=token, by=None)


def test_only_an_administrator_connects_a_bot(area):
    with pytest.raises(NotAllowedError):
        connect_bot(area.commune_a, token=TOKEN, by=make_user(Role.CHIEF, area.commune_a))

    connect_bot(area.commune_a, token=TOKEN, by=make_user(Role.ADMINISTRATOR, area.commune_a))


def test_group_of_a_bot_needs_a_bot_and_group_of_an_account_none(bot, area):
    account = OfficialAccountFactory(unit=area.commune_a)
    for channel, sender in ((Channel.BOT, account), (Channel.GMF, bot)):
        with pytest.raises(ValidationError) as refused:
            create_group(
                area.village_a,
                kind="household",
                channel=channel,
                name="Nhóm",
                official_account=sender,
                zalo_group_id="ab12",
                by=None,
            )
        assert list(refused.value.message_dict) == ["oa_id"]


def test_token_of_a_bot_is_handed_out_and_never_renewed(bot):
    assert tokens.renew_ahead() == 0
    source = tokens.AccountTokens(bot.pk)

    async def use():
        assert await source.get() == TOKEN
        with pytest.raises(ReauthorisationNeeded):
            await source.renew(TOKEN)

    async_to_sync(use)()
    bot.refresh_from_db()
    assert bot.access_token == TOKEN


def test_bot_is_not_read_for_groups(bot, area):
    assert sync.sync_accounts([bot.pk]) == 0
    with pytest.raises(WrongStateError):
        sync.request_sync(bot, by=make_user(Role.ADMINISTRATOR, area.commune_a))


def run(*options):
    out = io.StringIO()
    call_command("connect_bot", "--unit", "D6801", *options, stdout=out)
    return out.getvalue()


def test_command_takes_the_name_from_zalo(area, platform):
    text = run("--bot-token", TOKEN)

    assert OfficialAccount.objects.get().name == "Bot Công an xã"
    assert "Bot đang tắt" in text
    assert TOKEN not in text


def test_command_refuses_a_token_zalo_does_not_know(area, platform):
    with pytest.raises(CommandError, match="không còn hiệu lực"):
        run("--bot-token", "900000000000000001:wrong-secret")

    assert not OfficialAccount.objects.exists()


def test_command_without_a_check_asks_nobody(area, settings):
    settings.ZALO_BOT_URL = "http://127.0.0.1:9"
    settings.ZALO_BOT_ENABLED = True

    assert "Bot đang tắt" not in run("--bot-token", TOKEN, "--no-check", "--name", "Bot xã", "--rate", "50")

    bot = OfficialAccount.objects.get()
    assert (bot.name, bot.rate_per_minute) == ("Bot xã", 50)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--unit", "X", "--bot-token", TOKEN), "Không có đơn vị mã X"),
        (("--bot-token", "abc", "--no-check"), "dạng số:chữ"),
        (("--bot-token", TOKEN, "--no-check", "--rate", "0"), "Hạn mức"),
        (("--bot-token", TOKEN), "Chưa kết nối được tới Zalo"),
    ],
)
def test_command_says_what_is_wrong(area, settings, options, complaint):
    settings.ZALO_BOT_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match=complaint):
        run(*options)


@pytest.fixture
def page(bot, area, client):
    client.force_login(make_user(Role.ADMINISTRATOR, area.commune_a))
    return client, reverse("admin:groups_officialaccount_change", args=[bot.pk])


def test_admin_shows_a_bot_without_what_only_an_account_has(page):
    client, url = page

    html = client.get(url).content.decode()

    assert "Bot, không hết hạn" in html
    assert "Mã của bot" in html
    assert "Kết nối với Zalo" not in html
    assert "new_access_token" in html
    for name in ("app_id", "new_refresh_token", "new_oa_secret", TOKEN):
        assert name not in html


def test_admin_changes_name_and_token_of_a_bot(page, bot):
    client, url = page
    OfficialAccount.objects.update(state=AccountState.STOPPED)

    client.post(url, {"name": "Bot tổ 5", "rate_per_minute": "60", "new_access_token": ""})
    bot.refresh_from_db()
    assert (bot.name, bot.rate_per_minute, bot.state) == ("Bot tổ 5", 60, AccountState.STOPPED)

    token = "900000000000000001:new-secret"
    client.post(url, {"name": "Bot tổ 5", "rate_per_minute": "60", "new_access_token": token})
    bot.refresh_from_db()
    assert (bot.access_token, bot.state) == (token, AccountState.ACTIVE)


@pytest.mark.parametrize("token", ["abc", "900000000000000002:bot-secret"])
def test_admin_refuses_the_token_of_another_bot(page, bot, token):
    client, url = page

    response = client.post(url, {"name": "Bot", "rate_per_minute": "60", "new_access_token": token})

    assert response.status_code == 200
    bot.refresh_from_db()
    assert bot.access_token == TOKEN


def test_admin_offers_no_connection_page_for_a_bot(page, bot):
    client, _url = page

    assert client.get(reverse("admin:groups_officialaccount_connect", args=[bot.pk])).status_code == 404
