"""Every address of the portal, as the resolver has it, for every role: an address without a row here fails.

What the desk shows to whom stands row by row in ``test_desk_permissions``; here it is held against the
resolver, with the API, the admin and the public pages beside it, and with tips of every kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from tests.portal import desk_world
from tests.portal.desk_world import World, html
from tests.portal.test_desk_permissions import GET_MATRIX, POST_MATRIX
from tips.enums import Category
from tips.models import Tip

pytestmark = pytest.mark.django_db

PUBLIC = {
    *("healthz", "readyz", "metrics", "schema", "docs", "zalo_callback"),
    *("site:home", "site:news_list", "site:news", "site:news_picture", "site:post_picture"),
    *("site:notice_list", "site:notice", "site:notice_photo", "site:procedure_list", "site:procedure"),
    *("site:contacts", "site:check", "site:api_check", "site:robots", "site:favicon"),
    *("groups:join", "groups:letter", "groups:zalo_verifier", "groups:zalo_webhook"),
    *(
        "tips:send",
        "tips:upload",
        "tips:uploads",
        "tips:follow",
        "tips:data_rights",
        "tips-api:list",
        "tips-api:follow",
        "tips-api:follow-messages",
    ),
    *("login", "logout", "second_factor", "api-units", "admin:login", "admin:jsi18n", "admin:logout"),
    *("desk:posting_offline", "desk:posting_worker"),
}
ACCOUNT = {"password_change", "second_factor_setup", "recovery_codes"}
STAFF_API = {
    *("api-groups", "api-group", "api-group-sizes", "api-report-programme"),
    *("broadcast-list", "broadcast-detail", "broadcast-deliveries"),
    *(f"broadcast-{act}" for act in ("approve", "cancel", "discard", "pause", "reject", "resume")),
    *(f"broadcast-{act}" for act in ("return", "submit", "withdraw")),
    *(f"delivery-{act}" for act in ("posted", "resend", "seen", "skip", "undo")),
    *(f"tips-api:{act}" for act in ("detail", "evidence", "accept", "assign", "reply", "note", "transfer")),
    *(f"tips-api:{act}" for act in ("merge", "unmerge", "extend", "close", "reopen", "reveal")),
    *(f"tips-api:{act}" for act in ("refer", "return")),
}
# Who opens the list of a model in the admin.
_ALL = {"supervisor", "administrator", "auditor"}
ADMIN_LISTS = {
    **dict.fromkeys(("broadcasts.broadcast", "broadcasts.delivery", "broadcasts.mailbox"), _ALL),
    **dict.fromkeys(("broadcasts.notice", "broadcasts.post", "site.contact", "site.procedure"), _ALL),
    **dict.fromkeys(("groups.commune", "groups.foundgroup", "groups.group", "groups.holiday"), _ALL),
    **dict.fromkeys(("groups.joinlink", "groups.member", "groups.officialaccount"), _ALL),
    **dict.fromkeys(("groups.posting", "groups.programme", "groups.unit", "groups.unitchange"), _ALL),
    **dict.fromkeys(("groups.village", "tips.deadlinerule", "tips.retentionrule"), _ALL),
    **dict.fromkeys(
        ("broadcasts.alarm", "groups.zaloevent", "tips.answertemplate"), {"supervisor", "administrator"}
    ),
    "accounts.user": {"administrator"},
    "audit.auditentry": {"auditor"},
    "tips.tip": {"supervisor"},
    # What libraries register: for a superuser only.
    **dict.fromkeys(("auth.group", "knox.authtoken", "otp_static.staticdevice"), set()),
    **dict.fromkeys(("otp_totp.totpdevice", "axes.accessattempt", "axes.accesslog"), set()),
    "axes.accessfailurelog": set(),
}
ROLES = ("officer", "officer2", "officer3", "chief", "supervisor", "relay", "auditor", "administrator")
VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Address:
    """One address of the resolver."""

    name: str
    route: str
    arguments: tuple[str, ...]

    def url(self, **known: Any) -> str:
        """The address with ``known`` arguments, and with ones that fit nothing for the rest."""
        unknown = {"pk": 987654, "object_id": "987654", "content_type_id": 1, "app_label": "tips"}
        values = {name: known.get(name, unknown.get(name, "khongco")) for name in self.arguments}
        return reverse(self.name, kwargs=values)


def addresses() -> Iterator[Address]:
    """All with a name; the admin's nameless ones only lead on to those."""
    return _below(get_resolver(), "", "")


