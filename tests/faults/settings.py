"""Settings of the processes these tests start: the real ones, with every wait a tenth as long.

A worker that dies keeps its lease for a minute and its rows in doubt for two; a test cannot wait for that,
and moving rows about in the database would test something else. So time itself is scaled: see ``quick``.
"""

from portal.settings import *  # noqa: F403
from tests.faults.quick import SPEED

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.quick.QuickConfig"]  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
for _entry in CELERY_BEAT_SCHEDULE.values():  # noqa: F405
    if isinstance(_entry["schedule"], float):
        _entry["schedule"] /= SPEED
LONGEST_TASK_SECONDS = LONGEST_TASK_SECONDS // SPEED  # noqa: F405
CELERY_BROKER_TRANSPORT_OPTIONS |= {  # noqa: F405
    "visibility_timeout": CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] // SPEED  # noqa: F405
}
