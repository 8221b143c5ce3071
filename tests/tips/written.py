"""Everything the portal writes down, to be searched for planted words."""

import io
import logging
import logging.config
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import override_settings

from portal import logging as portal_logging

needs_pg_dump = pytest.mark.skipif(
    not settings.USES_SQLITE and shutil.which("pg_dump") is None, reason="no pg_dump on this machine"
)


@contextmanager
def production_log() -> Iterator[io.StringIO]:
    """What production logs, from now on."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:], root.level
    configuration = portal_logging.configuration(debug=False)
    configuration["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(configuration)
    try:
        # Celery sets logging up once more with the first task.
        with override_settings(LOGGING=configuration):
            yield stream
    finally:
        root.handlers[:], root.level = before
        logging.config.dictConfig(portal_logging.configuration(debug=True))


def everything(*folders: Path) -> dict[str, bytes]:
    """The database, mails, and each file below these folders."""
    return {
        "database": database(),
        "mail": b"\n".join(message.message().as_bytes() for message in mail.outbox),
        "mail text": "\n".join(f"{m.subject}\n{m.body}\n{m.to}" for m in mail.outbox).encode(),
        **{
            str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()
        },
    }


def database() -> bytes:
    """All there is in the database: the pages of SQLite, free ones too, or a dump as text."""
    if connection.vendor == "sqlite":
        return connection.connection.serialize()
    options = connection.settings_dict
    url = f"postgres://{options['USER']}@{options['HOST']}:{options['PORT']}/{options['NAME']}"
    return dump("pg_dump", "--no-owner", f"--dbname={url}")


def dump(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout
