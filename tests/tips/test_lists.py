"""Lists of tips: pages by keys, counts that stop, the same number of queries for two rows and for thirty."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from groups.enums import Role
from portal import keyset
from tests.factories import TipFactory, make_user
from tips import paging
from tips.enums import Priority
from tips.models import Tip
from tips.querysets import BY_DEADLINE, NEWEST_FIRST
from tips.services import search as searching
from tips.services.additions import index_text

pytestmark = pytest.mark.django_db

DESK, ADMIN, API = "desk:tips", "admin:tips_tip_changelist", "tips-api:list"
ADDRESSES = {
    "desk": (DESK, ""),
    "desk, all": (DESK, "?loc=tat-ca"),
    "desk, search": (DESK, "?q=cau"),
    "admin": (ADMIN, ""),
    "admin, all": (ADMIN, "?status=all"),
    "admin, search": (ADMIN, "?status=all&q=cau"),
    "api": (API, ""),
    "api, search": (API, "?q=cau"),
    "api, filters": (API, "?overdue=true&unit=D6801&valuable=false"),
}


@pytest.fixture
def supervisor(area):
    return make_user(Role.SUPERVISOR, area.district, is_staff=True)


@pytest.fixture
def client(supervisor) -> Client:
    client = Client(headers={"Authorization": f"Token {AuthToken.objects.create(supervisor)[1]}"})
    client.force_login(supervisor)
    return client


def add_tips(area, count: int, **facts) -> list[Tip]:
    """Tips of commune A, of different deadlines, each with somebody who works on it."""
    now = timezone.now()
    tips = []
    for number in range(count):
        officer = make_user(Role.OFFICER, area.commune_a)
        values = {"deadline": now + timedelta(hours=(number * 7) % 11 - 5), "assignee": officer, **facts}
        tips.append(
            TipFactory(unit=area.commune_a, village=area.village_a, text="Đầu cầu có người lạ", **values)
        )
        index_text(tips[-1], tips[-1].text)
    return tips


@pytest.mark.parametrize("name", ADDRESSES)
def test_list_costs_the_same_for_two_rows_and_for_thirty(area, client, name):
    view, query = ADDRESSES[name]
    counts = []
    # The session's first request of a minute also notes that somebody is there.
    client.get(reverse(DESK))
    for missing in (2, 28):
        add_tips(area, missing)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(view) + query).status_code == 200
            counts.append(len(connection.queries_log) - captured.initial_queries)
    assert counts[0] == counts[1]
    assert counts[0] <= 14


def walk(client, address: str, read, following) -> list:
    """All rows of all pages, one page after the other."""
    found = []
    while address:
        response = client.get(address)
        assert response.status_code == 200
        found.append(read(response))
        address = following(response)
    return found


@pytest.fixture
def queue(area) -> list[int]:
    """Thirty-five open tips in the order of the queue: danger, deadlines (some alike), none."""
    tips = add_tips(area, 33)
    Tip.objects.filter(pk=tips[20].pk).update(priority=Priority.P0)
    add_tips(area, 2, deadline=None)
    last = timezone.now() + timedelta(days=999)

    def place(tip: Tip) -> tuple:
        return (tip.priority != Priority.P0, tip.deadline or last, tip.pk)

    return [tip.pk for tip in sorted(Tip.objects.all(), key=place)]


def test_pages_of_the_desk_follow_each_other_without_gap_and_back(client, queue):
    def read(response):
        return [tip.pk for tip in response.context["page"].rows]

    def linked(response, name):
        url = getattr(response.context["page"], name)
        return reverse(DESK) + url if url else ""

    pages = walk(client, reverse(DESK), read, lambda r: linked(r, "next_url"))
    assert [pk for page in pages for pk in page] == queue
    last = client.get(reverse(DESK) + f"?sau={pages[0][-1]}")
    assert read(client.get(linked(last, "previous_url"))) == pages[0]


def test_pages_of_the_admin_follow_each_other_without_gap(client, queue, monkeypatch):
    monkeypatch.setattr("tips.admin.queue.TipAdmin.list_per_page", 10)
    url = reverse(ADMIN)
    pages = walk(
        client,
        url,
        lambda response: [tip.pk for tip in response.context["cl"].result_list],
        lambda response: url + link if (link := response.context["cl"].next_url) else "",
    )
    assert [len(page) for page in pages] == [10, 10, 10, 5]
    assert [pk for page in pages for pk in page] == queue
    back = client.get(url, {"truoc": pages[2][0]}).context["cl"]
    assert [tip.pk for tip in back.result_list] == pages[1]


def test_links_to_other_filters_begin_with_their_first_page(client, queue):
    changelist = client.get(reverse(ADMIN), {"sau": queue[3], "priority": "P3"}).context["cl"]
    assert changelist.get_query_string({"deadline": "late"}) == "?deadline=late&priority=P3"


def test_api_is_read_by_its_next_links_and_by_page_numbers(area, client):
    tips = add_tips(area, 7)
    newest = [tip.public_id for tip in reversed(tips)]
    url = reverse(API) + "?page_size=3"
    pages = walk(
        client, url, lambda r: [row["id"] for row in r.json()["results"]], lambda r: r.json()["next"]
    )
    assert pages == [newest[:3], newest[3:6], newest[6:]]
    second = client.get(url, {"page_size": 3, "page": 2}).json()
    assert [row["id"] for row in second["results"]] == newest[3:6]
    assert [row["id"] for row in client.get(second["next"]).json()["results"]] == newest[6:]
    assert [row["id"] for row in client.get(second["previous"]).json()["results"]] == newest[:3]


@pytest.mark.parametrize("page", ["0", "-1", "x", "9", "99999999", "²"])
def test_api_page_that_is_none_is_404(area, client, page):
    add_tips(area, 2)
    assert client.get(reverse(API), {"page": page}).status_code == 404


def test_count_stops(area, client, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED_MOST", 3)
    add_tips(area, 2)
    assert client.get(reverse(API)).json()["count"] == 2
    add_tips(area, 3)
    body = client.get(reverse(API)).json()
    assert (body["count"], len(body["results"])) == (3, 5)
    assert "3+ tin báo" in client.get(reverse(ADMIN)).content.decode()


def test_count_of_a_search_stops_sooner(area, client, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED_IN_SEARCH", 2)
    add_tips(area, 3)
    body = client.get(reverse(API), {"q": "người lạ"}).json()
    assert (body["count"], len(body["results"])) == (2, 3)
    assert "2+ tin báo" in client.get(reverse(ADMIN), {"q": "người lạ"}).content.decode()


@pytest.mark.parametrize("key", ["x", "-1", "²", "9" * 30, "999999"])
def test_place_that_is_none_means_the_first_page(area, key):
    tips = add_tips(area, 2)
    found = keyset.cut(Tip.objects.all(), NEWEST_FIRST, size=5, after=key)
    assert [tip.pk for tip in found.rows] == [tip.pk for tip in reversed(tips)]
    assert (found.before, found.after) == (None, None)


def test_row_that_left_the_list_still_marks_its_place(area):
    tips = add_tips(area, 3)
    order = [tip.pk for tip in BY_DEADLINE.sorted(Tip.objects.all())]
    Tip.objects.filter(pk=order[0]).update(status="closed")
    found = keyset.cut(
        Tip.objects.all().open(), BY_DEADLINE, size=5, after=str(order[0]), marks=Tip.objects.all
    )
    assert [tip.pk for tip in found.rows] == order[1:]
    assert len(tips) == 3


@pytest.mark.parametrize("name", ["desk", "desk, all", "admin", "admin, all"])
def test_place_of_a_hidden_tip_is_like_none(area, client, name):
    """Where a list would begin must not tell when a tip is due that the reader may not see."""
    view, query = ADDRESSES[name]
    add_tips(area, 6)
    deadline = timezone.now() + timedelta(hours=1)
    hidden = TipFactory(unit=area.commune_a, handler=area.province, category="CAN_BO", deadline=deadline)
    pages = []
    for key in (hidden.pk, 999_999):
        for side in ("sau", "truoc"):
            address = f"{reverse(view)}{query or '?'}&{side}={key}"
            shown = client.get(address).context
            rows = shown["cl"].slice.rows if "cl" in shown else shown["page"].rows
            links = shown["cl"] if "cl" in shown else shown["page"]
            pages.append(([tip.pk for tip in rows], bool(links.previous_url), bool(links.next_url)))
    assert len(pages[0][0]) == 6
    assert all(page == pages[0] for page in pages)


@pytest.mark.parametrize("view", [DESK, ADMIN])
def test_tip_that_left_the_queue_still_marks_its_place(area, client, view):
    add_tips(area, 3)
    order = [tip.pk for tip in BY_DEADLINE.sorted(Tip.objects.all())]
    Tip.objects.filter(pk=order[0]).update(status="closed")
    shown = client.get(f"{reverse(view)}?sau={order[0]}").context
    rows = shown["cl"].slice.rows if "cl" in shown else shown["page"].rows
    assert [tip.pk for tip in rows] == order[1:]
    assert (shown["cl"] if "cl" in shown else shown["page"]).previous_url


@pytest.mark.parametrize("most", [0, 100])
def test_search_finds_the_same_for_common_words_as_for_rare_ones(area, monkeypatch, most):
    """Above ``MATCHED_FIRST`` matches another statement answers."""
    monkeypatch.setattr(searching, "MATCHED_FIRST", most)
    first, second = add_tips(area, 2)
    index_text(second, "biển số 4821")
    everything = Tip.objects.all()
    assert set(searching.search(everything, "CẦU lạ")) == {first, second}
    assert set(searching.search(everything, "cau 4821")) == {second}
    assert set(searching.search(everything, "cau 9999")) == set()
    assert set(searching.search(everything, "!!")) == set()


def test_api_filters_do_not_sort_all_matches_to_tell_them_apart(area, client):
    add_tips(area, 2)
    with CaptureQueriesContext(connection) as captured:
        body = client.get(reverse(API), {"status": ["new", "closed"], "category": "GAY_ROI"}).json()
        statements = [query["sql"] for query in list(connection.queries_log)[captured.initial_queries :]]
    assert body["count"] == 2
    assert not [sql for sql in statements if "DISTINCT" in sql]
