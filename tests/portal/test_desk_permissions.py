"""Every address of the desk for every role: the status, and nothing on the page that is not theirs."""

import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone

from portal.desk import urls
from tests.portal import desk_world
from tests.portal.desk_world import World, html
from tips.services import breaches, requests

pytestmark = pytest.mark.django_db

ROLES = (
    "officer",
    "officer2",
    "officer3",
    "chief",
    "supervisor",
    "relay",
    "auditor",
    "administrator",
    "anonymous",
)
SECRETS = (
    desk_world.TIP_SECRET,
    desk_world.RESTRICTED_SECRET,
    desk_world.POST_SECRET,
    desk_world.GROUP_SECRET,
    desk_world.SENDER_NAME,
)
# What the sender is called never stands on a page that nobody asked to reveal it.
NEVER_SHOWN = (desk_world.SENDER_NAME, "0912 345 678", "+84912345678")


def expected(**by_role: int) -> dict[str, int]:
    """Statuses by role: nobody logs in (302), people without a desk role get 403, else what is given."""
    common = {"anonymous": 302, "auditor": 403, "administrator": 403}
    return {role: {**common, **by_role}[role] for role in ROLES}


def everywhere(relay: int = 403, status: int = 200) -> dict[str, int]:
    """Pages every writer has, filled with their own things."""
    writers = dict.fromkeys(("officer", "officer2", "officer3", "chief", "supervisor"), status)
    return expected(**writers, relay=relay)


def only_ours(relay: int = 403, status: int = 200, **by_role: int) -> dict[str, int]:
    """Objects of commune A: they do not exist for the neighbours."""
    ours = dict.fromkeys(("officer", "chief", "supervisor"), status)
    return expected(**{"officer2": 404, "officer3": 404, "relay": relay, **ours, **by_role})


def leaders(status: int) -> dict[str, int]:
    """Pages of chiefs and supervisors."""
    return everywhere() | {
        "officer": 403,
        "officer2": 403,
        "officer3": 403,
        "chief": status,
        "supervisor": status,
    }


def steering(status: int = 200, **by_role: int) -> dict[str, int]:
    """Pages for those who answer for sending: chiefs, supervisors, administrators."""
    steerers = dict.fromkeys(("chief", "supervisor", "administrator"), status)
    others = dict.fromkeys(("officer", "officer2", "officer3", "relay"), 403)
    return expected(**{**steerers, **others, **by_role})


def registers(status: int = 200, **by_role: int) -> dict[str, int]:
    """The registers of personal data: supervisors and administrators."""
    keepers = dict.fromkeys(("supervisor", "administrator"), status)
    others = dict.fromkeys(("officer", "officer2", "officer3", "relay", "chief"), 403)
    return expected(**{**others, **keepers, **by_role})


def data_request(world: World):
    """What the sender of the tip asks about their data."""
    return requests.ask_by_receipt(world.tip, kind="delete", words="Xóa số của tôi")


def breach(world: World):
    """A breach that the administrator wrote down."""
    return breaches.enter(
        actor=world.users["administrator"],
        unit=world.area.district,
        known_at=timezone.now(),
        what="Gửi nhầm danh sách",
        data="Số điện thoại",
        people=2,
        measures="Đã khóa tài khoản",
    )


