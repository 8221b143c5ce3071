"""Settings of the portal, driven by the environment: one module a subject, put together here.

Every secret may also come from a file named in ``NAME_FILE``. A ``.env`` file in the project's root is read
first and never overrides the environment. With ``DEBUG`` on, whatever is unset falls back to an embedded
default under ``var/``; with ``DEBUG`` off, a missing secret stops the start. Nonsense combinations are
system checks (``portal/checks.py``), so ``manage.py check --deploy`` is the linter of a configuration.
"""

from portal.settings.accounts import *
from portal.settings.alarms import *
from portal.settings.api import *
from portal.settings.applications import *
from portal.settings.celery import *
from portal.settings.files import *
from portal.settings.installation import *
from portal.settings.security import *
from portal.settings.stores import *
from portal.settings.tips import *
from portal.settings.zalo import *
