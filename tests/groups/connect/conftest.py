"""An account that waits for its grant at the simulator, and an administrator's browser."""

import pytest
from django.test import Client

from groups.enums import AccountState
from tests.clients import browser_of
from tests.factories import OfficialAccountFactory
from tests.groups.connect.consent import CALLBACK


@pytest.fixture
def zalo(running, settings):
    running.control("POST", "reset", {})
    settings.ZALO_OAUTH_URL = settings.ZALO_API_URL = running.url
    settings.PUBLIC_URL = "http://testserver"
    return running


@pytest.fixture
def account(area, zalo):
    """An account that waits for its grant, known to the simulator."""
    account = OfficialAccountFactory(
        unit=area.commune_a, state=AccountState.NEEDS_GRANT, access_token="", refresh_token=""
    )
    about = {"oa_id": account.oa_id, "app_id": account.app_id, "app_secret": account.app_secret}
    zalo.control("POST", "oas", {**about, "callback_url": CALLBACK})
    return account


@pytest.fixture
def browser(administrator) -> Client:
    return browser_of(administrator)
