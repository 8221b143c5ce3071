"""Facts about the repository itself: budgets, rooms and rules no test of a single feature would notice."""

import ast
import re
import statistics
import subprocess
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from portal.celery import app

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("portal", "groups", "broadcasts", "tips")
LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
MEDIAN_FUNCTION = 10
P90_FUNCTION = 30
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")


@cache
def source_files() -> tuple[Path, ...]:
    """Every module of the product; migrations are written by a machine."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return tuple(sorted(path for path in paths if "migrations" not in path.parts))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def templates() -> tuple[Path, ...]:
    return tuple(sorted((ROOT / "templates").rglob("*.html")))


def function_lengths() -> dict[str, int]:
    """Lines of each function, its docstring and decorators included."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in source_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_stay_within_the_longest():
    assert {name: lines for name, lines in function_lengths().items() if lines > LONGEST_FUNCTION} == {}


def test_functions_are_short_as_a_rule():
    lengths = sorted(function_lengths().values())
    p90 = lengths[int(len(lengths) * 0.9)]
    assert (statistics.median(lengths) <= MEDIAN_FUNCTION, p90 <= P90_FUNCTION) == (True, True)


def test_modules_stay_within_the_longest():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in source_files()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_modules_are_named_after_their_subject():
    assert [str(path) for path in source_files() if path.name in FORBIDDEN_NAMES] == []


def test_modules_say_what_they_are_for():
    empty = {"__init__.py"}
    silent = [path for path in source_files() if path.name not in empty and not ast.get_docstring(tree(path))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_no_mark_of_unfinished_work():
    marked = [path for path in (*source_files(), *templates()) if UNFINISHED.search(path.read_text())]
    assert [str(path.relative_to(ROOT)) for path in marked] == []


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", "script"),
        (r"<style\b", "style element"),
        (r"\sstyle\s*=", "style attribute"),
        (r"\son[a-z]+\s*=\s*[\"']", "event attribute"),
        (r"javascript:", "script address"),
    ],
)
def test_templates_hold_nothing_the_policy_forbids(pattern: str, what: str):
    found = [path for path in templates() if re.search(pattern, path.read_text(), re.IGNORECASE)]
    assert [f"{path.relative_to(ROOT)}: {what}" for path in found] == []


def test_templates_load_nothing_from_another_host():
    foreign = re.compile(
        r"<(?:link|script|img|iframe|video|audio|source)\b[^>]*?(?:src|href)=[\"'](?:https?:)?//"
    )
    found = [path for path in templates() if foreign.search(path.read_text())]
    assert [str(path.relative_to(ROOT)) for path in found] == []


def test_tasks_have_explicit_names():
    """A renamed function must not orphan the messages that wait for it."""
    nameless = []
    for path in source_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                nameless += [f"{path.name}:{node.name}" for d in node.decorator_list if _is_nameless_task(d)]
    assert nameless == []


def _is_nameless_task(decorator: ast.expr) -> bool:
    call = decorator if isinstance(decorator, ast.Call) else None
    function = call.func if call else decorator
    name = getattr(function, "id", getattr(function, "attr", ""))
    return name in {"shared_task", "task"} and not (call and any(k.arg == "name" for k in call.keywords))


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled - set(app.tasks) == set()


def test_tasks_wait_in_the_one_queue_the_worker_reads():
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if name.split(".")[0] in PACKAGES]
    assert {getattr(task, "queue", None) for task in ours} <= {None, "celery"}


@pytest.mark.parametrize("module", ["groups/zalo/client.py", "groups/zalo/simulator"])
def test_zalo_leaves_touch_no_database(module: str):
    """The client serves tests without a database; the simulator must not share a mistake with it."""
    path = ROOT / module
    found = [
        f"{file.name}:{node.lineno}"
        for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("django.db", "groups.models"))
    ]
    assert found == []


def test_procfile_has_exactly_four_processes():
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["web", "worker", "beat", "simulator"]


def test_ignored_files_are_not_in_the_repository():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    private = re.compile(r"^(\.env|var/|\.venv/|staticfiles/|.*\.pyc$|.*\.sqlite3$)")
    assert [line for line in tracked.splitlines() if private.search(line)] == []
