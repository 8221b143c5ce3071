"""Settings read the environment strictly: spellings, files of secrets, defaults that fit together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import environment

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "SECRET_KEY": "k" * 60,
    "FIELD_KEYS": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    "IDENTITY_PUBLIC_KEY": "En5HD/i/I1M5szGH0B7DWEsngH477sH3+mFEEQ9v/0g=",
    "PUBLIC_URL": "https://binhyen.example.vn",
}


def settings_in(tmp_path: Path, show: str, **values: str) -> subprocess.CompletedProcess:
    """Import the settings in a process of its own with exactly this environment; print ``show``."""
    values = {"PATH": os.environ["PATH"], "ENV_FILE": "", "VAR_DIR": str(tmp_path), **values}
    code = f"from portal import settings as s; print(({show}))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=values, capture_output=True, text=True, check=False
    )


def printed(tmp_path: Path, show: str, **values: str) -> str:
    result = settings_in(tmp_path, show, **values)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("spelling", "meaning"), [("1", True), ("true", True), ("0", False), ("FALSE", False)]
)
def test_flag_known_spelling_is_read(monkeypatch, spelling: str, meaning: bool):
    monkeypatch.setenv("SOME_FLAG", spelling)
    assert environment.flag("SOME_FLAG", default=not meaning) is meaning


def test_flag_unset_or_blank_is_default(monkeypatch):
    monkeypatch.setenv("SOME_FLAG", " ")
    assert (environment.flag("SOME_FLAG", default=True), environment.flag("OTHER_FLAG", default=False)) == (
        True,
        False,
    )


@pytest.mark.parametrize("spelling", ["yes", "on", "2", "không"])
def test_flag_other_spelling_stops_the_start(monkeypatch, spelling: str):
    monkeypatch.setenv("SOME_FLAG", spelling)
    with pytest.raises(ImproperlyConfigured, match="SOME_FLAG"):
        environment.flag("SOME_FLAG", default=False)


def test_integer_that_is_none_stops_the_start(monkeypatch):
    monkeypatch.setenv("SOME_NUMBER", "8000a")
    with pytest.raises(ImproperlyConfigured, match="SOME_NUMBER"):
        environment.integer("SOME_NUMBER", default=1)


def test_words_drop_blanks(monkeypatch):
    monkeypatch.setenv("SOME_WORDS", " a, b ,,c,")
    assert environment.words("SOME_WORDS") == ["a", "b", "c"]


def test_text_from_file_wins_and_loses_its_newline(monkeypatch, tmp_path: Path):
    (tmp_path / "secret").write_text("from-file\n")
    monkeypatch.setenv("SOME_SECRET", "from-environment")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))
    assert environment.text("SOME_SECRET") == "from-file"


def test_text_missing_file_stops_the_start(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET_FILE"):
        environment.text("SOME_SECRET", "default")


def test_env_file_never_overrides_the_environment(monkeypatch, tmp_path: Path):
    (tmp_path / ".env").write_text("ONLY_IN_FILE=a\nIN_BOTH=file\n")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / ".env"))
    monkeypatch.setenv("IN_BOTH", "environment")
    monkeypatch.delenv("ONLY_IN_FILE", raising=False)
    environment.load_env_file()
    try:
        assert (os.environ["ONLY_IN_FILE"], os.environ["IN_BOTH"]) == ("a", "environment")
    finally:
        os.environ.pop("ONLY_IN_FILE")


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_production_without_a_secret_does_not_start(tmp_path: Path, missing: str):
    values = {name: value for name, value in SECRETS.items() if name != missing}
    result = settings_in(tmp_path, "1", **values)
    assert (result.returncode, f"{missing} (or {missing}_FILE) must be set" in result.stderr) == (1, True)


def test_production_takes_secrets_from_files(tmp_path: Path):
    files = {}
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(value + "\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    assert printed(tmp_path, "s.DEBUG, s.SECRET_KEY == 'k' * 60, s.PUBLIC_URL", **files) == (
        f"(False, True, '{SECRETS['PUBLIC_URL']}')"
    )


def test_debug_needs_nothing_and_embeds_everything(tmp_path: Path):
    show = "s.USES_SQLITE, s.USES_EMBEDDED_BROKER, s.ZALO_API_URL, s.CACHES['default']['BACKEND']"
    assert printed(tmp_path, show, DEBUG="1") == (
        "(True, True, 'http://127.0.0.1:9000', 'portal.cache.TolerantRedisCache')"
    )


def test_production_talks_to_zalo(tmp_path: Path):
    show = "s.ZALO_API_URL, s.ZALO_OAUTH_URL, s.ZALO_BOT_URL"
    assert printed(tmp_path, show, **SECRETS) == (
        "('https://openapi.zalo.me', 'https://oauth.zaloapp.com', 'https://bot-api.zaloplatforms.com')"
    )


def test_production_cookies_are_locked_to_the_host(tmp_path: Path):
    show = "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE"
    assert printed(tmp_path, show, **SECRETS) == "('__Host-session', '__Host-csrf', True, True)"


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_probes_on_the_internal_network_are_not_sent_to_https(tmp_path: Path, address: str):
    show = f"[p for p in s.SECURE_REDIRECT_EXEMPT if __import__('re').search(p, {address.lstrip('/')!r})]"
    assert printed(tmp_path, show, **SECRETS) != "[]"


def test_no_setting_promises_a_limit_that_threads_cannot_keep(tmp_path: Path):
    """Celery cannot stop a thread: a time limit would be words only."""
    assert printed(tmp_path, "[n for n in dir(s) if 'TIME_LIMIT' in n]", DEBUG="1") == "[]"


@pytest.mark.parametrize(
    ("broker", "cache"),
    [
        ("redis://10.0.0.5:6379/0", "redis://10.0.0.5:6379/1"),
        ("redis://10.0.0.5", "redis://10.0.0.5/1"),
        ("redis://:secret@10.0.0.5/1", "redis://:secret@10.0.0.5/2"),
        ("rediss://10.0.0.5/0?ssl_cert_reqs=required", "rediss://10.0.0.5/1?ssl_cert_reqs=required"),
        ("amqp://10.0.0.5//", "db://portal_cache"),
    ],
)
def test_cache_beside_broker_is_shared_and_another_database(tmp_path: Path, broker: str, cache: str):
    assert printed(tmp_path, "s.CACHE_URL", DEBUG="1", CELERY_BROKER_URL=broker) == cache


def test_postgresql_gets_time_limits(tmp_path: Path):
    show = "s.DATABASES['default']['OPTIONS']['options'], s.DATABASES['default']['CONN_MAX_AGE']"
    out = printed(
        tmp_path, show, DEBUG="1", DATABASE_URL="postgres://u:p@db/x", DATABASE_STATEMENT_TIMEOUT="7"
    )
    assert out == (
        "('-c statement_timeout=7s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s', 600)"
    )


def test_throttles_stay_on_outside_debug(tmp_path: Path):
    assert printed(tmp_path, "s.THROTTLES", THROTTLES="off", **SECRETS) == "True"
    assert printed(tmp_path, "s.THROTTLES", THROTTLES="off", DEBUG="1") == "False"


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("{{ value }}", 2475, "2.475"),
        ("{{ value|floatformat:1 }}", 1234.5, "1.234,5"),
    ],
)
def test_numbers_are_written_the_vietnamese_way(template: str, value: float, expected: str):
    from django.template import Context, Template

    assert Template(template).render(Context({"value": value})) == expected


def test_dates_are_written_the_vietnamese_way():
    import datetime

    from django.template import Context, Template

    moment = datetime.datetime(2026, 11, 21, 16, 5)
    text = Template("{{ m|date }} · {{ m|date:'DATETIME_FORMAT' }} · {{ m|time }}").render(
        Context({"m": moment})
    )
    assert text == "21/11/2026 · 16:05 21/11/2026 · 16:05"


@pytest.mark.parametrize("typed", ["21/11/2026", "21-11-2026", "21.11.2026", "2026-11-21", "21/11/26"])
def test_dates_are_read_as_people_type_them(typed: str):
    import datetime

    from django import forms

    assert forms.DateField().clean(typed) == datetime.date(2026, 11, 21)
