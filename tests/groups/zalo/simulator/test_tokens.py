"""Tokens, T1 to T8 of the platform's behaviour, over plain HTTP."""

import base64
import hashlib
import json
import re
import threading
import urllib.parse
import urllib.request

import pytest

from tests.groups.zalo.simulator.conftest import ACCESS, APP, OA, REFRESH, fetch

PROFILE = "/v2.0/oa/getoa"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def approve(simulator):
    """Approve on the consent page; returns what the browser carries to the portal (which is not there)."""

    def approve():
        form = {
            "app_id": APP,
            "redirect_uri": f"{simulator.url}/favicon.ico",
            "code_challenge": CHALLENGE,
            "state": "s1",
            "oa_id": OA,
            "decision": "approve",
        }
        # The callback is a quiet address of the simulator itself, so that the redirect may be followed.
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{simulator.url}/v4/oa/permission", data, timeout=60) as response:
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(response.url).query))

    return approve


def test_t1_approval_carries_code_account_and_state(approve):
    answer = approve()

    assert (answer["oa_id"], answer["state"]) == (OA, "s1")
    assert answer["code"]


def test_t2_code_needs_its_verifier_works_once_and_for_ten_minutes(approve, token, advance):
    wrong = token(grant_type="authorization_code", code=approve()["code"], code_verifier="x" * 43)
    code = approve()["code"]
    good = token(grant_type="authorization_code", code=code, code_verifier=VERIFIER)
    again = token(grant_type="authorization_code", code=code, code_verifier=VERIFIER)
    late = approve()["code"]
    advance(seconds=601)
    too_late = token(grant_type="authorization_code", code=late, code_verifier=VERIFIER)

    assert good["access_token"] and good["refresh_token"]
    assert all("access_token" not in refused and refused["error"] < 0 for refused in (wrong, again, too_late))


def test_t2_switch_fixed_challenge_of_the_console_replaces_that_of_the_request(approve, token, switch):
    switch(fixed_challenge="another-challenge")

    refused = token(grant_type="authorization_code", code=approve()["code"], code_verifier=VERIFIER)

    assert "access_token" not in refused


def test_t3_answer_has_the_life_as_a_string_or_by_switch_as_a_number(refresh, switch):
    first = refresh()
    switch(expires_in_integer=True)
    second = refresh(first["refresh_token"])

    assert (first["expires_in"], second["expires_in"]) == ("90000", 90_000)
    assert len(first["access_token"]) > 400


def test_t3_wrong_secret_is_refused_with_http_200_in_all_fields(simulator):
    form = {"grant_type": "refresh_token", "app_id": APP, "refresh_token": REFRESH}
    data = urllib.parse.urlencode(form).encode()
    status, _headers, body = fetch(
        f"{simulator.url}/v4/oa/access_token", data, headers={"secret_key": "wrong"}
    )

    assert status == 200
    refused = json.loads(body)
    assert refused["error"] == -14004
    assert {"error_name", "error_reason", "error_description", "ref_doc"} <= set(refused)


def test_t3_switch_takes_the_fields_from_the_query_string(token, switch):
    query = f"?grant_type=refresh_token&refresh_token={REFRESH}"
    refused = token(query=query)
    switch(token_in_query=True)

    assert "access_token" not in refused
    assert token(query=query)["access_token"]


@pytest.mark.parametrize("code", [-14014, -14020])
def test_t4_refresh_token_works_once_and_its_code_is_a_switch(refresh, switch, code):
    switch(spent_refresh_code=code)

    assert refresh()["access_token"]
    assert refresh()["error"] == code


def test_t4_refresh_token_lives_ninety_days(refresh, advance):
    advance(days=89)
    pair = refresh()
    advance(days=91)

    assert refresh(pair["refresh_token"])["error"] == -14014


def test_t5_lost_reply_has_spent_the_token(refresh, fault):
    fault("reset_after", path="access_token", times=1)

    with pytest.raises(OSError):
        refresh()
    assert refresh()["error"] == -14014


@pytest.mark.parametrize("kind", ["truncated", "empty", "html", "gateway_after"])
def test_t5_unreadable_reply_has_spent_the_token_too(refresh, fault, kind):
    fault(kind, path="access_token", times=1)

    with pytest.raises(ValueError):
        refresh()
    assert refresh()["error"] == -14014


def test_t6_of_ten_refreshes_at_once_exactly_one_wins(refresh):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(refresh())) for _number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(answers) == 10
    assert sum("access_token" in answer for answer in answers) == 1


@pytest.mark.parametrize(
    ("shown_as", "status", "code"),
    [("-220", 200, -220), ("-216", 200, -216), ("-201", 200, -201), ("401", 401, None)],
)
def test_t7_expired_token_looks_as_the_switch_says(simulator, switch, shown_as, status, code):
    switch(expired_as=shown_as)
    simulator.control("POST", "tokens/expire", {"oa_id": OA})

    answered, _headers, body = fetch(simulator.url + PROFILE, headers={"access_token": ACCESS})

    assert answered == status
    assert code is None or json.loads(body)["error"] == code
    assert code is None or re.search("access token", json.loads(body)["message"], re.IGNORECASE)


def test_t7_unknown_token_is_minus_216(call):
    assert call("GET", PROFILE, token="never seen")["error"] == -216


def test_t8_revoked_grant_is_told_and_every_token_is_void(simulator, call, refresh, hook):
    simulator.control("POST", "tokens/revoke", {"oa_id": OA})

    assert hook.event()["event_name"] == "permission_revoked"
    assert call("GET", PROFILE)["error"] == -216
    assert refresh()["error"] == -14014
