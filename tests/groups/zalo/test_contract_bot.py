"""The contract of a bot: the fake and the real client with the simulator."""

import asyncio
import inspect

import pytest

from groups.zalo import fake_world
from groups.zalo.bot import BotClient
from groups.zalo.bot_fake import FakeBot
from groups.zalo.errors import (
    ChannelStopped,
    EmptyText,
    OutcomeUnknown,
    Permanent,
    Temporary,
    TextTooLong,
)

BOT, TOKEN = "900000000000000001", "900000000000000001:bot-secret"
GROUP, UNKNOWN_GROUP = "bbbb1111bbbb2222cccc", "ffff0000ffff0000ffff"


class FakeBotHarness:
    """Drives ``FakeBot``."""

    def __init__(self):
        world = fake_world.world
        world.reset()
        world.profile = world.profile.__class__(BOT, "Bot Công an xã", 2, True, "", "")
        world.add_group(GROUP, "Tổ 5")
        self.picture_address = "https://example.org/anh.png"

    def run(self, use):
        return asyncio.run(use(FakeBot()))

    def seen(self):
        posted = [row for row in fake_world.world.sent if row.group_id == GROUP]
        return [("photo" if row.attachment_id else "text", row.text) for row in posted]

    def lose_answer(self, *, delivered):
        fake_world.world.fail_next(OutcomeUnknown(None, "lost"), delivered=delivered)


class RealBotHarness:
    """Drives ``BotClient`` against the simulator, over real HTTP."""

    def __init__(self, real, make_tokens, picture_address):
        self.real, self.tokens, self.picture_address = real, make_tokens(TOKEN), picture_address

    def run(self, use):
        return self.real.run(use, self.tokens, client_class=BotClient)

    def seen(self):
        messages = self.real.simulator.control("GET", f"groups/{GROUP}/messages")["messages"]
        return [(message["kind"], message["text"]) for message in messages]

    def lose_answer(self, *, delivered):
        self.real.lose_answer(delivered=delivered)


@pytest.fixture
def real_bot(real, make_tokens, canned_host):
    control = real.simulator.control
    control("POST", "oas", {"oa_id": BOT, "name": "Bot Công an xã", "access_token": TOKEN})
    control("POST", "groups", {"group_id": GROUP, "oa_id": BOT, "name": "Tổ 5"})
    png = b"\x89PNG\r\n\x1a\n picture"
    host = canned_host(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(png), png))
    return RealBotHarness(real, make_tokens, f"{host}/anh.png")


@pytest.fixture(params=["fake", "real"])
def bot(request):
    return FakeBotHarness() if request.param == "fake" else request.getfixturevalue("real_bot")


def public(kind):
    methods = inspect.getmembers(kind, inspect.isfunction)
    return {name: list(inspect.signature(m).parameters) for name, m in methods if not name.startswith("_")}


def test_fake_has_the_public_methods_of_the_client():
    assert public(FakeBot) == public(BotClient)
    assert set(public(BotClient)) == {"send_group_text", "send_group_image", "get_conversation", "get_me"}


def test_text_sent_appears_once(bot):
    receipt = bot.run(lambda client: client.send_group_text(GROUP, "Chào [@1]"))

    assert receipt.message_id
    assert bot.seen() == [("text", "Chào [ @1]")]


@pytest.mark.parametrize("caption", ["Ảnh mũ bảo hiểm", ""])
def test_picture_at_an_address_appears_with_its_caption(bot, caption):
    bot.run(lambda client: client.send_group_image(GROUP, caption, bot.picture_address))

    assert bot.seen() == [("photo", caption)]


@pytest.mark.parametrize(("content", "error"), [("x" * 1801, TextTooLong), (" \n", EmptyText)])
def test_text_unsendable_is_refused_before_any_call(bot, content, error):
    with pytest.raises(error):
        bot.run(lambda client: client.send_group_text(GROUP, content))

    assert bot.seen() == []


def test_unknown_group_is_permanent(bot):
    with pytest.raises(Permanent) as caught:
        bot.run(lambda client: client.send_group_text(UNKNOWN_GROUP, "Tin"))

    assert caught.value.code == 400


@pytest.mark.parametrize("delivered", [True, False])
def test_lost_answer_to_a_send_is_unknown(bot, delivered):
    bot.lose_answer(delivered=delivered)

    with pytest.raises(OutcomeUnknown):
        bot.run(lambda client: client.send_group_text(GROUP, "Tin"))

    assert bot.seen() == ([("text", "Tin")] if delivered else [])


def test_lost_answer_to_a_look_may_be_asked_again(bot):
    bot.lose_answer(delivered=False)

    with pytest.raises(Temporary):
        bot.run(lambda client: client.get_me())


def test_bot_is_named_by_its_token(bot):
    profile = bot.run(lambda client: client.get_me())

    assert (profile.bot_id, profile.name) == (BOT, "Bot Công an xã")


def test_groups_cannot_be_read(bot):
    with pytest.raises(Permanent) as caught:
        bot.run(lambda client: client.get_conversation(GROUP))

    assert "xem nhóm" in caught.value.detail_vi


def test_token_of_nobody_stops_the_account(real_bot, make_tokens):
    real_bot.tokens = make_tokens(f"{BOT}:other")

    with pytest.raises(ChannelStopped) as caught:
        real_bot.run(lambda client: client.send_group_text(GROUP, "Tin"))

    assert caught.value.code == 401
