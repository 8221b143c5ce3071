"""The steps of a connection, each as a browser takes it."""

import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

from django.urls import reverse

from groups.models import OfficialAccount

TOKEN_PATH = "/v4/oa/access_token"
CALLBACK = "http://testserver/zalo/callback/"


class StaysHere(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *args, **options):
        return None


def page_of(account) -> str:
    return reverse("admin:groups_officialaccount_connect", args=[account.pk])


def start(browser, account) -> dict[str, str]:
    """Press the button; returns what Zalo is asked."""
    response = browser.get(reverse("admin:groups_officialaccount_to_zalo", args=[account.pk]))
    assert response.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(response.url).query).items()}


def consent(zalo, asked: dict[str, str], oa_id: str, decision: str = "approve") -> dict[str, str]:
    """Decide at Zalo; returns what the browser is sent back with."""
    form = urlencode({**asked, "oa_id": oa_id, "decision": decision}).encode()
    opener = urllib.request.build_opener(StaysHere)
    try:
        opener.open(f"{zalo.url}/v4/oa/permission", form, timeout=10)
    except urllib.error.HTTPError as answer:
        location = answer.headers["Location"]
    assert location.startswith(asked["redirect_uri"])
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def come_back(browser, answer: dict[str, str]):
    return browser.get("/zalo/callback/", answer)


def exchanges(zalo) -> int:
    return sum(zalo.control("GET", "stats")["calls"].get(TOKEN_PATH, {}).values())


def refused(browser, account, answer: dict[str, str]) -> str:
    """The page of an attempt that must fail and leave the account as it was."""
    before = OfficialAccount.objects.values_list("state", "refresh_token", "granted_at").get(pk=account.pk)
    response = come_back(browser, answer)
    after = OfficialAccount.objects.values_list("state", "refresh_token", "granted_at").get(pk=account.pk)
    assert response.status_code == 400 and before == after
    return response.content.decode()
