"""Throttles: per network, never site-wide, closed rather than open when the cache is away."""

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from tips import throttling
from tips.throttling import Throttled, check, count, peek


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    monkeypatch.setattr(throttling, "_local", throttling.LocalCounter())


def request(address: str = "203.0.113.7"):
    return RequestFactory().get("/", REMOTE_ADDR=address)


def exhaust(scope: str, address: str = "203.0.113.7") -> None:
    for _ in range(throttling.LIMITS[scope].count):
        check(request(address), scope)


def test_twenty_tips_an_hour_then_wait():
    exhaust("tip")
    with pytest.raises(Throttled) as caught:
        check(request(), "tip")
    assert 3500 < caught.value.wait_seconds <= 3601
    assert "113" in caught.value.message and "phút" in caught.value.message


def test_neighbours_of_a_network_share_and_others_do_not():
    exhaust("tip")
    with pytest.raises(Throttled):
        check(request("203.0.113.250"), "tip")
    check(request("203.0.114.7"), "tip")
    check(request("2001:db8::1"), "tip")


def test_scopes_count_apart():
    exhaust("tip")
    check(request(), "message")


def test_only_wrong_receipts_count():
    for _ in range(50):
        peek(request(), "receipt")
    for _ in range(10):
        peek(request(), "receipt")
        count(request(), "receipt")
    with pytest.raises(Throttled) as caught:
        peek(request(), "receipt")
    assert 500 < caught.value.wait_seconds <= 601


def test_window_ends(monkeypatch):
    exhaust("tip")
    cache.clear()
    check(request(), "tip")


@pytest.mark.parametrize("error", [None, ConnectionError])
def test_cache_away_counts_in_the_process(monkeypatch, error):
    class Away:
        def add(self, *args, **kwargs):
            if error:
                raise error
            return True

        def incr(self, key, delta=1):
            return delta

        def get(self, key, default=None):
            return default

    monkeypatch.setattr(throttling, "cache", Away())
    exhaust("tip")
    with pytest.raises(Throttled):
        check(request(), "tip")
    for _ in range(10):
        count(request(), "receipt")
    with pytest.raises(Throttled):
        peek(request(), "receipt")


def test_switched_off_means_off(settings):
    settings.THROTTLES = False
    for _ in range(30):
        check(request(), "tip")
        count(request(), "receipt")
    peek(request(), "receipt")


def test_no_address_reaches_the_cache():
    check(request("203.0.113.7"), "tip")
    assert "203.0" not in str(cache._cache.keys())


@pytest.mark.parametrize("second", [0, 17.25, 59.9])
def test_second_of_a_tip_does_not_reach_the_cache(monkeypatch, second):
    """Neither as a value nor as the end of one: what is left of a second tells nothing."""
    minute = 29_400_000 * 60
    monkeypatch.setattr("time.time", lambda: minute + second)
    check(request("203.0.113.7"), "tip")

    (since_key,) = (key for key in cache._cache if key.endswith(":since"))
    assert cache.get(since_key.partition(":1:")[2]) == minute
    assert {end // 1 for end in cache._expire_info.values()} == {minute + 3600}
