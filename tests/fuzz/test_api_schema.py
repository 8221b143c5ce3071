"""The API held against its own schema: every operation, with data that fits and data that does not.

The same cases in every run, few enough for every run: no answer is the server's failure, every status and
body is one that the schema names, whoever asks.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.dispatch import Signal
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from hypothesis.errors import Unsatisfiable
from knox.models import AuthToken
from schemathesis import GenerationMode, checks
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from portal.wsgi import application
from tests.portal.desk_world import World, make_world
from tests.tips import media
from tips.services.intake import TipDraft, submit_tip

pytestmark = pytest.mark.django_db

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
FEW = bounds(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Tokens are ours to give, not the generator's to invent.
OURS = SchemathesisConfig(
    projects=ProjectsConfig(
        default=ProjectConfig(generation=GenerationConfig(with_security_parameters=False, deterministic=True))
    )
)


@pytest.fixture
def world(settings) -> World:
    settings.THROTTLES = False
    return make_world()


@pytest.fixture
def operations(world) -> Iterator[list[Any]]:
    """Every operation of the schema as it is served."""
    document = Client().get("/api/schema/", headers={"accept": "application/json"}).json()
    schema = schemathesis.openapi.from_dict(document, config=OURS)
    schema.app = application
    schema.config.update(base_url="http://testserver")
    # As Django's own client does for each request: the connection, and the test's transaction, go on.
    with without(request_started, close_old_connections), without(request_finished, close_old_connections):
        yield [found.ok() for found in schema.get_all_operations()]


@contextlib.contextmanager
def without(signal: Signal, receiver: Callable) -> Iterator[None]:
    signal.disconnect(receiver)
    try:
        yield
    finally:
        signal.connect(receiver)


def known(world: World, path: str) -> Iterator[tuple[str, Any]]:
    """Arguments of a path that lead to something."""
    if "/tips/" in path:
        file = SimpleUploadedFile("a.png", media.picture("PNG"))
        draft = TipDraft(category="GAY_ROI", unit="D6801", text="Quán hát loa kéo cả tuần.", files=[file])
        tip = submit_tip(draft).tip
        yield "public_id", tip.public_id
        yield "evidence_id", tip.evidence.get().public_id
    elif "/groups/" in path:
        yield "id", world.group.pk
    elif "/deliveries/{" in path:
        yield "id", world.to_post.pk
    elif "/broadcasts/" in path:
        yield "id", world.submitted.pk


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", ["anonymous", "officer", "administrator"])
def test_every_operation_answers_as_its_schema_says(world, operations, role, mode):
    headers = {}
    if role in world.users:
        headers["Authorization"] = f"Token {AuthToken.objects.create(world.users[role])[1]}"
    assert len(operations) > 40
    broken = {}
    for operation in operations:
        arguments = {
            name: value for name, value in known(world, operation.path) if f"{{{name}}}" in operation.path
        }

        @FEW
        @given(case=operation.as_strategy(mode, path_parameters=arguments or None))
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            # Nothing of this call can be wrong.
            assert mode is GenerationMode.NEGATIVE
        except BaseExceptionGroup as group:
            broken[operation.label] = [str(error)[:400] for error in group.exceptions]
    assert broken == {}
