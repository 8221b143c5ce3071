"""Who may import whom: no models on the floor, and a simulator that shares no code with the client."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "groups" / "zalo"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Other people's modules beside ours may know models; these are the floor below.
FLOOR = {
    *("calls", "client", "group_calls", "private_calls", "bot", "fake", "fake_world", "bot_fake"),
    *("envelope", "errors", "http", "oauth", "records", "signature", "text"),
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", [p for p in MODULES if p.stem in FLOOR], ids=lambda path: path.stem)
def test_floor_imports_no_models_no_database_and_no_app(path):
    ours = {
        name for name in imported(path) if name.split(".")[0] in {"groups", "portal", "broadcasts", "tips"}
    }

    assert all(name.startswith("groups.zalo.") for name in ours)
    assert not any(name.startswith(("django.db", "django.apps")) for name in imported(path))


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.parent.name == "simulator"], ids=lambda path: path.stem
)
def test_simulator_imports_neither_the_client_nor_models(path):
    allowed = ("groups.zalo.simulator", "portal.text.")
    ours = {
        name for name in imported(path) if name.split(".")[0] in {"groups", "portal", "broadcasts", "tips"}
    }

    assert all(name.startswith(allowed) for name in ours)
    assert not any(name.startswith("django.db") for name in imported(path))
