"""Backup and restore: what was kept comes back, what was tampered with does not, nothing is sent."""

import io
import json
import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from broadcasts.models import Mailbox
from groups.enums import Role
from groups.models import Unit
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests import factories
from tips.models import Tip

TEXT = "Xe tải đổ rác ở bờ suối, khoảng tám giờ tối."
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not django_settings.USES_SQLITE and shutil.which("pg_dump") is None,
        reason="no pg_dump on this machine",
    ),
]


@pytest.fixture
def world(settings) -> User:
    """Somebody signed in, an account with a mailbox and one without, a tip, a file."""
    area = factories.make_area()
    user = factories.make_user(Role.OFFICER, area.commune_a)
    Mailbox.objects.create(account=factories.OfficialAccountFactory(unit=area.commune_a))
    factories.OfficialAccountFactory(unit=area.commune_b)
    factories.TipFactory(unit=area.commune_a, text=TEXT)
    Client().force_login(user)
    write(settings, "evidence/ab/one", b"sealed")
    return user


def write(settings, name: str, content: bytes) -> None:
    path = Path(settings.MEDIA_ROOT, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_restore_brings_back_what_was_kept(world, settings, tmp_path: Path, name: str):
    path = str(tmp_path / name)
    run("backup", path)
    kept = Tip.objects.get().public_id
    User.objects.filter(pk=world.pk).update(full_name="Sau khi sao lưu")
    factories.UnitFactory(name="Xã thêm sau")
    shutil.rmtree(settings.MEDIA_ROOT)
    run("restore", path, "--force")
    world.refresh_from_db()
    assert (Tip.objects.get().public_id, Tip.objects.get().text) == (kept, TEXT)
    assert (world.full_name != "Sau khi sao lưu", Unit.objects.filter(name="Xã thêm sau").exists()) == (
        True,
        False,
    )
    assert Path(settings.MEDIA_ROOT, "evidence/ab/one").read_bytes() == b"sealed"
    factories.make_user(Role.CHIEF, Unit.objects.order_by("pk").last())  # counters go on where they were


def test_restore_lets_nothing_be_sent_and_everybody_log_in_anew(world, tmp_path: Path):
    run("backup", str(tmp_path / "copy"))
    assert "2 hộp gửi đang tạm dừng" in run("restore", str(tmp_path / "copy"), "--force")
    assert [bool(box.paused_at and box.pause_reason) for box in Mailbox.objects.all()] == [True, True]
    assert not Session.objects.exists()
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert (actions.count("broadcasts.mailbox.paused"), actions[0]) == (2, "site.backup.restored")


def test_restore_over_data_needs_force(world, tmp_path: Path):
    run("backup", str(tmp_path / "copy"))
    User.objects.filter(pk=world.pk).update(full_name="Đang làm việc")
    with pytest.raises(CommandError, match="--force"):
        run("restore", str(tmp_path / "copy"))
    world.refresh_from_db()
    assert world.full_name == "Đang làm việc"


@pytest.mark.parametrize("name", ["database", "media.tar", "manifest.json"])
@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_restore_of_a_damaged_copy_changes_nothing(world, tmp_path: Path, name: str, harm: str):
    folder = tmp_path / "copy"
    run("backup", str(folder))
    User.objects.filter(pk=world.pk).update(full_name="Đang làm việc")
    (path,) = folder.glob(f"{name}*")
    path.write_bytes(path.read_bytes()[:-1] + b"?") if harm == "changed" else path.unlink()
    with pytest.raises(CommandError):
        run("restore", str(folder), "--force")
    world.refresh_from_db()
    assert world.full_name == "Đang làm việc"


def test_restore_into_another_kind_of_database_is_refused(world, tmp_path: Path):
    folder = tmp_path / "copy"
    run("backup", str(folder))
    text = (folder / "manifest.json").read_text()
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]
    files = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
    (folder / files[connection.vendor]).rename(folder / files[other])
    text = text.replace(files[connection.vendor], files[other])
    (folder / "manifest.json").write_text(text.replace(f'"{connection.vendor}"', f'"{other}"'))
    with pytest.raises(CommandError, match=connection.vendor):
        run("restore", str(folder), "--force")


def test_backup_is_for_its_owner_alone_and_holds_no_words_of_a_tip(world, tmp_path: Path):
    folder = tmp_path / "copy"
    run("backup", str(folder))
    assert {oct(path.stat().st_mode & 0o077) for path in (folder, *folder.iterdir())} == {"0o0"}
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    assert (TEXT.encode() in content, "bờ suối".encode() in content) == (False, False)
    assert set(json.loads((folder / "manifest.json").read_text())["files"]) == {
        path.name for path in folder.iterdir() if path.name != "manifest.json"
    }


def test_backup_without_a_place_goes_below_var(world, settings, tmp_path: Path):
    settings.VAR_DIR = tmp_path
    run("backup")
    (folder,) = (tmp_path / "backups").iterdir()
    assert (folder / "manifest.json").is_file()


def test_backup_never_writes_over_something(world, tmp_path: Path):
    (tmp_path / "copy.tar").write_bytes(b"mine")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine").write_bytes(b"mine")
    for name in ("copy", "copy.tar"):
        with pytest.raises(CommandError):
            run("backup", str(tmp_path / name))
    assert (tmp_path / "copy.tar").read_bytes() == b"mine"
