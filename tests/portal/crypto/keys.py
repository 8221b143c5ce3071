"""Keys of the tests, and a row and a column that hold something encrypted."""

import base64

from django.db import connection, models
from django.test.utils import isolate_apps

from portal.crypto.fields import EncryptedTextField
from portal.crypto.models import DigestKey

OLD, NEW, OTHER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


def stored_token(row: DigestKey) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM crypto_digestkey WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def column(field: EncryptedTextField) -> EncryptedTextField:
    """The field as a column of a model that exists only in this test."""
    body = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "crypto"}), "value": field}
    with isolate_apps("portal.crypto"):
        return type("Note", (models.Model,), body)._meta.get_field("value")
