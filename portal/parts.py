"""The parts under the portal that can be away: the broker and the disk. Each question has a time limit."""

import shutil

import redis
from django.conf import settings

from portal import broker

PART_SECONDS = 1.0
QUEUE = "celery"


def broker_answers() -> bool:
    """Whether the broker answers a ping; raises what its client raises when it does not."""
    if settings.USES_EMBEDDED_BROKER:
        return broker.is_answering(settings.EMBEDDED_BROKER_SOCKET, timeout=PART_SECONDS)
    return connection().ping()


def is_broker_away() -> bool:
    """The same as a yes or no."""
    try:
        return not broker_answers()
    except (redis.RedisError, OSError):
        return True


def queue_length() -> int | None:
    """Announcements that wait for a worker; None without a broker."""
    try:
        return connection().llen(QUEUE)
    except (redis.RedisError, OSError, ValueError):
        return None


def free_disk() -> tuple[int, int]:
    """Free and all bytes of the disk that holds the files people upload."""
    for folder in (settings.MEDIA_ROOT, settings.VAR_DIR):
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            continue
        return usage.free, usage.total
    return 0, 0


def has_room() -> bool:
    """Whether uploads are taken: with less free than this they are refused, so that words still have room."""
    free, total = free_disk()
    return not total or free >= settings.MIN_FREE_DISK_MB * 1024 * 1024


def connection() -> redis.Redis:
    """The broker's own client, for one question."""
    # Celery and the client library name a unix socket differently.
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    options = {"socket_timeout": PART_SECONDS, "socket_connect_timeout": PART_SECONDS}
    # A pool from an address retries nothing; the client's own default would wait several times.
    return redis.Redis(connection_pool=redis.ConnectionPool.from_url(url, max_connections=1, **options))
