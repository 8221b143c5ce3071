"""Copies of everything the portal keeps: database and media, with a manifest that proves them unchanged.

A copy is a folder (or one ``.tar`` of it) with ``database.sqlite3`` or ``database.dump`` (``pg_dump``, custom
format), ``media.tar`` and ``manifest.json``. What is encrypted stays encrypted; the keys are not in it and
must be kept elsewhere. The database is copied first: a file that arrives in between is only one too many.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import codes
from broadcasts.services.mailboxes import pause_every_mailbox
from broadcasts.services.restoring import doubt_rows, hold_started
from portal.audit.services import record
from portal.errors import PortalError

FORMAT = 1
MANIFEST = "manifest.json"
MEDIA = "media.tar"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
# Rows of any of these make a database one that somebody works with.
FILLED_BY_PEOPLE = ("accounts.User", "groups.Unit", "tips.Tip")
HASH_BYTES = 1024 * 1024


class BackupError(PortalError):
    """The copy cannot be made, read or trusted."""


# --- Making ----------------------------------------------------------------------------------------------


def make(folder: Path) -> dict[str, Any]:
    """Copy database and media into the new or empty ``folder``; returns the manifest. Raises BackupError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupError(_("Thư mục %(path)s đã có tệp khác.") % {"path": folder})
    database = folder / DATABASES[connection.vendor]
    _dump(database)
    _pack_media(folder / MEDIA)
    manifest = {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "database": connection.vendor,
        "files": {path.name: _fingerprint(path) for path in (database, folder / MEDIA)},
    }
    _private(folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    record(None, "site.backup.made", data={"bytes": sum(f["bytes"] for f in manifest["files"].values())})
    return manifest


def _dump(path: Path) -> None:
    _private(path)
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        target = sqlite3.connect(path)
        try:
            connection.connection.backup(target)
        finally:
            target.close()
    else:
        _run_postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def _pack_media(path: Path) -> None:
    """All files below ``MEDIA_ROOT``; one that is erased in the meantime is left out, as it should be."""
    root = Path(settings.MEDIA_ROOT)
    _private(path)
    with tarfile.open(path, "w") as archive:
        for file in sorted(root.rglob("*")) if root.is_dir() else ():
            try:
                if file.is_file() and not file.is_symlink():
                    archive.add(file, arcname=str(file.relative_to(root)), recursive=False)
            except FileNotFoundError:
                continue


# --- Putting back ----------------------------------------------------------------------------------------


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of a copy whose files are all there and unchanged. Raises BackupError."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files, vendor = manifest["files"], manifest["database"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(_("Không có bản sao lưu đọc được ở %(path)s.") % {"path": folder}) from error
    if manifest.get("format") != FORMAT or set(files) != {MEDIA, DATABASES.get(vendor)}:
        raise BackupError(_("Bản sao lưu này thuộc một phiên bản khác của cổng."))
    for name, expected in files.items():
        if not (folder / name).is_file() or _fingerprint(folder / name) != expected:
            raise BackupError(_("Tệp %(name)s thiếu hoặc đã bị thay đổi.") % {"name": name})
    if vendor != connection.vendor:
        message = _("Bản sao là của %(theirs)s, cơ sở dữ liệu ở đây là %(ours)s.")
        raise BackupError(message % {"theirs": vendor, "ours": connection.vendor})
    return manifest


def has_data() -> bool:
    """Whether people already work with this database."""
    tables = set(connection.introspection.table_names())
    models = [apps.get_model(name) for name in FILLED_BY_PEOPLE]
    return any(model._meta.db_table in tables and model.objects.exists() for model in models)


@dataclass(frozen=True)
class Restored:
    """What a person has to look at after a copy was put back."""

    paused: int
    doubted: int
    held: int


def put_back(folder: Path) -> Restored:
    """Replace database and media by the copy, bring the tables up to this code, and let nothing be sent.

    Every mailbox is paused, and what may have been sent after the copy was made is in doubt: a person resumes
    each account, then its groups are read first. No public code is given out twice. Everybody logs in
    anew. Raises BackupError before anything is changed.
    """
    manifest = verify(folder)
    _load(folder / DATABASES[connection.vendor])
    _unpack_media(folder / MEDIA)
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        Session.objects.all().delete()
        now = timezone.now()
        restored = Restored(
            paused=pause_every_mailbox(reason=_("Vừa khôi phục từ bản sao lưu: kiểm tra rồi mới gửi tiếp.")),
            doubted=doubt_rows(since=datetime.fromisoformat(manifest["made_at"]), now=now),
            held=hold_started(now=now),
        )
        codes.leap(now=now)
        record(None, "site.backup.restored", data={"made_at": manifest["made_at"], **asdict(restored)})
    return restored


def _load(path: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            source.backup(connection.connection)
        finally:
            source.close()
        return
    # Tables that only a newer version has would otherwise stay and stand in the way of its migrations.
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE")
    connection.close()
    options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction")
    _run_postgres("pg_restore", *options, f"--dbname={connection.settings_dict['NAME']}", str(path))


def _unpack_media(path: Path) -> None:
    root = Path(settings.MEDIA_ROOT).resolve()
    with tarfile.open(path) as archive:
        for member in archive:
            target = (root / member.name).resolve()
            content = archive.extractfile(member) if target.is_relative_to(root) else None
            if content is None:
                raise BackupError(_("Tệp %(name)s thiếu hoặc đã bị thay đổi.") % {"name": MEDIA})
            target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            with content, _private(target).open("wb") as file:
                shutil.copyfileobj(content, file)


# --- Files, programmes -----------------------------------------------------------------------------------


def _private(path: Path) -> Path:
    """``path``, made so that only its owner can read it."""
    path.touch(mode=0o600)
    return path


def _fingerprint(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BYTES):
            digest.update(block)
    return {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _run_postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programmes on our database; the password never shows in a process list."""
    database = connection.settings_dict
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    values = {name: str(database[key]) for name, key in names.items() if database[key]}
    try:
        subprocess.run(
            [program, "--no-password", *arguments],
            env={**os.environ, **values},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        message = _("Không tìm thấy %(program)s: apt install postgresql-client.")
        raise BackupError(message % {"program": program}) from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [""]
        raise BackupError(f"{program}: {lines[0]}") from error
