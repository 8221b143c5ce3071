"""The error table: each code leads to its class, its reach, its wait and a Vietnamese sentence."""

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

# Letters as in Zalo's table: R retry later, P permanent, C stop the channel, U unknown, T token.
LETTERS = {
    -32: "R", -100: "P", -200: "U", -201: "P", -204: "C", -205: "C", -209: "C", -210: "P", -211: "C",
    -212: "C", -213: "P", -214: "R", -216: "T", -217: "P", -218: "R", -219: "C", -220: "T", -221: "C",
    -223: "C", -224: "C", -227: "P", -230: "P", -232: "P", -233: "P", -234: "R", -235: "C", -237: "C",
    -238: "C", -240: "C", -241: "C", -242: "C", -244: "P", -248: "P", -249: "P", -320: "C", -321: "C",
    -403: "C", -501: "C",
}  # fmt: skip
CLASSES = {"R": Temporary, "P": Permanent, "C": ChannelStopped, "U": OutcomeUnknown, "T": TokenRejected}
NOON = datetime(2026, 11, 21, 5, 0, 10, tzinfo=UTC)  # 12:00:10 in Viet Nam


def test_rules_cover_exactly_the_known_codes():
    assert set(RULES) == set(LETTERS)


@pytest.mark.parametrize(("code", "letter"), LETTERS.items())
def test_classify_known_code_gives_its_class_and_a_vietnamese_sentence(code, letter):
    error = classify(code, "some text")

    assert type(error) is CLASSES[letter]
    assert error.code == code
    assert len(str(error.detail_vi).split()) >= 4
    assert not str(error.detail_vi).isascii()


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


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        (-32, Scope.ACCOUNT),
        (-224, Scope.ACCOUNT),
        (-237, Scope.GROUP),
        (-403, Scope.GROUP),
        (-201, Scope.MESSAGE),
    ],
)
def test_classify_scope_says_what_else_fails(code, scope):
    assert classify(code).scope is scope


def test_tree_lets_senders_catch_by_letter():
    assert issubclass(NotSent, Temporary)
    assert issubclass(TextTooLong, Permanent)
    assert issubclass(ReauthorisationNeeded, ChannelStopped)


def test_message_of_the_other_side_is_cut():
    assert len(classify(-201, "x" * 5000).message) == 200


def test_text_too_long_tells_the_officer_both_numbers():
    assert "1900" in TextTooLong(1900, 1800).detail_vi
    assert "1800" in TextTooLong(1900, 1800).detail_vi
