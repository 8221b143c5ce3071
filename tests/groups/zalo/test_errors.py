"""The error table: each code leads to its class, its reach, its wait and a Vietnamese sentence."""

import re
from datetime import UTC, datetime

import pytest

from groups.zalo.errors import (
    RULES,
    ChannelStopped,
    NotSent,
    OutcomeUnknown,
    Permanent,
    ReauthorisationNeeded,
    Scope,
    Temporary,
    TextTooLong,
    TokenRejected,
    classify,
)

# Every code of the platform's table. Letters: R retry later, P permanent, C stop the channel, U unknown,
# T token. Reach: m this message, g its group, a the whole account.
TABLE = {
    -32: "R a", -100: "P m", -200: "U m", -201: "P m", -204: "C a", -205: "C a", -209: "C a", -210: "P m",
    -211: "C a", -212: "C a", -213: "P m", -214: "R m", -216: "T a", -217: "P m", -218: "R m", -219: "C a",
    -220: "T a", -221: "C a", -223: "C a", -224: "C a", -227: "P m", -230: "P m", -232: "P m", -233: "P m",
    -234: "R m", -235: "C a", -237: "C g", -238: "C g", -240: "C a", -241: "C g", -242: "C a", -244: "P m",
    -248: "P m", -249: "P m", -320: "C a", -321: "C a", -403: "C g", -501: "C a",
}  # fmt: skip
SCOPES = {"m": Scope.MESSAGE, "g": Scope.GROUP, "a": Scope.ACCOUNT}
# How a sentence tells its reader what to do, or that nothing is to be done.
ADVICE = re.compile(r"\b([Hh]ãy|[Cc]ần|[Cc]hờ|[Hh]ệ thống (sẽ|chờ|đang))\b")
CLASSES = {"R": Temporary, "P": Permanent, "C": ChannelStopped, "U": OutcomeUnknown, "T": TokenRejected}
NOON = datetime(2026, 11, 21, 5, 0, 10, tzinfo=UTC)  # 12:00:10 in Viet Nam


def test_rules_cover_exactly_the_known_codes():
    assert set(RULES) == set(TABLE)


@pytest.mark.parametrize(("code", "row"), TABLE.items())
def test_classify_known_code_gives_its_class_its_reach_and_advice_in_vietnamese(code, row):
    letter, reach = row.split()

    error = classify(code, "some text")

    assert type(error) is CLASSES[letter]
    assert (error.code, error.scope) == (code, SCOPES[reach])
    assert ADVICE.search(str(error.detail_vi)), error.detail_vi


@pytest.mark.parametrize(
    "kind", [Permanent, Temporary, NotSent, ChannelStopped, OutcomeUnknown, TokenRejected]
)
def test_every_class_advises_the_officer_without_a_code(kind):
    assert ADVICE.search(str(kind().detail_vi))


@pytest.mark.parametrize("code", [1, -1, -999, -14014, 40001])
def test_classify_unknown_code_is_permanent_and_keeps_code_and_message(code):
    error = classify(code, "something new")

    assert type(error) is Permanent
    assert str(error) == f"{code} something new"


@pytest.mark.parametrize("message", ["Access token has expired!", "access_token is invalid!"])
def test_classify_bad_parameter_naming_the_access_token_is_a_token_error(message):
    assert type(classify(-201, message)) is TokenRejected


def test_classify_bad_parameter_naming_an_upload_token_stays_permanent():
    assert type(classify(-201, "token is invalid!")) is Permanent


@pytest.mark.parametrize(
    ("code", "wait"),
    [(-32, 51), (-214, 60), (-218, 12 * 3600 - 9), (-234, 18 * 3600 - 9)],
)
def test_classify_temporary_waits_until_zalo_says(code, wait):
    assert classify(code, now=NOON).wait_seconds == wait


def test_tree_lets_senders_catch_by_letter():
    assert issubclass(NotSent, Temporary)
    assert issubclass(TextTooLong, Permanent)
    assert issubclass(ReauthorisationNeeded, ChannelStopped)


def test_message_of_the_other_side_is_cut():
    assert len(classify(-201, "x" * 5000).message) == 200


def test_text_too_long_tells_the_officer_both_numbers():
    assert "1900" in TextTooLong(1900, 1800).detail_vi
    assert "1800" in TextTooLong(1900, 1800).detail_vi