def _below(resolver: URLResolver, route: str, namespace: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        path = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _below(entry, path, inner)
        else:
            names = (*resolver.pattern.converters, *entry.pattern.converters)
            names += tuple(entry.pattern.regex.groupindex)
            name = f"{namespace}{entry.name}" if entry.name else ""
            yield Address(name, path, tuple(dict.fromkeys(names)))


def is_of_admin(address: Address) -> bool:
    return address.route.startswith("admin/")


def test_every_address_has_a_row():
    desk = {f"desk:{name}" for name in (*GET_MATRIX, *POST_MATRIX)}
    listed = PUBLIC | ACCOUNT | STAFF_API | desk
    found = {address.name for address in addresses() if address.name and not is_of_admin(address)}
    assert found - listed == set(), "addresses without a row in the permission matrix"
    assert listed - found - {"healthz", "readyz", "metrics"} == {
        "admin:login",
        "admin:jsi18n",
        "admin:logout",
    }
    nameless = {address.route for address in addresses() if not address.name and not is_of_admin(address)}
    assert nameless == {"healthz", "readyz", "metrics"}


def test_nobody_gets_past_the_log_in_on_any_address(world):
    client, open_ones = Client(raise_request_exception=False), []
    for address in addresses():
        if not address.name or address.name in PUBLIC:
            continue
        try:
            url = address.url()
        except NoReverseMatch:
            continue
        for verb in VERBS:
            response = getattr(client, verb)(url)
            leads_to_login = response.status_code == 302 and "/dang-nhap/" in response["Location"]
            leads_to_login |= response.status_code == 302 and "/admin/login/" in response["Location"]
            if not leads_to_login and response.status_code not in (401, 403, 404, 405):
                open_ones.append((address.name, verb, response.status_code))
    assert open_ones == []


def test_lists_of_the_admin_open_for_the_right_roles_only(world):
    opened = {}
    for model in admin.site._registry:
        label = model._meta.label_lower
        url = reverse(f"admin:{label.replace('.', '_')}_changelist")
        opened[label] = {role for role in ROLES if world.client(role).get(url).status_code == 200}
    assert opened == ADMIN_LISTS


# --- Tips ------------------------------------------------------------------------------------------------

COMPLAINT = "Cán bộ tiếp dân nói trống không hôm thứ Hai"
# Who may open a tip of commune A of each kind, at the desk and by the API.
READERS_OF = {
    "plain": {"officer", "chief", "supervisor"},
    "restricted": {"chief", "supervisor"},
    "complaint": {"supervisor"},
}


def tip_of(kind: str, world: World) -> Tip:
    if kind == "complaint":
        return desk_world.make_tip(world.area, category=Category.CAN_BO, text=COMPLAINT)
    return {"plain": world.tip, "restricted": world.restricted}[kind]


def tip_addresses(tip: Tip) -> Iterator[tuple[str, str]]:
    """Every address that leads to one tip, with its name."""
    for address in addresses():
        if "public_id" in address.arguments:
            yield address.name, address.url(public_id=tip.public_id, name="note")
        elif address.route.startswith("admin/tips/tip/") and address.name and address.arguments:
            yield address.name, address.url(pk=tip.pk, object_id=str(tip.pk), act="note")


@pytest.mark.parametrize("kind", READERS_OF)
def test_no_address_of_a_tip_answers_those_who_may_not_read_it(world, kind):
    tip = tip_of(kind, world)
    found, asked = [], set()
    for role in set(ROLES) - READERS_OF[kind]:
        api = APIClient(raise_request_exception=False)
        api.force_authenticate(world.users[role])
        for name, url in tip_addresses(tip):
            client = api if url.startswith("/api/") else world.client(role)
            for verb in VERBS:
                response = getattr(client, verb)(url)
                asked.add((name, verb))
                # Who has no admin at all is sent to its log-in, whatever is asked for.
                is_sent_away = response.status_code == 302 and url.startswith("/admin/")
                is_sent_away &= "/login/" in response.headers.get("Location", "")
                if not is_sent_away and response.status_code not in (403, 404, 405):
                    found.append((role, verb, name, response.status_code))
                if tip.text in html(response):
                    found.append((role, verb, name, "text"))
    assert found == []
    assert len(asked) > 80 and Tip.objects.get(pk=tip.pk).version == tip.version


@pytest.mark.parametrize("kind", READERS_OF)
def test_tip_opens_for_those_who_handle_it(world, kind):
    tip = tip_of(kind, world)
    opened = {
        role
        for role in ROLES
        if world.client(role).get(reverse("desk:tip", args=[tip.public_id])).status_code == 200
    }
    assert opened == READERS_OF[kind]


@pytest.mark.parametrize("kind", ["restricted", "complaint"])
def test_no_page_without_arguments_tells_of_a_tip_that_is_not_the_readers(world, kind):
    """Lists, counts of lists, search, reports, suggestions of the admin: all addresses there are."""
    tip, told = tip_of(kind, world), []
    for address in addresses():
        if address.arguments or not address.name or "logout" in address.name:
            continue
        for role in set(ROLES) - READERS_OF[kind]:
            response = world.client(role).get(
                reverse(address.name), {"q": tip.text[:20], "term": tip.text[:20]}
            )
            if tip.public_id in html(response) or tip.text in html(response):
                told.append((role, address.name))
    assert told == []
