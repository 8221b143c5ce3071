"""Settings of the test run: the real ones, with the slow or outward parts turned off.

``DATABASE_URL`` and ``CELERY_BROKER_URL`` choose what the tests run on; unset: SQLite in memory, no broker.
What the portal then publishes goes to this process's memory, where nobody takes it: as with a broker whose
workers are away. Tests of a broker that is away itself say so.
"""

import atexit
import os
import shutil
import tempfile

# A developer's own .env must not decide what the tests see.
os.environ["ENV_FILE"] = ""
os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="portal-test-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

from portal.settings import *  # noqa: E402, F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# What one test wrote must not be remembered in the next.
MEMORY_SECONDS = 0
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
# Static files are looked up when asked for; nothing was collected, and no test client should scan for it.
WHITENOISE_AUTOREFRESH = True
# Several people and workers may test against one server at once: each run has a database of its own.
DATABASES["default"]["TEST"] = {  # noqa: F405
    "NAME": None if USES_SQLITE else f"test_portal_{os.getpid()}"  # noqa: F405
}
AXES_ENABLED = False
REQUIRE_SECOND_FACTOR = False
if USES_EMBEDDED_BROKER:  # noqa: F405
    # Without a host kombu warns, in the log of whichever test publishes first.
    CELERY_BROKER_WRITE_URL = "memory://localhost"
# No broker runs beside the tests; those of the alarms turn it on.
ALARMS_FROM_WEB = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
