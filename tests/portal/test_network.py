"""Where a request comes from: the peer, or what our own proxy says, never what the client says."""

import datetime

import pytest
from django.test import RequestFactory

from portal.network import client_address, is_internal, network_bucket


def request(address: str = "198.51.100.7", forwarded: str | None = None):
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=address)


def test_forwarded_header_without_proxy_is_ignored(settings):
    settings.BEHIND_PROXY = False
    assert client_address(request(forwarded="203.0.113.9")) == "198.51.100.7"


@pytest.mark.parametrize("forwarded", ["203.0.113.9", "1.1.1.1, 203.0.113.9", "nonsense,203.0.113.9"])
def test_forwarded_header_behind_proxy_is_its_last_entry(settings, forwarded: str):
    settings.BEHIND_PROXY = True
    assert client_address(request("127.0.0.1", forwarded)) == "203.0.113.9"


def test_proxy_that_says_nothing_leaves_the_peer(settings):
    settings.BEHIND_PROXY = True
    assert client_address(request()) == "198.51.100.7"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.200", True),
        ("198.51.100.7", "198.51.101.7", False),
        ("2001:db8:0:1::5", "2001:db8:0:2::9", True),
        ("2001:db8:0:1::5", "2001:db8:1:1::5", False),
        ("198.51.100.7", "2001:db8::1", False),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.200", True),
        ("", "garbage", True),
        ("198.51.100.\0", "người", True),
        ("1:2", "198.51.100", True),
    ],
)
def test_bucket_is_one_per_network(one: str, other: str, same: bool):
    assert (network_bucket(request(one)) == network_bucket(request(other))) is same


def test_bucket_names_nobody_and_changes_every_day():
    day = datetime.date(2026, 11, 21)
    bucket = network_bucket(request(), on=day)
    assert ("198" in bucket, bucket == network_bucket(request(), on=day + datetime.timedelta(days=1))) == (
        False,
        False,
    )
    assert len(bucket) == 20


@pytest.mark.parametrize(
    ("address", "inside"), [("127.0.0.1", True), ("10.1.2.3", True), ("198.51.100.7", False), ("", False)]
)
def test_internal_networks(settings, address: str, inside: bool):
    settings.INTERNAL_NETWORKS = ["127.0.0.1/32", "10.0.0.0/8"]
    assert is_internal(request(address)) is inside
