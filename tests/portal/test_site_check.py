"""The checker: one table of what residents paste and what the records say to it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.enums import BroadcastState, NoticeState, PostKind
from groups.enums import GroupState, Role
from portal.site.check import check
from portal.site.models import Contact
from tests.factories import (
    BroadcastFactory,
    GroupFactory,
    JoinLinkFactory,
    NoticeFactory,
    OfficialAccountFactory,
    PostingFactory,
    UnitFactory,
    UserFactory,
    make_area,
    make_user,
)

pytestmark = pytest.mark.django_db

HOST = "https://ketnoi.example"


@pytest.fixture
def records(settings):
    """A small world with one genuine and one ended thing of every kind."""
    settings.PUBLIC_URL = HOST
    area = make_area()
    area.commune_a.duty_phone = "0263.388.1133"
    area.commune_a.save(update_fields=["duty_phone"])
    today, now = timezone.localdate(), timezone.now()
    group = GroupFactory(
        unit=area.village_a, join_url="https://zalo.me/g/abcxyz123", name="An ninh Trung Hòa"
    )
    closed = GroupFactory(
        unit=area.village_b, join_url="https://zalo.me/g/closed999", state=GroupState.CLOSED
    )
    JoinLinkFactory(group=group, code="K7M2P")
    JoinLinkFactory(group=group, code="OLD22", is_open=False)
    JoinLinkFactory(group=closed, code="GONE9")
    OfficialAccountFactory(unit=area.commune_a, oa_id="4712345678901234567", name="Công an xã Minh Tân")
    Contact.objects.create(name="Đường dây nóng Công an tỉnh", phone="069 234 5678", unit=area.province)
    make_user(Role.CHIEF, area.commune_a, full_name="Nguyễn Văn Hòa", rank="Đại úy")
    make_user(Role.RELAY, area.village_a, full_name="Lê Thị Trưởng")
    make_user(Role.AUDITOR, area.province, full_name="Phạm Văn Kiểm")
    former = UserFactory(full_name="Trần Quốc Cũ")
    PostingFactory(user=former, unit=area.commune_a, valid_to=today - timedelta(days=1))
    notice = {
        "kind": PostKind.WANTED,
        "decision_date": today,
        "agency": "CSĐT",
        "person_name": "Nguyễn Văn Mẫu",
        "unit": area.commune_a,
    }
    NoticeFactory(code="TN-2611-0001", decision_number="17/QĐ-CSĐT", **notice)
    ended = {"state": NoticeState.ENDED, **notice}
    over = NoticeFactory(code="TN-2611-0002", decision_number="18/QĐ-CSĐT", **ended)
    BroadcastFactory(code="TB-2611-0047", notice=over, unit=area.commune_a, approved_at=now)
    training = UnitFactory(is_practice=True)
    Contact.objects.create(name="Trực ban tập dượt", phone="02633777777", unit=training)
    OfficialAccountFactory(unit=training, oa_id="4712345678901234599")
    NoticeFactory(code="TN-2611-0004", decision_number="20/QĐ-CSĐT", **ended)
    NoticeFactory(code="TN-2611-0003", decision_number="19/QĐ-CSĐT", state=NoticeState.DRAFT, **notice)
    sent = {"unit": area.commune_a, "started_at": now, "state": BroadcastState.DONE}
    BroadcastFactory(code="TB-2611-0042", title="Cảnh báo lừa đảo", **sent)
    BroadcastFactory(
        code="TB-2611-0043", title="Tên người cần quên", **{**sent, "state": BroadcastState.WITHDRAWN}
    )
    BroadcastFactory(code="TB-2611-0044", title="Bản nháp mật", unit=area.commune_a)
    BroadcastFactory(code="TB-2611-0045", title="Mời họp", expires_at=now - timedelta(hours=1), **sent)
    inner = {"kinds": ["patrol", "civil_guard"]}
    BroadcastFactory(code="TB-2611-0046", title="Kế hoạch tuần tra đêm", audience=inner, **sent)
    UnitFactory(name="Xã cũ", duty_phone="02633999999", valid_to=today)
    return area


GENUINE, ENDED, UNKNOWN = "genuine", "ended", "unknown"
TABLE = [
    # our own links
    (f"{HOST}/n/K7M2P/", GENUINE, "link"),
    (f"{HOST}/n/k7m2p", GENUINE, "link"),
    ("ketnoi.example/n/K7M2P", GENUINE, "link"),
    ("/n/K7M2P/", GENUINE, "link"),
    ("K7M2P", GENUINE, "link"),
    (f"{HOST}/n/OLD22/", ENDED, "link"),
    (f"{HOST}/n/GONE9/", ENDED, "link"),
    (f"{HOST}/n/NOPE1/", UNKNOWN, "link"),
    (f"{HOST}/gui-tin/", GENUINE, "link"),
    (f"{HOST}/kiem-tra/?q=TB-2611-0042", GENUINE, "broadcast"),
    # what only looks like ours
    ("https://ketnoi.example.evil.net/n/K7M2P/", UNKNOWN, "link"),
    ("https://ketnoi.example@evil.net/n/K7M2P/", UNKNOWN, "link"),
    ("https://evil.net/kiem-tra/?q=TB-2611-0042", UNKNOWN, "link"),
    ("https://evil.net/TB-2611-0042", UNKNOWN, "link"),
    ("https://kеtnoi.example/n/K7M2P/", UNKNOWN, "link"),  # Cyrillic е
    ("http://ketnoi.example/n/K7M2P/", UNKNOWN, "link"),
    ("https://ketnoi.example:8443/n/K7M2P/", UNKNOWN, "link"),
    ("javascript://ketnoi.example/n/K7M2P/", UNKNOWN, "link"),
    ("https://[broken/n/K7M2P", UNKNOWN, "link"),
    # Zalo
    ("https://zalo.me/g/abcxyz123", GENUINE, "link"),
    ("zalo.me/g/abcxyz123/", GENUINE, "link"),
    ("https://zalo.me/g/closed999", ENDED, "link"),
    ("https://zalo.me/g/khongco00", UNKNOWN, "link"),
    ("https://zalo.me/4712345678901234567", GENUINE, "link"),
    ("https://zalo.me/4712345678901234568", UNKNOWN, "link"),
    ("https://zalo.me/4712345678901234599", UNKNOWN, "link"),
    # numbers
    ("02633881133", GENUINE, "phone"),
    ("+84 263 388 1133", GENUINE, "phone"),
    ("0692345678", GENUINE, "phone"),
    ("113", GENUINE, "phone"),
    ("02633999999", ENDED, "phone"),
    ("0912345678", UNKNOWN, "phone"),
    ("02633777777", UNKNOWN, "phone"),
    # people: the full name, with or without marks and rank; never a part of it
    ("Nguyễn Văn Hòa", GENUINE, "officer"),
    ("nguyen van hoa", GENUINE, "officer"),
    ("Đại úy Nguyễn Văn Hoà", GENUINE, "officer"),
    ("Trần Quốc Cũ", ENDED, "officer"),
    ("Nguyễn Văn", UNKNOWN, ""),
    ("Hòa", UNKNOWN, ""),
    ("Nguyễn Văn H%", UNKNOWN, ""),
    ("Lê Thị Trưởng", UNKNOWN, ""),
    ("Phạm Văn Kiểm", UNKNOWN, ""),
    # notices and decisions
    ("TN-2611-0001", GENUINE, "notice"),
    ("tn-2611-0001", GENUINE, "notice"),
    ("17/QĐ-CSĐT", GENUINE, "notice"),
    ("số 17/qd-csdt ngày 05/11/2026", GENUINE, "notice"),
    ("TN-2611-0002", ENDED, "notice"),
    ("18/QĐ-CSĐT", ENDED, "notice"),
    ("TN-2611-0003", UNKNOWN, "notice"),
    ("19/QĐ-CSĐT", UNKNOWN, "notice"),
    ("TN-2611-0004", UNKNOWN, "notice"),  # withdrawn before anybody saw it
    ("20/QĐ-CSĐT", UNKNOWN, "notice"),
    ("7/QĐ-CSĐT", UNKNOWN, "notice"),
    # broadcasts
    ("TB-2611-0042", GENUINE, "broadcast"),
    ("tb-2611-0042", GENUINE, "broadcast"),
    ("Bà con chú ý... TB-2611-0042", GENUINE, "broadcast"),
    ("TB-2611-0043", ENDED, "broadcast"),
    ("TB-2611-0044", UNKNOWN, "broadcast"),
    ("TB-2611-0045", ENDED, "broadcast"),
    ("TB-2611-9999", UNKNOWN, "broadcast"),
    # nothing
    ("", UNKNOWN, ""),
    ("   ", UNKNOWN, ""),
    ("\x00", UNKNOWN, ""),
]


@pytest.mark.parametrize(("query", "verdict", "kind"), TABLE)
def test_check_table(records, query, verdict, kind):
    answer = check(query)

    assert (answer.verdict, answer.kind) == (verdict, kind)
    if verdict == UNKNOWN:
        assert (answer.title, answer.unit, answer.hotline) == ("", "", "")


def test_check_group_names_the_commune_police_and_their_number(records):
    answer = check(f"{HOST}/n/K7M2P/")

    assert answer.title == "Nhóm Zalo: An ninh Trung Hòa"
    assert answer.unit == "Công an xã Minh Tân"
    assert answer.hotline == "0263.388.1133"


@pytest.mark.parametrize("query", ["TB-2611-0043", "TN-2611-0002", "18/QĐ-CSĐT"])
def test_check_ended_thing_repeats_no_name(records, query):
    answer = check(query)

    assert "Tên người cần quên" not in answer.title and "Nguyễn Văn Mẫu" not in answer.title
    assert answer.title


def test_check_broadcast_to_inner_groups_does_not_tell_its_title(records):
    answer = check("TB-2611-0046")

    assert answer.verdict == GENUINE
    assert "tuần tra" not in answer.title


def test_check_officer_answers_with_rank_and_office(records):
    answer = check("nguyen van hoa")

    assert answer.title == "Đại úy Nguyễn Văn Hòa"
    assert answer.unit == "Công an xã Minh Tân"


def test_check_inactive_officer_is_unknown(records):
    make_user(Role.OFFICER, records.commune_a, full_name="Võ Thị Khóa", is_active=False)

    assert check("Võ Thị Khóa").verdict == UNKNOWN


@pytest.mark.parametrize(
    ("query", "verdict"), [("TB-2611-0042", GENUINE), ("TB-2611-0043", ENDED), ("0912345678", UNKNOWN)]
)
def test_check_page_marks_its_verdict(client, records, query, verdict):
    response = client.get("/kiem-tra/", {"q": query})

    html = response.content.decode()
    assert f'data-verdict="{verdict}"' in html
    assert response["Cache-Control"] == "no-store"
    assert query not in html.split("<title>")[1].split("</title>")[0]


def test_check_page_unknown_does_not_say_false(client, records):
    html = client.get("/kiem-tra/", {"q": "0912345678"}).content.decode()

    assert "chưa có nghĩa là giả" in html


def test_check_api_answers_the_agreed_fields(client, records):
    response = client.get("/api/v1/check/", {"q": "TB-2611-0042"})

    assert response.status_code == 200
    assert response.json() == {
        "verdict": "genuine",
        "kind": "broadcast",
        "title": "Cảnh báo lừa đảo",
        "unit": "Công an xã Minh Tân",
        "hotline": "0263.388.1133",
    }


def test_check_api_without_query_is_a_field_error(client):
    response = client.get("/api/v1/check/")

    assert response.status_code == 400
    assert "q" in response.json()


def test_check_is_throttled_by_network_with_a_vietnamese_page(client, records):
    for _ in range(200):
        page = client.get("/kiem-tra/", {"q": "0912345678"})
        if page.status_code == 429:
            break

    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert "113" in page.content.decode() and "phút" in page.content.decode()
    api = client.get("/api/v1/check/", {"q": "0912345678"})
    assert api.status_code == 429
    assert int(api["Retry-After"]) > 0
