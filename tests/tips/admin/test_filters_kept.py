"""Whoever filtered the queue finds it filtered again after an act on a tip of it."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from groups.enums import Role
from tests.clients import browser_of
from tests.factories import make_user
from tests.tips.admin.pages import QUEUE, SECRET, page_of
from tips.models import Tip

pytestmark = pytest.mark.django_db

FILTERS = {"area": ["D6801"], "q": ["cho cu"]}


@pytest.fixture
def tip(submit):
    return submit(text="duong cho cu toi nao cung danh bai")


def opened(desk, tip):
    """The tip's page as it opens from the filtered queue."""
    listed = desk.get(QUEUE, FILTERS).content.decode()
    row = re.search(rf'href="({page_of(tip)}[^"]*)"', listed)[1]
    return unescape(desk.get(unescape(row)).content.decode())


def send(desk, page, act, **body):
    """Press an act's button on the page."""
    address = re.search(rf'action="([^"]*/viec/{act}/[^"]*)"', page)[1]
    return desk.post(address, {"version": Tip.objects.get().version, **body}, follow=True)


def back(page):
    """Where the page's way back to the list leads."""
    found = urlsplit(re.search(r'class="breadcrumbs">.*href="([^"]*)">Tin báo<', page)[1])
    assert found.path == QUEUE
    return parse_qs(found.query)


@pytest.mark.parametrize(("act", "body"), [("accept", {}), ("note", {"text": "Ghi"})])
def test_act_leads_to_the_page_with_its_way_back(desk, tip, act, body):
    done = send(desk, opened(desk, tip), act, **body)
    assert done.redirect_chain and back(unescape(done.content.decode())) == FILTERS


@pytest.mark.parametrize("body", [{"text": ""}, {"text": SECRET, "version": 9}])
def test_complaint_and_conflict_keep_it_too(desk, tip, body):
    page = unescape(send(desk, opened(desk, tip), "note", **body).content.decode())
    assert back(page) == FILTERS
    assert back(unescape(send(desk, page, "note", text="Ghi").content.decode())) == FILTERS


def test_tip_that_left_leads_back_to_the_filtered_queue(tip, area):
    desk = browser_of(make_user(Role.SUPERVISOR, area.district))
    page = unescape(send(desk, opened(desk, tip), "accept").content.decode())
    left = send(desk, page, "transfer", unit=area.province.code, reason="Vượt thẩm quyền")
    address = urlsplit(left.redirect_chain[-1][0])
    assert address.path == QUEUE and parse_qs(address.query) == FILTERS


def test_page_without_filters_adds_none(desk, tip):
    page = desk.get(page_of(tip)).content.decode()
    assert "_changelist_filters" not in page
    done = send(desk, unescape(page), "accept")
    assert done.redirect_chain == [(page_of(tip), 302)]


@pytest.mark.parametrize("action", ["assign_selected", "accept_selected"])
def test_question_before_a_bulk_act_leads_back_filtered(desk, tip, action):
    chosen = {"action": action, "_selected_action": [tip.pk]}
    page = unescape(desk.post(reverse("admin:tips_tip_changelist", query=FILTERS), chosen).content.decode())
    assert back(page) == FILTERS
    assert f'href="{QUEUE}?area=D6801&q=cho+cu">Quay lại<' in page
