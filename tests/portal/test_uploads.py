"""Large uploads pass through a folder of ours that nobody else can read and each start empties."""

import io
import stat
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import RequestFactory

from portal import environment, gunicorn


@pytest.fixture
def folder(monkeypatch, tmp_path: Path) -> Path:
    """The upload folder of an installation of one's own, with what a killed process left in it."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    path = environment.upload_dir()
    (path / "tmpabc.upload").write_bytes(b"film")
    (path / "evidence-1").mkdir()
    (path / "evidence-1" / "in").write_bytes(b"film")
    return path


def test_large_upload_waits_in_the_folder_of_the_portal(settings):
    film = SimpleUploadedFile("film.mp4", bytes(settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))
    request = RequestFactory().post("/", {"files": film})
    path = Path(request.FILES["files"].temporary_file_path())
    assert path.parent == Path(settings.VAR_DIR) / "tmp" == Path(settings.FILE_UPLOAD_TEMP_DIR)


def test_upload_folder_is_for_the_portal_alone(folder: Path):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_web_server_empties_the_upload_folder_at_its_start(folder: Path):
    gunicorn.on_starting(None)
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_prepare_empties_the_upload_folder(folder: Path, settings):
    settings.DEBUG = False
    call_command("prepare", stdout=io.StringIO())
    assert list(folder.iterdir()) == []
