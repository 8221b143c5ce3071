"""Digest keys are remembered within a test, never between two."""

import pytest

from portal.crypto import digests


@pytest.fixture(autouse=True)
def _no_remembered_digest_keys():
    digests.forget_keys()
    yield
    digests.forget_keys()
