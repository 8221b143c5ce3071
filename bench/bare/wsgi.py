"""WSGI entry point of the bare form."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