GET_MATRIX = {
    "today": lambda w: ([], everywhere(relay=200) | {"auditor": 302, "administrator": 302}),
    "broadcasts": lambda w: ([], everywhere()),
    "compose": lambda w: ([], everywhere()),
    "compose_reach": lambda w: ([], everywhere()),
    "library": lambda w: ([], everywhere()),
    "broadcast": lambda w: ([w.draft.code], only_ours()),
    "edit": lambda w: ([w.draft.code], only_ours(chief=403, supervisor=403)),
    "broadcast_progress": lambda w: ([w.sending.code], only_ours(status=302)),
    "broadcast_picture": lambda w: (
        [w.sending.code],
        only_ours(status=404),
    ),
    "posting": lambda w: ([], everywhere(relay=200)),
    "posting_card": lambda w: ([], everywhere(relay=200)),
    "posting_offline": lambda w: ([], dict.fromkeys(ROLES, 200)),
    "posting_worker": lambda w: ([], dict.fromkeys(ROLES, 200)),
    "posting_run": lambda w: ([w.sending.code], only_ours(relay=200, chief=404, supervisor=404)),
    "posting_group": lambda w: ([w.group.pk], only_ours(relay=200, chief=404, supervisor=404)),
    "posting_unposted": lambda w: ([], leaders(200)),
    "posting_one": lambda w: ([w.to_post.pk], only_ours(relay=200)),
    "posting_picture": lambda w: (
        [w.to_post.pk],
        only_ours(relay=404, status=404),
    ),
    "dead_letters": lambda w: ([], everywhere()),
    "delivery_calls": lambda w: ([w.unknown.pk], only_ours()),
    "health": lambda w: ([], steering()),
    "alarms": lambda w: ([], steering()),
    "tips": lambda w: ([], everywhere()),
    "tip_enter": lambda w: ([], everywhere()),
    "tip": lambda w: ([w.tip.public_id], only_ours()),
    "tip_evidence": lambda w: (
        [w.tip.public_id, "KHONGCO"],
        only_ours(status=404),
    ),
    "tip_file": lambda w: ([w.tip.public_id, "KHONGCO"], only_ours(status=404)),
    "tip_original": lambda w: ([w.tip.public_id, "KHONGCO"], only_ours(status=404)),
    "groups": lambda w: ([], everywhere()),
    "group": lambda w: ([w.group.pk], only_ours()),
    "circle": lambda w: ([], leaders(200)),
    "openings": lambda w: ([], leaders(200)),
    "duty": lambda w: ([], everywhere()),
    "duty_ringing": lambda w: ([], everywhere()),
    "report": lambda w: ([], everywhere()),
    "erasures": lambda w: ([], leaders(200)),
    "data_requests": lambda w: ([], registers()),
    "data_request_enter": lambda w: ([], registers()),
    "data_request": lambda w: ([data_request(w).code], registers()),
    "breaches": lambda w: ([], registers()),
    "breach_enter": lambda w: ([], registers()),
    "breach": lambda w: ([breach(w).code], registers()),
    "breach_print": lambda w: ([breach(w).code], registers()),
}
# Acts: who is let through as far as the form. An act a person may not do is 403, an empty form is 400.
POST_MATRIX = {
    "switch": lambda w: ([], everywhere(relay=403, status=403)),
    "broadcast_act": lambda w: (
        [w.submitted.code, "return"],
        only_ours(status=400),
    ),
    "delivery_act": lambda w: ([w.unknown.pk, "seen"], only_ours(officer=302, chief=409, supervisor=409)),
    "dead_letters_confirm": lambda w: ([], everywhere(status=404)),
    "dead_letters_act": lambda w: ([], everywhere(status=404)),
    "mailbox_act": lambda w: ([w.mailbox.pk, "none"], steering(status=404)),
    "alarm_seen": lambda w: ([w.alarm.pk], steering(administrator=302, chief=409, supervisor=409)),
    "posting_posted": lambda w: (
        [w.to_post.pk],
        only_ours(relay=409, officer=302, chief=409, supervisor=409),
    ),
    "posting_undo": lambda w: ([w.to_post.pk], only_ours(relay=409, status=409)),
    "posting_size": lambda w: ([w.to_post.pk], only_ours(relay=400, status=400)),
    "posting_remind": lambda w: ([], leaders(302)),
    "posting_hand_over": lambda w: ([], leaders(302)),
    "posting_skip": lambda w: ([w.to_post.pk], only_ours(relay=400, status=400)),
    "circle_act": lambda w: (["propose"], leaders(404)),
    "opening_decide": lambda w: ([10**6], leaders(404)),
    "duty_put": lambda w: ([], everywhere(status=302) | {"officer": 403, "officer2": 403, "officer3": 403}),
    "device_add": lambda w: ([], everywhere(status=302)),
    "device_remove": lambda w: ([10**6], everywhere(status=302)),
    "tips_bulk": lambda w: ([], everywhere(status=302)),
    "tip_act": lambda w: ([w.tip.public_id, "note"], only_ours(status=400)),
    "tip_original_open": lambda w: ([w.tip.public_id, "KHONGCO"], only_ours(status=404)),
    "tip_original_grant": lambda w: ([w.tip.public_id, "KHONGCO"], only_ours(status=404)),
    "erasure_hold": lambda w: (
        [w.tip.public_id],
        leaders(400),
    ),
    "data_request_act": lambda w: ([data_request(w).code, "refuse"], registers(400)),
    "breach_act": lambda w: ([breach(w).code, "notify"], registers(400)),
    "group_count": lambda w: ([w.group.pk], only_ours(status=400)),
    "group_hand_over": lambda w: ([w.group.pk], only_ours(status=400)),
    "group_link": lambda w: ([w.group.pk], only_ours(officer=403, chief=302, supervisor=302)),
}


