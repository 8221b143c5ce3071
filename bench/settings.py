"""Settings of a measured portal: those of production, on a database and a broker of the benchmark's own.

Loaded with DEBUG, so that development keys serve, then switched to what production runs: no debug mode,
limits on. ``bench.backends`` sets the environment.
"""

import os

from portal import logging
from portal.settings import *  # noqa: F403

DEBUG = False
THROTTLES = True
LOGGING = logging.configuration(debug=False)
ALLOWED_HOSTS = ["127.0.0.1"]
# A shared Redis holds other people's keys too; these name ours, and only these are removed afterwards.
KEY_PREFIX = os.environ["BENCH_PREFIX"]
CACHES["default"]["KEY_PREFIX"] = KEY_PREFIX  # noqa: F405
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = KEY_PREFIX  # noqa: F405
