"""The answers of the Bot Platform: which class each leads to, and that no token ever shows."""

import json

import pytest

from groups.zalo.bot import read_answer
from groups.zalo.errors import ChannelStopped, OutcomeUnknown, Permanent, Scope, Temporary
from groups.zalo.http import Reply

TOKEN = "900000000000000001:bot-secret"


def reply(code=None, *, status=200, headers=None, **fields):
    body = {"ok": False, "error_code": code, "description": "said by the host"} | fields
    return Reply(status, json.dumps(body).encode(), headers or {})


@pytest.mark.parametrize(
    ("code", "kind", "scope"),
    [
        (400, Permanent, Scope.MESSAGE),
        (401, ChannelStopped, Scope.ACCOUNT),
        (403, ChannelStopped, Scope.GROUP),
        (404, Permanent, Scope.MESSAGE),
        (408, OutcomeUnknown, Scope.MESSAGE),
        (429, Temporary, Scope.ACCOUNT),
        (500, OutcomeUnknown, Scope.MESSAGE),
        (-1, OutcomeUnknown, Scope.MESSAGE),
    ],
)
@pytest.mark.parametrize("as_status", [True, False])
def test_refusal_has_the_class_of_its_code(code, kind, scope, as_status):
    with pytest.raises(kind) as caught:
        read_answer(reply(code, status=code if as_status and code > 0 else 200))

    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.scope) == (code, scope)
    assert not str(caught.value.detail_vi).isascii()


@pytest.mark.parametrize(("headers", "wait"), [({"retry-after": "7"}, 7), ({}, 60)])
def test_too_many_calls_wait_as_long_as_the_host_says(headers, wait):
    with pytest.raises(Temporary) as caught:
        read_answer(reply(429, headers=headers))

    assert caught.value.wait_seconds == wait


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Reply(200, b""), OutcomeUnknown),
        (Reply(200, b'{"ok": tr'), OutcomeUnknown),
        (Reply(200, b"<html>"), OutcomeUnknown),
        (Reply(502, b"<html>"), OutcomeUnknown),
        (Reply(502, b'{"ok": true, "result": {"message_id": "1"}}'), OutcomeUnknown),
        (Reply(200, b'{"ok": "true"}'), OutcomeUnknown),
        (Reply(200, b'{"ok": false}'), OutcomeUnknown),
        (Reply(401, b"Unauthorized"), ChannelStopped),
        (Reply(404, b"not found"), ChannelStopped),
        (Reply(429, b"slow down"), Temporary),
    ],
)
def test_unreadable_answer_is_judged_by_its_status(answer, kind):
    with pytest.raises(kind):
        read_answer(answer)


def test_result_of_a_success_is_returned():
    assert read_answer(Reply(200, b'{"ok": true, "result": {"message_id": "m1"}}')) == {"message_id": "m1"}


def test_token_quoted_by_the_host_is_blacked_out():
    with pytest.raises(Permanent) as caught:
        read_answer(reply(400, description=f"no method in /bot{TOKEN}/x"), hide=(TOKEN,))

    assert TOKEN not in str(caught.value)
    assert "***" in str(caught.value)
