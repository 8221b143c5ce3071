"""Every nonsense combination of settings has an id; a sensible production environment has nothing to say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal import checks
from portal.keys import new_keys, public_push_key

ROOT = Path(__file__).resolve().parents[2]
CSP_UNSAFE = {"DIRECTIVES": {"script-src": ["'self'", "'unsafe-inline'"]}}
LOCAL_MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REDIS_CACHE = {"default": {"BACKEND": "portal.cache.TolerantRedisCache", "LOCATION": "redis://cache:6379/1"}}


@pytest.fixture
def production(settings, tmp_path):
    """Settings of a sound production machine; each test breaks one thing."""
    settings.DEBUG = False
    settings.PUBLIC_URL = "https://binhyen.example.vn"
    settings.ALLOWED_HOSTS = ["binhyen.example.vn"]
    settings.SECRET_KEY = "x" * 60
    settings.FIELD_KEYS = [new_keys()["FIELD_KEYS"]]
    settings.ZALO_API_URL = "https://openapi.zalo.me"
    settings.ZALO_OAUTH_URL = "https://oauth.zaloapp.com"
    settings.ZALO_BOT_URL = "https://bot-api.zaloplatforms.com"
    settings.CELERY_BROKER_URL = "redis://broker:6379/0"
    settings.USES_EMBEDDED_BROKER = False
    settings.CACHES = REDIS_CACHE
    settings.USES_SQLITE = False
    settings.THROTTLES_SWITCH = "on"
    settings.BEHIND_PROXY = True
    settings.SECURE_SSL_REDIRECT = True
    settings.REQUIRE_SECOND_FACTOR = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return settings


def ids() -> list[str]:
    return [message.id for message in checks.all_messages()]


def test_sound_production_has_nothing_to_say(production):
    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ALLOWED_HOSTS", ["*"], "portal.E001"),
        ("SECRET_KEY", "insecure-development-key-never-used-in-production", "portal.E002"),
        ("FIELD_KEYS", ["ZGV2ZWxvcG1lbnQta2V5LWRldmVsb3BtZW50LWtleTA="], "portal.E003"),
        ("ZALO_API_URL", "http://127.0.0.1:9000", "portal.E004"),
        ("ZALO_OAUTH_URL", "https://localhost", "portal.E004"),
        ("ZALO_BOT_URL", "http://bot-api.zaloplatforms.com", "portal.E004"),
        ("PUBLIC_URL", "http://binhyen.example.vn", "portal.E005"),
        ("THROTTLES_SWITCH", "off", "portal.E006"),
        ("LONGEST_TASK_SECONDS", 300, "portal.E007"),
        ("CACHES", LOCAL_MEMORY, "portal.E009"),
        ("CELERY_BROKER_URL", "redis://cache:6379/1", "portal.E010"),
        ("CONTENT_SECURITY_POLICY", CSP_UNSAFE, "portal.E011"),
        ("ALLOWED_HOSTS", ["other.example.vn"], "portal.E012"),
        ("INTERNAL_NETWORKS", ["10.0.0.0/8", "office"], "portal.E013"),
        ("CELERY_BROKER_URL", "amqp://broker//", "portal.E014"),
        ("ZALO_CODE_VERIFIER", "short", "portal.E015"),
        ("ZALO_VERIFIER_CODES", ["SeEEB8_1-x", "zalo_verifier.html"], "portal.E016"),
        ("REQUIRE_SECOND_FACTOR", False, "portal.W001"),
        ("USES_EMBEDDED_BROKER", True, "portal.W002"),
        ("USES_SQLITE", True, "portal.W003"),
        ("BEHIND_PROXY", False, "portal.W006"),
        ("SESSION_COOKIE_AGE", 14 * 24 * 3600, "portal.W007"),
        ("EMAIL_BACKEND", checks.DUMMY_MAIL, "portal.W008"),
        pytest.param("VAPID_PUBLIC_KEY", new_keys()["VAPID_PUBLIC_KEY"], "portal.E017", id="another-pair"),
        ("VAPID_PRIVATE_KEY", "không phải khóa", "portal.E017"),
    ],
)
def test_one_mistake_has_one_id(production, name: str, value: object, expected: str):
    setattr(production, name, value)
    assert ids() == [expected]


def test_connection_per_request_is_reported(production, monkeypatch):
    monkeypatch.setitem(production.DATABASES["default"], "CONN_MAX_AGE", 0)
    assert ids() == ["portal.W004"]


@pytest.mark.parametrize("inside", ["", "media", ".."])
def test_evidence_among_static_files_is_reported(production, inside: str):
    production.MEDIA_ROOT = str(Path(production.STATIC_ROOT) / inside)
    assert ids() == ["portal.E008"]


def test_debug_on_a_public_address_is_reported(production):
    production.DEBUG = True
    assert ids() == ["portal.W005"]


def test_subdomain_wildcard_covers_the_public_url(production):
    production.ALLOWED_HOSTS = [".example.vn"]
    assert ids() == []


def test_same_redis_with_other_database_is_fine(production):
    production.CELERY_BROKER_URL = "redis://cache:6379/0"
    assert ids() == []


def test_every_id_is_listed_in_the_module():
    source = Path(checks.__file__).read_text()
    used = {part.split('"')[0] for part in source.split('id="portal.')[1:]}
    assert used == {
        line for line in checks.__doc__.replace(",", " ").split() if line[:1] in "EW" and line[1:].isdigit()
    }


@pytest.mark.process
def test_check_deploy_of_a_production_environment_is_clean(tmp_path):
    """The whole of Django's and our checks, in the process an administrator would start."""
    values = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "VAR_DIR": str(tmp_path),
        "PUBLIC_URL": "https://binhyen.example.vn",
        "ALLOWED_HOSTS": "binhyen.example.vn",
        "DATABASE_URL": "postgres://portal@127.0.0.1:1/portal",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "BEHIND_PROXY": "1",
        "EMAIL_URL": "smtp+tls://portal:secret@mail.example.vn:587",
        **new_keys(),
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    result = subprocess.run(command, cwd=ROOT, env=values, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.strip()) == (
        0,
        "System check identified no issues (0 silenced).",
    ), result.stderr


@pytest.mark.process
def test_check_deploy_of_a_careless_environment_fails(tmp_path):
    values = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "VAR_DIR": str(tmp_path),
        "PUBLIC_URL": "http://binhyen.example.vn",
        "ALLOWED_HOSTS": "*",
        "ZALO_API_URL": "http://127.0.0.1:9000",
        **new_keys(),
    }
    command = [sys.executable, "manage.py", "check"]
    result = subprocess.run(command, cwd=ROOT, env=values, capture_output=True, text=True, check=False)
    found = {word.strip("?:()") for word in result.stderr.split() if "portal." in word}
    assert (result.returncode, {"portal.E001", "portal.E004", "portal.E005"} <= found) == (1, True)


def test_new_push_keys_are_a_pair():
    keys = new_keys()
    assert public_push_key(keys["VAPID_PRIVATE_KEY"]) == keys["VAPID_PUBLIC_KEY"]


def test_machine_without_push_keys_is_warned(production):
    production.VAPID_PUBLIC_KEY = production.VAPID_PRIVATE_KEY = ""
    assert ids() == ["portal.W009"]


def test_web_process_with_the_public_push_key_alone_is_sound(production):
    production.VAPID_PRIVATE_KEY = ""
    assert ids() == []
