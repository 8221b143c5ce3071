"""A supervisor at the admin's desk."""

import pytest
from django.test import Client

from tests.clients import browser_of


@pytest.fixture
def desk(supervisor) -> Client:
    return browser_of(supervisor)