def test_matrix_names_every_address_of_the_desk():
    names = {pattern.name for pattern in urls.urlpatterns}
    assert names == set(GET_MATRIX) | set(POST_MATRIX)
    assert "desk" in get_resolver().namespace_dict


@pytest.mark.parametrize("name", sorted(GET_MATRIX))
def test_page_opens_for_the_right_roles_only_and_shows_nothing_of_others(world, name):
    args, statuses = GET_MATRIX[name](world)
    url = reverse(f"desk:{name}", args=args)
    found = {}
    for role in ROLES:
        response = world.client(role).get(url)
        found[role] = response.status_code
        text = html(response)
        hidden = {
            "officer2": SECRETS,
            "officer3": SECRETS,
            "auditor": SECRETS,
            "administrator": SECRETS,
            "anonymous": SECRETS,
            "relay": (desk_world.TIP_SECRET, desk_world.RESTRICTED_SECRET),
            "officer": (desk_world.RESTRICTED_SECRET,),
        }.get(role, ())
        assert not [word for word in (*hidden, *NEVER_SHOWN) if word in text], (name, role)
    assert found == statuses


@pytest.mark.parametrize("name", sorted(POST_MATRIX))
def test_act_is_refused_to_everybody_it_is_not_for(world, name):
    args, statuses = POST_MATRIX[name](world)
    url = reverse(f"desk:{name}", args=args)
    order = ("anonymous", "auditor", "administrator", "officer2", "officer3", "relay")
    # A village head's own confirmation comes after the officer's, so that it meets a settled row.
    order = (*order[:5], "officer", "chief", "supervisor", "relay")
    found = {role: world.client(role).post(url, {}).status_code for role in order}
    assert found == statuses


@pytest.mark.parametrize("name", sorted(GET_MATRIX))
def test_page_that_reads_takes_no_post(world, name):
    args, _statuses = GET_MATRIX[name](world)
    if name in ("compose", "edit", "tip_enter", "data_request_enter", "breach_enter"):
        return
    response = world.client("chief").post(reverse(f"desk:{name}", args=args))
    assert response.status_code == 405


def test_restricted_tip_exists_for_its_circle_only(world):
    url = reverse("desk:tip", args=[world.restricted.public_id])
    found = {role: world.client(role).get(url).status_code for role in ("officer", "chief", "officer2")}
    assert found == {"officer": 404, "chief": 200, "officer2": 404}


def test_restricted_text_stands_in_no_list_even_of_the_circle(world):
    for name in ("today", "tips"):
        page = html(world.client("chief").get(reverse(f"desk:{name}")))
        assert world.restricted.public_id in page
        assert desk_world.RESTRICTED_SECRET not in page
        assert "Nội dung chỉ hiện khi mở tin" in page


def test_search_and_counts_tell_nothing_of_a_restricted_tip(world):
    page = html(world.client("officer").get(reverse("desk:tips"), {"q": "cháu bé"}))
    assert world.restricted.public_id not in page
    assert "Không có tin nào như vậy" in page


def test_relay_menu_has_no_way_to_tips(world):
    page = html(world.client("relay").get(reverse("desk:today")))
    assert "/can-bo/tin-bao/" not in page
    assert "/can-bo/bao-cao/" not in page
    assert "/can-bo/nhom/" not in page
    assert "/can-bo/dang-bai/" in page


def test_person_without_open_posting_has_no_desk(world):
    user = world.users["officer"]
    user.postings.update(valid_to="2020-01-01", valid_from="2019-01-01")
    assert world.client("officer").get(reverse("desk:today")).status_code == 403


def test_report_of_a_unit_out_of_reach_is_not_found(world):
    response = world.client("officer").get(reverse("desk:report"), {"don_vi": world.area.commune_b.code})
    assert response.status_code == 404


def test_conduct_complaint_does_not_exist_for_its_commune(world):
    tip = desk_world.make_tip(
        world.area, category="CAN_BO", text="Cán bộ tiếp dân nói trống không hôm thứ Hai"
    )
    url = reverse("desk:tip", args=[tip.public_id])
    found = {role: world.client(role).get(url).status_code for role in ("officer", "chief", "supervisor")}
    assert found == {"officer": 404, "chief": 404, "supervisor": 200}


def test_page_of_another_role_is_refused_within_the_desk(world):
    response = world.client("officer").get(reverse("desk:health"))
    assert response.status_code == 403
    assert reverse("desk:tips") in html(response)
