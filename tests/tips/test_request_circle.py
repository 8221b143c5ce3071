"""Requests about a restricted tip whose circle keeps no register: who leads the tip there answers them."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from groups.enums import Role
from tests.factories import make_user
from tips.models import Contact, DataRequest, Tip
from tips.services import requests
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db

WORDS = "Xóa số điện thoại của tôi"
DECISION = {"reason": "Đúng quyền của dân", "done": "Đã xóa hết"}


@pytest.fixture
def people(area):
    return {
        "supervisor": make_user(Role.SUPERVISOR, area.district),
        "chief": make_user(Role.CHIEF, area.commune_a, restricted_circle=True),
        "assigned": make_user(Role.OFFICER, area.commune_a, restricted_circle=True),
        "officer": make_user(Role.OFFICER, area.commune_a, restricted_circle=True),
        "outside": make_user(Role.CHIEF, area.commune_a),
        "neighbour": make_user(Role.CHIEF, area.commune_b),
    }


@pytest.fixture
def asked(draft, people):
    tip = submit_tip(draft(category="TRE_EM", contact_name="Bà Hoa", contact_phone="0912345678")).tip
    Tip.objects.filter(pk=tip.pk).update(assignee=people["assigned"])
    return requests.ask_by_receipt(tip, kind="delete", words=WORDS)


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def act(user, row, name, **values):
    return browser(user).post(reverse("desk:data_request_act", args=[row.code, name]), values).status_code


@pytest.mark.parametrize("name", ["chief", "assigned"])
def test_who_leads_the_tip_in_its_circle_reads_and_grants(people, asked, name):
    person = people[name]
    page = unescape(browser(person).get(reverse("desk:data_request", args=[asked.code])).content.decode())
    assert WORDS in page and asked.code in browser(person).get(reverse("desk:data_requests")).content.decode()
    assert act(person, asked, "confirm", check="receipt") == 302
    assert act(person, asked, "grant", **DECISION) == 302
    assert DataRequest.objects.get().state == "granted"
    assert not Contact.objects.exists()


@pytest.mark.parametrize("name", ["officer", "outside", "neighbour"])
def test_nobody_else_has_the_pages(people, asked, name):
    person = people[name]
    for url in (reverse("desk:data_requests"), reverse("desk:data_request", args=[asked.code])):
        answer = browser(person).get(url)
        assert answer.status_code == 403 and WORDS not in unescape(answer.content.decode())
    assert act(person, asked, "confirm", check="receipt") == 403
    assert DataRequest.objects.get().state == "new"


def test_ordinary_tip_leaves_its_requests_to_who_keeps_the_register(draft, people):
    tip = submit_tip(draft(contact_name="Bà Hoa")).tip
    Tip.objects.filter(pk=tip.pk).update(assignee=people["assigned"])
    row = requests.ask_by_receipt(tip, kind="delete", words=WORDS)
    assert not DataRequest.objects.visible_to(people["chief"]).exists()
    assert not DataRequest.objects.visible_to(people["assigned"]).exists()
    assert DataRequest.objects.visible_to(people["supervisor"]).get() == row


def test_day_of_the_chief_shows_what_waits_and_no_register(people, asked):
    today = browser(people["chief"]).get(reverse("desk:today")).content.decode()
    assert reverse("desk:data_requests") in today and reverse("desk:breaches") not in today
    page = browser(people["chief"]).get(reverse("desk:data_requests")).content.decode()
    assert reverse("desk:data_request_enter") not in page and reverse("desk:breaches") not in page
    assert browser(people["chief"]).get(reverse("desk:breaches")).status_code == 403
    outside = browser(people["outside"]).get(reverse("desk:today")).content.decode()
    assert reverse("desk:data_requests") not in outside
