"""The files in ``deploy/`` say the same as the Procfile and the settings they belong to."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from portal import environment

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_containers_run_the_procfile(compose: dict, name: str):
    assert compose["services"][name]["command"] == PROCFILE[name]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_units_run_the_procfile(name: str):
    unit = (DEPLOY / "systemd" / f"portal-{name}.service").read_text()
    assert re.search(r"^ExecStart=/opt/portal/\.venv/bin/(.*)$", unit, re.MULTILINE)[1] == PROCFILE[name]


def test_no_production_file_runs_the_simulator():
    assert [
        path.name for path in DEPLOY.rglob("*") if path.is_file() and "zalo_simulator" in path.read_text()
    ] == []


def test_containers_name_settings_that_exist(compose: dict):
    """A misspelt variable would be ignored in silence."""
    read = (ROOT / "portal" / "settings.py").read_text() + (ROOT / "portal" / "gunicorn.py").read_text()
    names = {name.removesuffix("_FILE") for name in compose["services"]["web"]["environment"]}
    assert {name for name in names if f'"{name}"' not in read} == set()


def test_secrets_of_containers_are_declared(compose: dict):
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}
    mounted = {
        Path(value).name
        for name, value in compose["services"]["web"]["environment"].items()
        if name.endswith("_FILE")
    }
    assert (used, mounted <= used) == (set(compose["secrets"]), True)


def test_only_the_proxy_reaches_the_web_container(compose: dict):
    published = {
        name: service["ports"] for name, service in compose["services"].items() if "ports" in service
    }
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_proxy_replaces_what_the_client_says_about_itself():
    text = (DEPLOY / "nginx.conf").read_text()
    locations = re.findall(r"location [^{]+\{([^}]*)\}", text)
    assert all("X-Forwarded-For $remote_addr;" in body and "X-Forwarded-Proto" in body for body in locations)
    assert "$proxy_add_x_forwarded_for" not in text


def test_proxy_writes_no_access_log():
    servers = (DEPLOY / "nginx.conf").read_text().split("server {")[1:]
    assert ["access_log off;" in server for server in servers] == [True] * len(servers)


def test_proxy_lets_a_whole_tip_through():
    from tips import limits
    from tips.enums import EvidenceKind

    text = (DEPLOY / "nginx.conf").read_text()
    megabytes = int(re.search(r"client_max_body_size (\d+)m;", text)[1])
    assert megabytes * limits.MEGABYTE > 2 * limits.max_bytes(EvidenceKind.VIDEO)


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
