"""The files in ``deploy/`` say the same as the Procfile and the settings they belong to."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from portal import environment

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
# Where settings are read from the environment.
PORTAL = ROOT / "portal"
MODULES = [*(PORTAL / "settings").glob("*.py"), PORTAL / "gunicorn.py", PORTAL / "environment.py"]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())


# Both web services run the same line.
LINES = {"web": "web", "staff": "web", "worker": "worker", "beat": "beat"}


@pytest.mark.parametrize("name", LINES)
def test_containers_run_the_procfile(compose: dict, name: str):
    assert compose["services"][name]["command"] == PROCFILE[LINES[name]]


@pytest.mark.parametrize("name", LINES)
def test_units_run_the_procfile(name: str):
    unit = (DEPLOY / "systemd" / f"portal-{name}.service").read_text()
    assert (
        re.search(r"^ExecStart=/opt/portal/\.venv/bin/(.*)$", unit, re.MULTILINE)[1] == PROCFILE[LINES[name]]
    )


def test_only_the_staff_container_gets_the_key_to_contacts(compose: dict):
    services = compose["services"]
    given = {name for name, service in services.items() if "identity_private_key" in str(service)}
    assert given == {"staff"}


def test_both_web_services_have_an_upload_folder_of_their_own(compose: dict):
    """Each empties its folder at its start, while the other is serving."""
    unit = (DEPLOY / "systemd" / "portal-staff.service").read_text()
    assert "Environment=UPLOAD_DIR=" in unit and "WEB_PORT=8001" in unit
    places = [compose["services"][name]["environment"].get("UPLOAD_DIR") for name in ("web", "staff")]
    assert places == [None, "/var/lib/portal/tmp-staff"]


def test_only_the_staff_unit_gets_the_key_to_contacts():
    units = {path.stem: path.read_text() for path in (DEPLOY / "systemd").glob("*.service")}
    assert "LoadCredential=identity_private_key:" in units.pop("portal-staff")
    assert len(units) == 3
    for text in units.values():
        assert "UnsetEnvironment=IDENTITY_PRIVATE_KEY IDENTITY_PRIVATE_KEY_FILE\n" in text
        assert "InaccessiblePaths=-/run/credentials" in text


def served_by(path: str) -> str:
    """The upstream nginx picks: an exact location, else the longest prefix."""
    text = (DEPLOY / "nginx.conf").read_text()
    found = re.findall(r"location (= )?(\S+) \{[^}]*proxy_pass http://(\w+);", text)
    exact = {at: upstream for equals, at, upstream in found if equals}
    prefixes = {at: upstream for equals, at, upstream in found if not equals}
    return exact.get(path) or prefixes[max((at for at in prefixes if path.startswith(at)), key=len)]


def test_pages_of_staff_are_served_with_the_key_and_those_of_residents_without():
    residents = ("/", "/gui-tin/", "/gui-tin/tep/", "/gui-tin/tep/9NWGJDM3P/", "/theo-doi/", "/kiem-tra/")
    residents += ("/n/abc/", "/zalo/webhook/", "/healthz")
    residents += ("/api/v1/tips/", "/api/v1/tips/follow/", "/api/v1/tips/follow/messages/")
    residents += ("/api/v1/units/", "/api/v1/check/")
    staff = ("/can-bo/tin/1/", "/admin/tips/tip/1/", "/tai-khoan/dang-nhap/", "/api/v1/tips/A1/reveal/")
    staff += (
        "/api/v1/groups/",
        "/api/v1/broadcasts/",
        "/api/v1/reports/programme/",
        "/api/docs/",
        "/metrics",
    )
    assert {served_by(path) for path in residents} == {"portal_public"}
    assert {served_by(path) for path in staff} == {"portal_staff"}


def test_no_production_file_runs_the_simulator():
    assert [
        path.name for path in DEPLOY.rglob("*") if path.is_file() and "zalo_simulator" in path.read_text()
    ] == []


def test_only_the_worker_container_gets_the_key_of_pushes(compose: dict):
    services = compose["services"]
    given = {name for name, service in services.items() if "vapid_private_key" in str(service)}
    told = {name for name, service in services.items() if "vapid_public_key" in service.get("secrets", [])}
    assert given == {"worker"} and {"web", "staff", "worker"} <= told


def test_pieces_of_uploads_pass_the_proxy_and_never_touch_its_disk():
    from tips import limits

    [block] = re.findall(r"location /gui-tin/tep/ \{([^}]*)\}", (DEPLOY / "nginx.conf").read_text())
    largest, in_memory = (
        int(re.search(rf"{name} (\d+)m;", block)[1]) * limits.MEGABYTE
        for name in ("client_max_body_size", "client_body_buffer_size")
    )
    assert in_memory >= largest > limits.UPLOAD_MOST_BYTES
    # At the slowest a piece is 128 KiB; between two packets of it a weak mobile network may be silent.
    assert int(re.search(r"client_body_timeout (\d+)s;", block)[1]) >= 60


def test_settings_of_tips_are_named_where_operators_look():
    """What the README lists can be set, and the containers' file says where."""
    readme = (ROOT / "README.md").read_text()
    read = "".join(path.read_text() for path in MODULES)
    names = {"CLAMAV_ADDRESS", "KEEP_ORIGINALS", "TIP_TOTAL_MAX_MB", "TIP_PROOF_ALWAYS", "UPLOAD_DIR"}
    containers = (DEPLOY / "docker-compose.yml").read_text()
    for name in names | {"VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY"}:
        assert f"`{name}`" in readme and f'"{name}"' in read and name in containers, name


