"""Webhook signatures over raw bytes, with a fixed vector."""

import json

import pytest

from groups.zalo.signature import UnreadableBodyError, expected_mac, parse, sent_at_ms, verify

APP, SECRET, TIMESTAMP = "1000000000000000001", "demo-oa-secret-key", "1760000000000"
BODY = (
    '{"app_id":"1000000000000000001","oa_id":"2000000000000000002","event_name":"user_send_group_text",'
    '"sender":{"id":"3000000000000000003"},"recipient":{"id":"aaaa1111bbbb2222cccc"},'
    '"message":{"text":"xin chào","msg_id":"dddd3333eeee4444ffff"},"timestamp":"1760000000000"}'
).encode()
MAC = "ee743dcf1ab27c07a0c4358562a8058fb2678f2acffebc4b9c7a272883955170"


def test_expected_mac_of_the_vector():
    assert len(BODY) == 269
    assert expected_mac(APP, BODY, TIMESTAMP, SECRET) == MAC


@pytest.mark.parametrize("header", [f"mac={MAC}", MAC, f" mac= {MAC} ", f"mac={MAC.upper()}"])
def test_verify_right_signature_is_true(header):
    assert verify(header, BODY, APP, SECRET) is True


@pytest.mark.parametrize(
    ("header", "app_id", "secret"),
    [
        (None, APP, SECRET),
        ("", APP, SECRET),
        (f"mac={MAC[:-1]}", APP, SECRET),
        (f"mac={MAC[:-1]}1", APP, SECRET),
        (f"sha256={MAC}", APP, SECRET),
        (f"mac={MAC}", "1000000000000000009", SECRET),
        (f"mac={MAC}", APP, "other-key"),
    ],
)
def test_verify_wrong_signature_app_or_secret_is_false(header, app_id, secret):
    assert verify(header, BODY, app_id, secret) is False


def test_verify_body_written_again_with_escapes_is_false():
    rewritten = json.dumps(json.loads(BODY), separators=(",", ":")).encode()

    assert expected_mac(APP, rewritten, TIMESTAMP, SECRET).startswith("a73dc6ed")
    assert verify(f"mac={MAC}", rewritten, APP, SECRET) is False


def test_verify_empty_secret_is_false_even_with_the_matching_hash():
    mac = expected_mac(APP, BODY, TIMESTAMP, "")

    assert verify(f"mac={mac}", BODY, APP, "") is False


def test_verify_number_timestamp_is_hashed_as_written():
    body = b'{"app_id":"1000000000000000001","timestamp":1760000000000}'

    assert verify(f"mac={expected_mac(APP, body, TIMESTAMP, SECRET)}", body, APP, SECRET) is True


@pytest.mark.parametrize("body", [b'{"app_id":"1000000000000000001"}', b'{"app_id":null,"timestamp":true}'])
def test_verify_body_without_timestamp_or_app_is_false(body):
    assert verify(f"mac={MAC}", body, APP, SECRET) is False


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff\xfe\x00", b"[" * 100_000, b"12"])
def test_parse_anything_but_an_object_is_unreadable(body):
    with pytest.raises(UnreadableBodyError):
        parse(body)


@pytest.mark.parametrize(
    ("timestamp", "milliseconds"),
    [("1760000000000", 1760000000000), (17, 17), ("soon", None), ("", None), ("٣", None)],
)
def test_sent_at_ms_reads_digits_only(timestamp, milliseconds):
    assert sent_at_ms({"timestamp": timestamp}) == milliseconds
