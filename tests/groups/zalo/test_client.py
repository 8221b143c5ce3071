"""The real client over real HTTP: every fault of the host leads to its class, and no token ever shows."""

import asyncio
import logging
import socket
import time
import traceback

import pytest

from groups.zalo.client import ZaloClient
from groups.zalo.errors import (
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    Permanent,
    ReauthorisationNeeded,
    Temporary,
    ZaloError,
)
from groups.zalo.http import open_session, timeouts
from tests.groups.zalo.conftest import ACCESS, GROUP, OA
from tests.groups.zalo.simulator.doors import refuses
from tests.waiting import wait_for

# Faults that end only with the caller's patience.
SILENT = {"timeout_before", "timeout_after", "trickle", "slow"}


def send(client):
    return client.send_group_text(GROUP, "Tin")


def read(client):
    return client.get_conversation(GROUP)


def run_at(url, use, tokens):
    async def call():
        async with open_session(5, timeout=timeouts(0.3, 5)) as session:
            return await use(ZaloClient(session, tokens, url))

    return asyncio.run(call())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    ("fault", "delivered"),
    [
        ({"kind": "timeout_before"}, False),
        ({"kind": "timeout_after"}, True),
        ({"kind": "reset_before"}, False),
        ({"kind": "reset_after"}, True),
        ({"kind": "gateway_before", "status": 502}, False),
        ({"kind": "gateway_after", "status": 503}, True),
        ({"kind": "gateway_after", "status": 504}, True),
        ({"kind": "failed_before"}, False),
        ({"kind": "failed_after"}, True),
        ({"kind": "truncated"}, True),
        ({"kind": "empty"}, True),
        ({"kind": "html"}, True),
        ({"kind": "huge"}, True),
        ({"kind": "no_data"}, True),
        ({"kind": "trickle"}, True),
        ({"kind": "slow", "delay_ms": 2000}, True),
        ({"kind": "redirect"}, False),
    ],
    ids=lambda value: value.get("kind", "") if isinstance(value, dict) else "",
)
def test_send_without_a_readable_answer_is_outcome_unknown(real, fault, delivered):
    real.fault(times=1, **fault)

    with pytest.raises(OutcomeUnknown):
        real.run(send, patience=0.3 if fault["kind"] in SILENT else 10)

    assert real.seen_in(GROUP) == (["Tin"] if delivered else [])


@pytest.mark.parametrize("kind", ["timeout_before", "reset_after", "gateway_before", "truncated", "huge"])
def test_read_without_a_readable_answer_is_temporary(real, kind):
    # Twice: aiohttp itself asks a second time after a reset, for reads only.
    real.fault(times=2, kind=kind)

    with pytest.raises(Temporary):
        real.run(read, patience=0.3 if kind in SILENT else 10)


def test_send_answered_with_text_error_zero_is_sent(real):
    real.fault(times=1, kind="text_error")

    assert real.run(send).message_id
    assert real.seen_in(GROUP) == ["Tin"]


def test_send_answered_slowly_but_in_time_is_sent(real):
    real.fault(times=1, kind="slow", delay_ms=100)

    assert real.run(send).message_id


def test_send_over_the_rate_limit_waits_and_reaches_nobody(real):
    real.simulator.control("POST", "oas", {"oa_id": OA, "rate_per_minute": 1})

    async def twice(client):
        await send(client)
        before = client.rate_limit.remaining
        try:
            await send(client)
        except Temporary as error:
            return before, client.rate_limit.limit, error.code, error.wait_seconds

    before, limit, code, wait = real.run(twice)
    assert (before, limit, code) == (0, 1, -32)
    assert 1 <= wait <= 61
    assert real.seen_in(GROUP) == ["Tin"]


def test_send_with_http_401_renews_the_token(real, make_tokens):
    tokens = make_tokens()
    real.fault(times=1, kind="unauthorized")

    real.run(send, tokens)

    assert tokens.renewals == 1
    assert real.seen_in(GROUP) == ["Tin"]


def test_send_with_expired_token_uses_the_renewed_one(real, make_tokens):
    real.simulator.control("POST", "tokens/expire", {"oa_id": OA})
    real.simulator.control("POST", "oas", {"oa_id": OA, "access_token": "AT-second"})
    tokens = make_tokens(renewed="AT-second")

    real.run(send, tokens)

    assert (tokens.token, tokens.renewals) == ("AT-second", 1)


def test_many_sends_meeting_one_void_token_renew_it_once(real, make_tokens):
    real.simulator.control("POST", "oas", {"oa_id": OA, "access_token": "AT-second"})
    tokens = make_tokens(token="AT-void", renewed="AT-second")

    async def ten(client):
        return await asyncio.gather(*(send(client) for _ in range(10)))

    receipts = real.run(ten, tokens)

    assert tokens.renewals == 1
    assert len({receipt.message_id for receipt in receipts}) == 10
    assert len(real.seen_in(GROUP)) == 10


@pytest.mark.parametrize(
    ("failure", "seen_as"),
    [
        (ReauthorisationNeeded(-14014, "spent"), ReauthorisationNeeded),
        (OutcomeUnknown(None, "refresh lost"), NotSent),
        (NotSent(None, "no connection"), NotSent),
    ],
)
def test_renewal_that_fails_never_makes_the_message_unknown(real, make_tokens, failure, seen_as):
    class Failing(make_tokens):
        async def renew(self, rejected_token):
            raise failure

    real.fault(times=1, kind="token_rejected")

    with pytest.raises(seen_as):
        real.run(send, Failing())

    assert real.seen_in(GROUP) == []


