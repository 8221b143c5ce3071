"""Letting an app in: the whole way from the authorisation address to the first token pair."""

import asyncio
import urllib.error
import urllib.parse
import urllib.request

import pytest

from groups.zalo import oauth
from groups.zalo.errors import ReauthorisationNeeded
from groups.zalo.http import open_session

OA, APP, SECRET = "2000000000000000002", "1000000000000000001", "app-secret-for-tests"
CALLBACK = "https://xa.example/zalo/callback/"


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


@pytest.fixture
def pkce():
    return oauth.pkce_pair()


@pytest.fixture
def decide(simulator, pkce):
    """Answer the consent page; returns the parameters the browser carries away."""

    def decide(decision="approve", oa_id=OA, redirect_uri=CALLBACK, app_id=APP):
        form = {
            "app_id": app_id,
            "redirect_uri": redirect_uri,
            "code_challenge": pkce.challenge,
            "state": "s1",
            "oa_id": oa_id,
            "decision": decision,
        }
        request = urllib.request.Request(
            f"{simulator.url}/v4/oa/permission", urllib.parse.urlencode(form).encode()
        )
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.build_opener(StayHere).open(request, timeout=60)
        location = urllib.parse.urlsplit(answer.value.headers["Location"])
        return dict(urllib.parse.parse_qsl(location.query))

    return decide


@pytest.fixture
def redeem(simulator, pkce):
    def redeem(code, verifier=None):
        async def call():
            async with open_session(2) as session:
                return await oauth.exchange_code(
                    session,
                    simulator.url,
                    app_id=APP,
                    app_secret=SECRET,
                    code=code,
                    verifier=verifier or pkce.verifier,
                )

        return asyncio.run(call())

    return redeem


def test_t1_page_names_who_asks_and_for_which_account(simulator, pkce):
    url = oauth.authorization_url(
        simulator.url, app_id=APP, redirect_uri=CALLBACK, challenge=pkce.challenge, state="s1"
    )
    with urllib.request.urlopen(url, timeout=60) as response:
        html = response.read().decode()

    assert "xa.example" in html and "Công an xã Mẫu" in html
    assert "form-action 'self' https://xa.example" in response.headers["Content-Security-Policy"]


def test_t1_approval_leads_to_a_working_token_pair(simulator, decide, redeem):
    answer = decide()
    pair = redeem(answer["code"])

    assert (answer["oa_id"], answer["state"]) == (OA, "s1")
    assert simulator.world.grants[pair.access_token][0] == OA


def test_code_works_once(decide, redeem):
    code = decide()["code"]
    redeem(code)

    with pytest.raises(ReauthorisationNeeded):
        redeem(code)


def test_code_with_another_verifier_is_refused(decide, redeem):
    with pytest.raises(ReauthorisationNeeded):
        redeem(decide()["code"], verifier="x" * 43)


def test_code_is_void_after_ten_minutes(simulator, decide, redeem):
    code = decide()["code"]
    simulator.control("POST", "settings", {"advance_seconds": 601})

    with pytest.raises(ReauthorisationNeeded):
        redeem(code)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"decision": "refuse"}, "-14010"),
        ({"oa_id": "9"}, "-14010"),
        ({"app_id": "1000000000000000009"}, "-14002"),
        ({"redirect_uri": "javascript:alert(1)"}, "-14003"),
    ],
)
def test_t1_refusal_ends_on_the_platforms_own_page(decide, change, code):
    assert decide(**change) == {"error_code": code}


def test_t1_callback_other_than_the_one_on_record_is_refused(simulator, decide):
    simulator.control("POST", "oas", {"oa_id": OA, "callback_url": "https://xa.example/other/"})

    assert decide() == {"error_code": "-14003"}
