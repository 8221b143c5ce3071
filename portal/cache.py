"""A Redis cache whose absence slows nobody down and breaks no request.

The cache holds counters of throttles and finished fragments, nothing that cannot be lost. When its server is
away or hangs, a resident must still be able to send a tip: every read is a miss, every write a no-op, and for
a few seconds after a failure the server is not even asked.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# Two web workers with four threads each: a hung server may hold each thread for one time-out, then rests.
REST_SECONDS = 3.0
# Counts by one question. The server runs it as a whole: a counter that ended in between would begin again
# without an end.
TALLY = """
redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2], "NX")
redis.call("SET", KEYS[2], 0, "EX", ARGV[2], "NX")
return {redis.call("INCRBY", KEYS[2], ARGV[3]), redis.call("GET", KEYS[1])}
"""


class OneClient(RedisCacheClient):
    """Django builds a client for every command, which costs more than the command; ours stays."""

    def get_client(self, key=None, *, write=False):
        pool = self._get_connection_pool(write)
        if pool not in self._clients:
            self._clients[pool] = self._client(connection_pool=pool)
        return self._clients[pool]

    def __init__(self, servers, **options):
        super().__init__(servers, **options)
        self._clients = {}
        self._tally = None

    def tally(self, key, since_key, since, delta, timeout):
        """See ``TolerantRedisCache.tally``."""
        if self._tally is None:
            self._tally = self.get_client(write=True).register_script(TALLY)
        number, known = self._tally(
            keys=[since_key, key], args=[self._serializer.dumps(since), timeout, delta]
        )
        return number, known and self._serializer.loads(known)


class TolerantRedisCache(RedisCache):
    """Django's Redis cache that treats an unreachable server as an empty one."""

    # Shared by all threads of the process: one thread's time-out spares the others theirs.
    _asleep_until = 0.0

    def __init__(self, server, params):
        super().__init__(server, params)
        self._class = OneClient

    def _try(self, operation: Callable[..., Any], fallback: Any, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < TolerantRedisCache._asleep_until:
            return fallback
        try:
            return operation(*args, **kwargs)
        except (RedisError, OSError) as error:
            TolerantRedisCache._asleep_until = time.monotonic() + REST_SECONDS
            logger.warning("cache_unreachable: %s", type(error).__name__)
            return fallback

    def add(self, key, value, *args, **kwargs):
        return self._try(super().add, True, key, value, *args, **kwargs)

    def get(self, key, default=None, *args, **kwargs):
        return self._try(super().get, default, key, default, *args, **kwargs)

    def set(self, key, value, *args, **kwargs):
        return self._try(super().set, None, key, value, *args, **kwargs)

    def touch(self, key, *args, **kwargs):
        return self._try(super().touch, False, key, *args, **kwargs)

    def delete(self, key, *args, **kwargs):
        return self._try(super().delete, False, key, *args, **kwargs)

    def get_many(self, keys, *args, **kwargs):
        return self._try(super().get_many, {}, keys, *args, **kwargs)

    def has_key(self, key, *args, **kwargs):
        return self._try(super().has_key, False, key, *args, **kwargs)

    def incr(self, key, delta=1, *args, **kwargs):
        """The counter after adding ``delta``; without a server as if this were its first use."""
        return self._try(super().incr, delta, key, delta, *args, **kwargs)

    def tally(self, key, since_key, since, delta, timeout):
        """Count ``delta`` under ``key`` for ``timeout`` seconds from the first use, whose moment is kept too.

        The counter and that moment, by one question to the server; the moment is None without one.
        """
        keys = [self.make_and_validate_key(name) for name in (key, since_key)]
        return self._try(self._cache.tally, (delta, None), *keys, since, delta, timeout)

    def set_many(self, data, *args, **kwargs):
        return self._try(super().set_many, list(data), data, *args, **kwargs)

    def delete_many(self, keys, *args, **kwargs):
        return self._try(super().delete_many, None, keys, *args, **kwargs)

    def clear(self):
        return self._try(super().clear, False)
