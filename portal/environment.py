"""Reading the environment: strict spellings, secrets from files, and the ``.env`` of the project's root.

Knows no Django model and no setting, so the supervisor and the web server read the same values before
Django is loaded. The environment always wins over ``.env``.
"""

import os
import shutil
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def load_env_file() -> None:
    """Fill the environment from ``.env`` (or from the file ``ENV_FILE`` names; empty: from none)."""
    path = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
    if path:
        environ.Env.read_env(path, overwrite=False)


def text(name: str, default: str = "") -> str:
    """The value of ``NAME``, or the content of the file that ``NAME_FILE`` names, without its last newline.

    Raises ``ImproperlyConfigured`` when that file cannot be read: a missing secret must stop the start.
    """
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "").strip() or default
    try:
        return Path(path).read_text(encoding="utf-8").strip() or default
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {path}: {error.strerror}") from error


def flag(name: str, *, default: bool) -> bool:
    """A boolean from the environment; anything but 1/0/true/false is a mistake, not a no."""
    value = text(name).lower()
    if value == "":
        return default
    if value in {"1", "true"}:
        return True
    if value in {"0", "false"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1, 0, true or false, not {value!r}")


def integer(name: str, *, default: int) -> int:
    """A whole number from the environment; raises ``ImproperlyConfigured`` for anything else."""
    value = text(name)
    if value == "":
        return default
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from error


def words(name: str, *, default: list[str] | None = None) -> list[str]:
    """A comma-separated list; blanks around and between the items are dropped."""
    items = [item.strip() for item in text(name).split(",")]
    return [item for item in items if item] or list(default or [])


def var_dir() -> Path:
    """Where this installation keeps its own files; made when missing."""
    path = Path(text("VAR_DIR", str(BASE_DIR / "var"))).absolute()
    path.mkdir(mode=0o750, parents=True, exist_ok=True)
    return path


def upload_dir() -> Path:
    """Where large uploads wait until they are encrypted: never in ``/tmp``, readable by nobody else."""
    # Two web services on one machine need one each: the start of one empties its own.
    path = Path(text("UPLOAD_DIR", str(var_dir() / "tmp")))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def empty_upload_dir() -> None:
    """Remove what a process that was killed left in plain; for the start, when nobody is uploading yet."""
    for path in upload_dir().iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