def test_containers_name_settings_that_exist(compose: dict):
    """A misspelt variable would be ignored in silence."""
    read = "".join(path.read_text() for path in MODULES)
    services = [compose["services"][name]["environment"] for name in ("staff", "worker")]
    names = {name.removesuffix("_FILE") for environment in services for name in environment}
    assert {name for name in names if f'"{name}"' not in read} == set()


def test_secrets_of_containers_are_declared(compose: dict):
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    mounted = {
        Path(value).name
        for service in ("staff", "worker")
        for name, value in compose["services"][service]["environment"].items()
        if name.endswith("_FILE")
    }
    assert (used, mounted <= used) == (set(compose["secrets"]), True)


def test_only_the_proxy_reaches_the_web_container(compose: dict):
    published = {
        name: service["ports"] for name, service in compose["services"].items() if "ports" in service
    }
    assert published == {"web": ["127.0.0.1:8000:8000"], "staff": ["127.0.0.1:8001:8000"]}


def test_proxy_replaces_what_the_client_says_about_itself():
    text = (DEPLOY / "nginx.conf").read_text()
    # Directives of the server hold in every location, as long as no location sets a header of its own.
    assert "\n    proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "\n    proxy_set_header X-Forwarded-Proto $scheme;" in text
    assert not re.search(r"location [^{]+\{[^}]*proxy_set_header", text)
    assert "$proxy_add_x_forwarded_for" not in text


def test_proxy_writes_no_access_log():
    servers = (DEPLOY / "nginx.conf").read_text().split("server {")[1:]
    assert ["access_log off;" in server for server in servers] == [True] * len(servers)


def test_proxy_lets_a_whole_tip_through():
    from tips import limits
    from tips.enums import EvidenceKind

    text = (DEPLOY / "nginx.conf").read_text()
    megabytes = int(re.search(r"client_max_body_size (\d+)m;", text)[1])
    assert megabytes * limits.MEGABYTE > limits.max_files() * limits.max_bytes(EvidenceKind.VIDEO)
    assert megabytes * limits.MEGABYTE > limits.max_total_bytes()


def test_proxy_waits_as_long_as_the_slowest_tip_takes():
    from tips import limits
    from tips.evidence import recordings

    text = (DEPLOY / "nginx.conf").read_text()
    seconds = int(re.search(r"proxy_read_timeout (\d+)s;", text)[1])
    # A film is copied, and once more where that fails.
    assert seconds >= limits.max_files() * 2 * recordings.CLEAN_SECONDS


def test_proxy_says_in_vietnamese_that_the_files_are_too_large():
    text = (DEPLOY / "nginx.conf").read_text()
    name = re.search(r"error_page 413 /(\S+);", text)[1]
    page = (DEPLOY / "pages" / name).read_text()
    assert "Quay lại" in page and 'lang="vi"' in page and "tel:113" in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


def test_env_file_is_kept_out_of_the_image():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", "var", "deploy/secrets"} <= set(ignored)
    assert environment.BASE_DIR == ROOT


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_units_are_well_formed():
    paths = [str(path) for path in sorted((DEPLOY / "systemd").iterdir())]
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    complaints = [
        line for line in result.stderr.splitlines() if "portal" in line and "not executable" not in line
    ]
    assert complaints == []


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize(("key", "dumpable"), [("a-key", 0), ("", 1)])
def test_process_with_the_key_to_contacts_lets_nobody_read_its_memory(tmp_path, key: str, dumpable: int):
    ask = "import ctypes, portal.gunicorn; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    env = {"ENV_FILE": str(tmp_path / "none"), "IDENTITY_PRIVATE_KEY": key, "VAR_DIR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert int(result.stdout) == dumpable