def test_connection_refused_is_not_sent(make_tokens):
    with pytest.raises(NotSent):
        run_at(f"http://127.0.0.1:{free_port()}", send, make_tokens())


def test_host_unknown_to_dns_is_not_sent(make_tokens):
    with pytest.raises(NotSent):
        run_at("http://khong-co-may-nay.invalid", send, make_tokens())


def test_tls_asked_of_a_plain_host_is_not_sent(real, make_tokens):
    with pytest.raises(NotSent):
        run_at(real.simulator.url.replace("http:", "https:"), send, make_tokens())


def test_connection_never_accepted_is_not_sent(make_tokens):
    # A full backlog leaves further connections unanswered, as a dropped SYN would.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(address)
        with pytest.raises(NotSent):
            run_at(f"http://127.0.0.1:{address[1]}", send, make_tokens())
        for connection in waiting:
            connection.close()


def test_address_that_is_no_url_stops_the_channel(make_tokens):
    with pytest.raises(ChannelStopped):
        run_at("not a url", send, make_tokens())


def test_path_the_host_does_not_know_stops_the_channel(real, make_tokens):
    with pytest.raises(ChannelStopped):
        run_at(real.simulator.url + "/v3.0/elsewhere", send, make_tokens())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"not http at all\r\n\r\n", OutcomeUnknown),
        (b"", OutcomeUnknown),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"error":0', OutcomeUnknown),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", OutcomeUnknown),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"error":true}', OutcomeUnknown),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", OutcomeUnknown),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz", OutcomeUnknown),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"error":"-201"}', Permanent),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", Temporary),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", ChannelStopped),
        (b"HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n", Permanent),
        (b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", OutcomeUnknown),
        (
            b'HTTP/1.1 502 Bad\r\nContent-Length: 38\r\n\r\n{"error":0,"data":{"message_id":"abc"}}'[:-1],
            OutcomeUnknown,
        ),
    ],
)
def test_strange_bytes_have_a_class(canned_host, make_tokens, answer, error):
    with pytest.raises(error) as caught:
        run_at(canned_host(answer), send, make_tokens())

    assert type(caught.value) is error
    if isinstance(caught.value, Temporary):
        assert caught.value.wait_seconds == 7


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 abc garbage " + ACCESS.encode() + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"
        + (b'{"error":-201,"message":"bad ' + b"x" * 180 + ACCESS.encode() + b'"}').ljust(300),
        b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"
        + (b'{"error":-216,"message":"access token ' + ACCESS.encode() + b' is invalid"}').ljust(90),
        b"HTTP/1.1 500 Oops\r\nContent-Length: 19\r\n\r\n" + ACCESS.encode(),
    ],
)
def test_token_never_shows_in_errors_tracebacks_or_logs(canned_host, make_tokens, caplog, answer):
    caplog.set_level(logging.DEBUG)

    with pytest.raises(ZaloError) as caught:
        run_at(canned_host(answer), send, make_tokens())

    shown = caplog.text + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    link = caught.value
    while link is not None:
        shown += f"{link!r}{link}{link.args}{vars(link)}"
        link = link.__cause__ or link.__context__
    assert "AT-first" not in shown


def test_client_repr_hides_the_token(real):
    async def describe(client):
        return repr(client) + str(vars(client)["rate_limit"])

    assert ACCESS not in real.run(describe)


def test_token_with_a_line_break_stops_the_channel_before_any_call(real, make_tokens):
    with pytest.raises(ChannelStopped):
        real.run(send, make_tokens(token="bad\r\ntoken"))

    assert real.simulator.world.stats.calls == {}


def test_total_time_out_is_kept_under_a_trickle(real):
    real.fault(times=1, kind="trickle")
    started = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        real.run(send, patience=0.3)

    assert time.monotonic() - started < 1.5


def test_host_in_an_outage_cuts_every_call_and_delivers_nothing(real):
    real.simulator.control("POST", "outage", {"seconds": 600})

    with pytest.raises(OutcomeUnknown):
        real.run(send)

    assert real.seen_in(GROUP) == []


def test_host_that_stops_listening_refuses_and_comes_back(real):
    real.simulator.control("POST", "outage", {"seconds": 3, "refuse": True})
    wait_for(lambda: refuses(real.simulator))

    with pytest.raises(NotSent):
        real.run(send)
    wait_for(lambda: not refuses(real.simulator))

    assert real.run(send).message_id
    assert real.seen_in(GROUP) == ["Tin"]


@pytest.mark.parametrize(("connect", "total"), [(10, 10), (0, 5), (5, 3)])
def test_timeouts_that_would_blur_the_outcome_are_refused(connect, total):
    with pytest.raises(ValueError):
        timeouts(connect, total)


def test_shared_session_carries_no_cookies_from_one_account_to_the_next(canned_host, make_tokens):
    url = canned_host(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: who=first\r\nConnection: close\r\nContent-Length: 14\r\n\r\n"
        b'{"error":-201}'
    )

    async def twice(client):
        for _ in range(2):
            with pytest.raises(Permanent):
                await send(client)

    run_at(url, twice, make_tokens())

    assert all(b"who=first" not in request for request in canned_host.requests)
    assert len(canned_host.requests) == 2
