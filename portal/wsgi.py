"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from portal.bodies import whole

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = whole(get_wsgi_application())

from portal.crypto.checks import require_usable_keys  # noqa: E402 (its models load after the applications)

require_usable_keys()
