"""Receipts: 80 bits, forgiving to type, one per form."""

import random
import re

import pytest

from tips import receipts

pytestmark = pytest.mark.django_db


def test_receipt_has_sixteen_crockford_characters():
    for _ in range(200):
        receipt = receipts.new_receipt()
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{16}", receipt)


def test_receipts_do_not_repeat():
    assert len({receipts.new_receipt() for _ in range(2000)}) == 2000


def test_every_receipt_survives_how_people_type_it():
    chance = random.Random(7)
    for _ in range(300):
        receipt = receipts.new_receipt()
        typed = "".join(
            chance.choice(["", " ", "-", "–", "\u00a0", "\t"]) + chance.choice([c, c.lower()])
            for c in receipts.format_receipt(receipt)
        )
        typed = typed.replace("0", chance.choice("0Oo")).replace("1", chance.choice("1IilL"))
        assert receipts.normalise(typed) == receipt


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "ABCD",
        "U" * 16,
        "A" * 15,
        "A" * 17,
        "ABCD-EFGH-JKMN-PQR!",
        "Đ" * 16,
        "A" * 10_000,
        None,
        7,
        ["A"],
    ],
)
def test_malformed_receipt_is_none(raw):
    assert receipts.normalise(raw) is None


def test_digest_of_malformed_receipt_is_a_digest_of_no_receipt():
    assert re.fullmatch(r"[0-9a-f]{64}", receipts.digest("nonsense"))
    assert receipts.digest("nonsense") == receipts.digest(None)


def test_digest_ignores_how_it_was_typed():
    receipt = receipts.new_receipt()
    assert receipts.digest(receipts.format_receipt(receipt).lower()) == receipts.digest(receipt)


def test_form_token_gives_one_receipt_always():
    token = receipts.read_form_token(receipts.new_form_token())
    other = receipts.read_form_token(receipts.new_form_token())
    assert receipts.receipt_of_form(token) == receipts.receipt_of_form(token)
    assert receipts.receipt_of_form(token) != receipts.receipt_of_form(other)
    assert receipts.normalise(receipts.receipt_of_form(token)) == receipts.receipt_of_form(token)


def test_receipt_of_form_is_not_what_is_stored():
    token = receipts.read_form_token(receipts.new_form_token())
    assert receipts.receipt_of_form(token) not in receipts.form_token_digest(token).upper()
    assert token not in receipts.form_token_digest(token)


@pytest.mark.parametrize("signed", ["", None, "1", "a" * 32, "0" * 32 + ":forged"])
def test_form_token_not_issued_here_is_refused(signed):
    assert receipts.read_form_token(signed) is None
