"""An officer with a password, and the strictness of a real installation."""

import pytest

from portal.accounts.models import User
from tests.portal.accounts.logins import PASSWORD


@pytest.fixture
def officer() -> User:
    return User.objects.create_user("officer", password=PASSWORD, full_name="Nguyễn Văn An")


@pytest.fixture
def strict(settings) -> None:
    """As outside the demo: a second factor is required."""
    settings.REQUIRE_SECOND_FACTOR = True
