"""A broker that seems to be there, and an account to raise an alarm about."""

import pytest

from groups.models import OfficialAccount
from portal import parts


@pytest.fixture(autouse=True)
def _broker_is_there(monkeypatch):
    """The tests' machine has no broker; ``test_conditions.py`` asks what is told of one that is away."""
    monkeypatch.setattr(parts, "is_broker_away", lambda: False)


@pytest.fixture
def stopped(account) -> OfficialAccount:
    account.state, account.last_error = "stopped", "Gói dịch vụ OA đã hết hạn."
    account.save()
    return account
