"""Public notices: in force, presumed innocent, gone when they ended."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.enums import BroadcastState, NoticeEnd, NoticeState, PostKind
from tests.factories import BroadcastFactory, GroupFactory, NoticeFactory, UnitFactory
from tests.portal.site_rows import picture, wanted

pytestmark = pytest.mark.django_db


def test_sighting_of_a_notice_is_joined_to_its_latest_post(client):
    notice = wanted()
    GroupFactory(unit=notice.unit)
    out = {"notice": notice, "unit": notice.unit, "started_at": timezone.now()}
    BroadcastFactory(**out, state=BroadcastState.DONE, code="TB-2611-0701")
    latest = BroadcastFactory(**out, state=BroadcastState.DONE, code="TB-2611-0702")
    BroadcastFactory(**out, state=BroadcastState.WITHDRAWN, code="TB-2611-0703")

    page = client.get(f"/truy-na/{notice.code}/").content.decode()
    address = re.search(r'href="(/gui-tin/\?[^"]*)"', page)[1]
    form = client.get(address.replace("&amp;", "&")).content.decode()

    assert f'name="broadcast" value="{latest.code}"' in form


def test_notice_shows_decision_and_presumes_innocence(client):
    notice = wanted()

    html = client.get(f"/truy-na/{notice.code}/").content.decode()

    assert "Nguyễn Văn Mẫu" in html
    assert "17/QĐ-CSĐT" in html and "05/11/2026" in html
    assert "coi là không có tội" in html
    assert "Nguyễn Văn Mẫu" not in re.search(r"<title>(.*?)</title>", html, re.DOTALL)[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"state": NoticeState.DRAFT},
        {"state": NoticeState.ENDED, "ended_as": NoticeEnd.ARRESTED},
        {"review_by": timezone.localdate() - timedelta(days=1)},
        {"unit__is_practice": True},
    ],
)
def test_notice_not_in_force_is_on_no_page(client, fields):
    unit = UnitFactory()
    notice = wanted(**fields, photo=picture(unit))

    assert "Nguyễn Văn Mẫu" not in client.get("/").content.decode()
    assert "Nguyễn Văn Mẫu" not in client.get("/truy-na/").content.decode()
    detail = client.get(f"/truy-na/{notice.code}/")
    assert detail.status_code == 404
    assert "Nguyễn Văn Mẫu" not in detail.content.decode()
    assert client.get(f"/truy-na/{notice.code}/anh.jpg").status_code == 404


@pytest.mark.parametrize(
    ("was_approved", "is_practice", "end", "status"),
    [
        (True, False, NoticeEnd.ARRESTED, 410),
        (False, False, NoticeEnd.EXPIRED, 410),
        (False, False, NoticeEnd.WITHDRAWN, 404),
        (True, True, NoticeEnd.ARRESTED, 404),
    ],
)
def test_ended_notice_is_gone_if_it_was_public_and_unknown_otherwise(
    client, was_approved, is_practice, end, status
):
    unit = UnitFactory(is_practice=is_practice)
    notice = wanted(state=NoticeState.ENDED, ended_as=end, unit=unit)
    BroadcastFactory(notice=notice, unit=unit, approved_at=timezone.now() if was_approved else None)

    response = client.get(f"/truy-na/{notice.code}/")

    assert response.status_code == status
    assert "Nguyễn Văn Mẫu" not in response.content.decode()


def test_suspect_without_decision_has_neither_name_nor_face(client):
    unit = UnitFactory()
    fields = {"kind": PostKind.SUSPECT, "person_name": "Lê Văn Kín", "residence": "thôn Đông", "unit": unit}
    notice = NoticeFactory(**fields, photo=picture(unit), birth_year=1990)

    html = client.get(f"/truy-na/{notice.code}/").content.decode()

    assert "Lê Văn Kín" not in html and "thôn Đông" not in html and "1990" not in html
    assert client.get(f"/truy-na/{notice.code}/anh.jpg").status_code == 404
    assert "Lê Văn Kín" not in client.get("/truy-na/", {"q": "kin"}).content.decode()


def test_suspect_with_decision_may_be_named(client):
    unit = UnitFactory()
    fields = {"kind": PostKind.SUSPECT, "person_name": "Lê Văn Rõ", "decision_number": "5/QĐ", "unit": unit}
    notice = NoticeFactory(**fields, photo=picture(unit))

    assert "Lê Văn Rõ" in client.get(f"/truy-na/{notice.code}/").content.decode()
    assert client.get(f"/truy-na/{notice.code}/anh.jpg").status_code == 200


def test_notice_list_filters_by_tab_and_words(client):
    wanted()
    NoticeFactory(person_name="Cụ Trần Thị Mơ")
    NoticeFactory(kind=PostKind.FOUND, person_name="", features="Chiếc ví da nâu nhặt ở chợ")

    people = client.get("/truy-na/", {"loai": "tim-nguoi"}).content.decode()
    things = client.get("/truy-na/", {"q": "vi da nau"}).content.decode()

    assert "Trần Thị Mơ" in people and "Nguyễn Văn Mẫu" not in people
    assert "Chiếc ví da nâu" in things and "Trần Thị Mơ" not in things
