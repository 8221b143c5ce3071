"""Clients of the API: somebody without a name, and a chief."""

import pytest
from rest_framework.test import APIClient

from groups.enums import Role
from tests.factories import make_user
from tests.tips.api.calls import client_of


@pytest.fixture
def public() -> APIClient:
    return APIClient()


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, username="chief")


@pytest.fixture
def officer(area):
    return make_user(Role.OFFICER, area.commune_a, username="officer")


@pytest.fixture
def staff(chief) -> APIClient:
    return client_of(chief)
