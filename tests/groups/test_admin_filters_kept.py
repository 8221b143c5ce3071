"""Whoever filtered a list of the directory finds it filtered again after work on a row of it."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from groups.enums import Role
from groups.models import Group
from tests.clients import browser_of
from tests.factories import BroadcastFactory, GroupFactory, make_user

pytestmark = pytest.mark.django_db

LIST = reverse("admin:groups_group_changelist")
FILTERS = {"kind__exact": ["household"], "q": ["thon"]}
PREFIXES = ("join_links", "stewardships", "sizes")


@pytest.fixture
def browser(area):
    return browser_of(make_user(Role.SUPERVISOR, area.district))


def link(page, words):
    """Where the link that says ``words`` leads."""
    return re.search(rf'<a\b[^>]*href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?{words}<', page)[1]


def query(address, path):
    found = urlsplit(address)
    assert found.path == path
    return parse_qs(found.query)


def read(browser, address):
    return unescape(browser.get(address).content.decode())


def opened(browser, list_url, row, filters):
    return re.search(
        rf'href="({reverse(row[0], args=[row[1].pk])}[^"]*)"',
        unescape(browser.get(list_url, filters).content.decode()),
    )[1]


def test_group_page_leads_back_filtered_before_and_after_saving(browser, area):
    group = GroupFactory(unit=area.village_a, kind="household", name="Thôn Trung Hòa")
    address = opened(browser, LIST, ("admin:groups_group_change", group), FILTERS)
    page = read(browser, address)
    assert query(link(page, "Nhóm Zalo"), LIST) == FILTERS
    history = read(browser, link(page, "Lịch sử"))
    assert query(link(history, "Nhóm Zalo"), LIST) == FILTERS
    fields = {"kind": "household", "name": "Tổ 5", "channel": group.channel, "state": group.state}
    fields |= {f"{name}-{key}": 0 for name in PREFIXES for key in ("TOTAL_FORMS", "INITIAL_FORMS")}
    saved = browser.post(address, fields)
    assert query(saved.url, LIST) == FILTERS and Group.objects.get().name == "Tổ 5"


def test_pages_of_a_group_at_zalo_keep_it(browser, area):
    group = GroupFactory(gmf=True, unit=area.village_a, kind="household", name="Thôn Trung Hòa")
    page = read(browser, opened(browser, LIST, ("admin:groups_group_change", group), FILTERS))
    zalo = link(page, "Nhóm trên Zalo")
    page = read(browser, zalo)
    assert query(link(page, "Nhóm Zalo"), LIST) == FILTERS
    kept = {"_changelist_filters": ["kind__exact=household&q=thon"]}
    for words, name in (("Về trang nhóm", "change"), (group.name, "change")):
        assert query(link(page, words), reverse(f"admin:groups_group_{name}", args=[group.pk])) == kept
    answered = browser.post(zalo, {"answer": "accept"})
    assert query(answered.url, reverse("admin:groups_group_zalo", args=[group.pk])) == kept
    invite = reverse("admin:groups_group_invite", args=[group.pk]) + "?" + urlsplit(zalo).query
    assert query(link(read(browser, invite), "Nhóm Zalo"), LIST) == FILTERS
    old = browser.post(invite, {"draft": "x"})
    assert query(old.url, reverse("admin:groups_group_invite", args=[group.pk])) == kept


def test_broadcast_page_and_acts_lead_back_filtered(browser, area):
    broadcast = BroadcastFactory(unit=area.commune_a, state="submitted")
    list_url, filters = reverse("admin:broadcasts_broadcast_changelist"), {"state__exact": ["submitted"]}
    row = ("admin:broadcasts_broadcast_change", broadcast)
    page = read(browser, opened(browser, list_url, row, filters))
    for words in ("Bài phát", "Đóng"):
        assert query(link(page, words), list_url) == filters
    chosen = {"action": "approve", "_selected_action": [broadcast.pk]}
    assert query(browser.post(f"{list_url}?state__exact=submitted", chosen).url, list_url) == filters
