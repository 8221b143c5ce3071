"""The Bot Platform of the simulator, spoken to as any client would."""

import json
import urllib.request

import pytest

BOT, TOKEN, GROUP = "900000000000000001", "900000000000000001:bot-secret", "bbbb1111bbbb2222cccc"


@pytest.fixture
def call(simulator):
    """``call("sendMessage", chat_id=..., text=...)``: the answer of one method."""
    simulator.control("POST", "oas", {"oa_id": BOT, "name": "BotXa", "access_token": TOKEN})
    simulator.control("POST", "groups", {"group_id": GROUP, "oa_id": BOT, "name": "Tổ 5"})

    def make(method, token=TOKEN, **fields):
        url = f"{simulator.url}/bot{token}/{method}"
        request = urllib.request.Request(url, json.dumps(fields).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    make.control = simulator.control
    return make


def test_message_lands_among_what_members_see(call):
    answer = call("sendMessage", chat_id=GROUP, text="Chào bà con")

    messages = call.control("GET", f"groups/{GROUP}/messages")["messages"]
    assert [(m["message_id"], m["text"]) for m in messages] == [
        (answer["result"]["message_id"], "Chào bà con")
    ]


@pytest.mark.parametrize(
    ("method", "fields", "code"),
    [
        ("sendMessage", {"chat_id": GROUP, "text": ""}, 400),
        ("sendMessage", {"chat_id": GROUP, "text": "x" * 2001}, 400),
        ("sendMessage", {"text": "Tin"}, 400),
        ("sendMessage", {"chat_id": "ffff0000ffff0000ffff", "text": "Tin"}, 400),
        ("sendMessage", {"chat_id": "aaaa1111bbbb2222cccc", "text": "Tin"}, 403),
        ("sendPhoto", {"chat_id": GROUP, "photo": "ftp://x"}, 400),
        ("sendPhoto", {"chat_id": GROUP, "photo": "http://127.0.0.1:9/a.png"}, 400),
        ("setWebhook", {"url": "ftp://x", "secret_token": "12345678"}, 400),
        ("setWebhook", {"url": "https://example.org/x", "secret_token": "short"}, 400),
        ("sendVideo", {}, 404),
    ],
)
def test_senseless_call_is_refused(call, method, fields, code):
    answer = call(method, **fields)

    assert (answer["ok"], answer["error_code"]) == (False, code)


@pytest.mark.parametrize("token", [f"{BOT}:other", "900000000000000009:bot-secret"])
def test_unknown_token_is_unauthorized(call, token):
    assert call("getMe", token=token)["error_code"] == 401


def test_token_of_a_bot_never_runs_out_but_can_be_withdrawn(call):
    call.control("POST", "settings", {"advance_seconds": 400 * 86400})
    assert call("getMe")["result"]["display_name"] == "BotXa"

    call.control("POST", "tokens/revoke", {"oa_id": BOT})

    assert call("getMe")["error_code"] == 401


def test_calls_beyond_the_minute_are_too_many(call):
    call.control("POST", "oas", {"oa_id": BOT, "rate_per_minute": 1})

    assert call("getMe")["ok"]
    assert call("getMe")["error_code"] == 429


@pytest.mark.parametrize(
    ("fault", "code"), [({"kind": "error", "code": 403}, 403), ({"kind": "rate_limit"}, 429)]
)
def test_fault_named_by_method_speaks_the_bots_language(call, fault, code):
    call.control("POST", "faults", {"path": "/sendMessage", "times": 1, **fault})

    assert call("getMe")["ok"]
    assert call("sendMessage", chat_id=GROUP, text="Tin")["error_code"] == code
    assert call("sendMessage", chat_id=GROUP, text="Tin")["ok"]


def test_bot_hears_only_what_names_it_and_once(call):
    for text in ("Chào cả nhà", "@BotXa số công an xã?"):
        call.control("POST", f"groups/{GROUP}/messages", {"text": text, "name": "Bà H."})

    heard = call("getUpdates")["result"]

    assert [(update["event_name"], update["message"]["text"]) for update in heard] == [
        ("message.text.received", "@BotXa số công an xã?")
    ]
    assert call("getUpdates")["result"] == []


def test_updates_are_not_handed_out_while_a_webhook_is_set(call):
    call("setWebhook", url="https://example.org/bot", secret_token="12345678")
    assert call("getWebhookInfo")["result"]["url"] == "https://example.org/bot"
    assert call("getUpdates")["error_code"] == 400

    call("deleteWebhook")

    assert call("getUpdates")["ok"]


def test_bot_nobody_registered_comes_into_being_in_open_mode(call, simulator):
    simulator.world.is_open = True

    assert call("sendMessage", token="bot7:secret", chat_id="eeee1111bbbb2222cccc", text="Tin")["ok"]
    assert (
        call("sendMessage", token="bot7:other", chat_id="eeee1111bbbb2222cccc", text="Tin")["error_code"]
        == 401
    )
