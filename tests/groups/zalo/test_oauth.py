"""The token endpoint: pairs read leniently, spent tokens need a person, lost answers stay unknown."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from groups.zalo import oauth
from groups.zalo.errors import ChannelStopped, NotSent, OutcomeUnknown, ReauthorisationNeeded, Temporary
from groups.zalo.http import Reply, open_session, timeouts

OA, APP, SECRET = "2000000000000000002", "1000000000000000001", "app-secret-for-tests"
REFRESH = "RT-first-0123456789"


def refresh_at(url, token=REFRESH, *, app_id=APP, secret=SECRET, times=1):
    async def call():
        async with open_session(5, timeout=timeouts(1, 3)) as session:
            calls = (
                oauth.refresh(session, url, app_id=app_id, app_secret=secret, refresh_token=token)
                for _ in range(times)
            )
            return await asyncio.gather(*calls, return_exceptions=times > 1)

    return asyncio.run(call())


def test_pkce_pair_of_the_rfc_vector():
    pair = oauth.pkce_pair("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert pair.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_pkce_pair_is_fresh_each_time_and_hides_its_verifier():
    first, second = oauth.pkce_pair(), oauth.pkce_pair()

    assert first.verifier != second.verifier
    assert len(first.verifier) == 43
    assert first.verifier not in repr(first)


def test_authorization_url_carries_exactly_zalos_parameters():
    url = urlsplit(
        oauth.authorization_url(
            "https://oauth.zaloapp.com/",
            app_id=APP,
            redirect_uri="https://xa.example/zalo/callback/",
            challenge="abc-_",
            state="s t&1",
        )
    )

    assert (url.netloc, url.path) == ("oauth.zaloapp.com", "/v4/oa/permission")
    assert parse_qs(url.query) == {
        "app_id": [APP],
        "redirect_uri": ["https://xa.example/zalo/callback/"],
        "code_challenge": ["abc-_"],
        "state": ["s t&1"],
    }


def test_refresh_gives_a_new_pair_that_works_once_more(simulator):
    [pair] = refresh_at(simulator.url)
    [next_pair] = refresh_at(simulator.url, pair.refresh_token)

    assert pair.expires_in_seconds == 90_000
    assert len({REFRESH, pair.refresh_token, next_pair.refresh_token}) == 3


def test_refresh_with_a_spent_token_needs_a_person(simulator):
    refresh_at(simulator.url)

    with pytest.raises(ReauthorisationNeeded) as caught:
        refresh_at(simulator.url)

    assert caught.value.code == -14014


def test_refresh_raced_by_five_is_won_by_one(simulator):
    results = refresh_at(simulator.url, times=5)

    assert sum(isinstance(result, oauth.TokenPair) for result in results) == 1
    assert sum(isinstance(result, ReauthorisationNeeded) for result in results) == 4


def test_refresh_whose_answer_is_lost_is_unknown_and_has_spent_the_token(simulator):
    simulator.control("POST", "faults", {"kind": "reset_after", "path": "access_token", "times": 1})

    with pytest.raises(OutcomeUnknown):
        refresh_at(simulator.url)
    with pytest.raises(ReauthorisationNeeded):
        refresh_at(simulator.url)


def test_refresh_lost_before_it_was_read_leaves_the_token_good(simulator):
    simulator.control("POST", "faults", {"kind": "reset_before", "path": "access_token", "times": 1})

    with pytest.raises(OutcomeUnknown):
        refresh_at(simulator.url)

    assert refresh_at(simulator.url)[0].access_token


@pytest.mark.parametrize(
    ("wrong", "code"), [({"secret": "other"}, -14004), ({"app_id": "1000000000000000009"}, -14002)]
)
def test_refresh_with_wrong_app_stops_the_channel_and_spares_the_token(simulator, wrong, code):
    with pytest.raises(ChannelStopped) as caught:
        refresh_at(simulator.url, **wrong)

    assert (caught.value.code, type(caught.value)) == (code, ChannelStopped)
    assert refresh_at(simulator.url)[0].access_token


def test_refresh_without_a_connection_is_not_sent():
    with pytest.raises(NotSent):
        refresh_at("http://127.0.0.1:1")


def test_refresh_error_never_quotes_tokens_or_secrets(canned_host):
    body = f'{{"error":-14014,"error_description":"{REFRESH} {SECRET} is invalid"}}'.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    with pytest.raises(ReauthorisationNeeded) as caught:
        refresh_at(canned_host(head + body))

    assert caught.value.message == "*** *** is invalid"


@pytest.mark.parametrize(
    ("life", "seconds"),
    [(b'"90000"', 90_000), (b"3600", 3600), (b"null", 3600), (b'"soon"', 3600)]
    + [(b'"-5"', 60), (b"1", 60), (b'"99999999999999"', 7_776_000), (b'"' + b"9" * 5000 + b'"', 3600)],
)
def test_read_pair_understands_every_spelling_of_the_life_time(life, seconds):
    pair = oauth.read_pair(Reply(200, b'{"access_token":"a","refresh_token":"r","expires_in":' + life + b"}"))

    assert (pair.access_token, pair.refresh_token, pair.expires_in_seconds) == ("a", "r", seconds)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(200, b'{"error":-14020}'), ReauthorisationNeeded),
        (Reply(400, b'{"error":"-14999","error_name":"new"}'), ReauthorisationNeeded),
        (Reply(200, b'{"error":-14003}'), ChannelStopped),
        (Reply(502, b"<html>"), OutcomeUnknown),
        (Reply(500, b'{"error":-1}'), OutcomeUnknown),
        (Reply(200, b'{"error":-32}'), Temporary),
        (Reply(200, b""), OutcomeUnknown),
        (Reply(200, b'{"error":0}'), OutcomeUnknown),
        (Reply(200, b'{"access_token":"a"}'), OutcomeUnknown),
    ],
)
def test_read_pair_without_a_pair_has_a_class(reply, error):
    with pytest.raises(error) as caught:
        oauth.read_pair(reply)

    assert type(caught.value) is error


def test_token_pair_repr_shows_no_token():
    assert repr(oauth.TokenPair("AAAA", "RRRR", 5)) == "TokenPair(expires_in_seconds=5)"
