"""The cache may vanish: nothing breaks, nothing waits long, and it is used again when it comes back."""

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import broker
from portal.cache import TolerantRedisCache

pytestmark = pytest.mark.process
OPTIONS = {"OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}}


@pytest.fixture(autouse=True)
def _awake(monkeypatch) -> None:
    monkeypatch.setattr(TolerantRedisCache, "_asleep_until", 0.0)


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ca") as name:
        broker.ensure_running(Path(name))
        yield Path(name)
        broker.stop(Path(name))


@pytest.fixture
def cache(var_dir: Path) -> TolerantRedisCache:
    return TolerantRedisCache(f"unix://{broker.socket_path(var_dir)}?db=1", OPTIONS)


@pytest.fixture
def absent() -> TolerantRedisCache:
    return TolerantRedisCache("redis://127.0.0.1:1/0", OPTIONS)


def everything(cache: TolerantRedisCache) -> list:
    """The result of one call of each kind."""
    return [
        cache.get("a", "default"),
        cache.add("a", 1),
        cache.set("a", 1),
        cache.incr("n"),
        cache.get_many(["a"]),
        cache.get_or_set("b", 2),
        cache.set_many({"a": 1}),
        cache.touch("a"),
        cache.delete("a"),
        cache.delete_many(["a"]),
        cache.has_key("a"),
        cache.clear(),
    ]


def test_present_server_is_a_normal_cache(cache: TolerantRedisCache):
    cache.set("a", {"b": 1})
    cache.add("n", 0)
    assert (cache.get("a"), cache.incr("n"), cache.incr("n", 5), cache.add("n", 9)) == ({"b": 1}, 1, 6, False)


def test_tally_counts_from_its_first_use_and_ends(cache: TolerantRedisCache):
    assert cache.tally("t", "t:since", 5.5, 1, 60) == (1, 5.5)
    assert cache.tally("t", "t:since", 9.5, 3, 60) == (4, 5.5)
    assert cache.get_many(["t", "t:since"]) == {"t": 4, "t:since": 5.5}
    server = cache._cache.get_client()
    assert all(0 < server.ttl(cache.make_key(key)) <= 60 for key in ("t", "t:since"))


def test_tally_goes_on_at_a_server_that_started_anew(cache: TolerantRedisCache):
    cache.tally("t", "t:since", 5.5, 1, 60)
    cache._cache.get_client().script_flush()
    assert cache.tally("t", "t:since", 9.5, 1, 60) == (2, 5.5)


def test_tally_without_a_server_knows_no_beginning(absent: TolerantRedisCache):
    assert absent.tally("t", "t:since", 5.5, 3, 60) == (3, None)


def test_missing_counter_is_still_an_error(cache: TolerantRedisCache):
    """Limiters rely on it to begin a new window."""
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")


def test_absent_server_is_an_empty_cache(absent: TolerantRedisCache):
    assert everything(absent) == ["default", True, None, 1, {}, 2, ["a"], False, False, None, False, False]


def test_hung_server_costs_one_time_out_then_rests():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        cache = TolerantRedisCache(f"redis://127.0.0.1:{server.getsockname()[1]}/0", OPTIONS)
        started = time.monotonic()
        for _ in range(20):
            cache.get("a")
        assert time.monotonic() - started < 1.5


def test_server_that_comes_back_is_used_again(var_dir: Path, cache: TolerantRedisCache, monkeypatch):
    broker.stop(var_dir)
    cache.set("a", 1)
    broker.ensure_running(var_dir)
    cache.set("a", 2)
    assert cache.get("a") is None
    monkeypatch.setattr(TolerantRedisCache, "_asleep_until", 0.0)
    cache.set("a", 3)
    assert cache.get("a") == 3
