"""Database, broker and cache."""

import environ

from portal import broker
from portal.environment import integer, text
from portal.settings.installation import VAR_DIR

DATABASE_URL = text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
USES_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if USES_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # A stuck statement or lock must end as an error in one request, not as a pool without free connections.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        connect_timeout=2,
        # With Django's None psycopg would not even prepare what asks for it (portal.inserts). Django's own
        # cursors bind on the client and never prepare.
        prepare_threshold=5,
        options=(
            f"-c statement_timeout={integer('DATABASE_STATEMENT_TIMEOUT', default=30)}s"
            " -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
        ),
    )
DATABASES["default"]["CONN_MAX_AGE"] = integer("CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EMBEDDED_BROKER_SOCKET = broker.socket_path(VAR_DIR)
EMBEDDED_BROKER_URL = f"redis+socket://{EMBEDDED_BROKER_SOCKET}"
CELERY_BROKER_URL = text("CELERY_BROKER_URL", EMBEDDED_BROKER_URL)
USES_EMBEDDED_BROKER = CELERY_BROKER_URL == EMBEDDED_BROKER_URL


def cache_beside(broker_url: str) -> str:
    """The address of a cache shared by all web workers: the broker's server, its database 1 (or 2).

    A broker that is no Redis leaves the database as the one thing all workers share: ``db://portal_cache``.
    """
    if broker_url == EMBEDDED_BROKER_URL:
        return f"unix://{EMBEDDED_BROKER_SOCKET}?db=1"
    if not broker_url.startswith(("redis://", "rediss://")):
        return "db://portal_cache"
    address, _, options = broker_url.partition("?")
    scheme, _, rest = address.partition("://")
    host, _, number = rest.partition("/")
    return f"{scheme}://{host}/{2 if number == '1' else 1}" + (f"?{options}" if options else "")


CACHE_URL = text("CACHE_URL", cache_beside(CELERY_BROKER_URL))
if CACHE_URL.startswith("db://"):
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": CACHE_URL.removeprefix("db://"),
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "portal.cache.TolerantRedisCache",
            "LOCATION": CACHE_URL,
            "KEY_PREFIX": "portal",
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        }
    }

# For so long a web process may remember names of the directory and pages that hardly change.
MEMORY_SECONDS = 3
