"""The named circle: two people name, one ends, two the last; for all others a restricted tip is a blur."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from groups.enums import Role
from groups.models import CircleMember
from groups.services import circle
from portal.audit.models import AuditEntry
from portal.desk.reports import Period, figures
from portal.errors import NotAllowedError, WrongStateError
from tests.clients import browser_of
from tests.factories import make_user
from tests.portal.desk_world import RESTRICTED_SECRET, html, make_tip
from tips import permissions
from tips.models import Tip
from tips.services import offers

pytestmark = pytest.mark.django_db


@pytest.fixture
def deputy(area):
    return make_user(Role.CHIEF, area.commune_a)


def posting(user):
    return user.postings.get()


def fresh(user):
    """The person as their next request knows them."""
    return type(user).objects.get(pk=user.pk)


def test_named_person_opens_restricted_tips_once_a_second_one_agreed(area, chief, deputy, officer):
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    member = circle.propose(posting(officer), by=chief)
    assert not Tip.objects.visible_to(fresh(officer)).exists()
    circle.confirm(member, by=deputy)
    assert Tip.objects.visible_to(fresh(officer)).get() == tip
    assert not Tip.objects.visible_to(fresh(chief)).exists()
    member.refresh_from_db()
    assert member.valid_from is not None and member.valid_to is None


def test_nobody_confirms_their_own_proposal_or_themselves(area, chief, deputy, officer):
    member = circle.propose(posting(officer), by=chief)
    with pytest.raises(NotAllowedError):
        circle.confirm(member, by=chief)
    own = circle.propose(posting(deputy), by=chief)
    with pytest.raises(NotAllowedError):
        circle.confirm(own, by=deputy)
    assert not posting(officer).restricted_circle and not posting(deputy).restricted_circle


@pytest.mark.parametrize("role", [Role.OFFICER, Role.BEAT_OFFICER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_who_leads_names(area, officer, role):
    with pytest.raises(NotAllowedError):
        circle.propose(posting(officer), by=make_user(role, area.commune_a))
    with pytest.raises(NotAllowedError):
        circle.propose(posting(officer), by=make_user(Role.CHIEF, area.commune_b))


def test_ended_member_opens_nothing_at_once_and_the_days_stay_written(area, chief, deputy, officer):
    other = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    circle.confirm(circle.propose(posting(officer), by=chief), by=deputy)
    make_tip(area, category="BAO_LUC_GD", text=RESTRICTED_SECRET)
    circle.end(posting(officer), by=chief)
    assert not Tip.objects.visible_to(fresh(officer)).exists()
    assert Tip.objects.visible_to(fresh(other)).exists()
    member = CircleMember.objects.get()
    assert member.valid_from <= member.valid_to and member.ended_by == chief
    actions = AuditEntry.objects.filter(action__startswith="groups.circle").order_by("id")
    assert [entry.action.split(".")[-1] for entry in actions] == ["proposed", "confirmed", "ended"]


def test_twice_is_a_conflict(area, chief, deputy, officer):
    make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    member = circle.propose(posting(officer), by=chief)
    with pytest.raises(WrongStateError):
        circle.propose(posting(officer), by=deputy)
    circle.confirm(member, by=deputy)
    with pytest.raises(WrongStateError):
        circle.confirm(member, by=deputy)
    circle.end(posting(officer), by=chief)
    with pytest.raises(WrongStateError):
        circle.end(posting(officer), by=chief)


def end_of(person, client):
    return client.post(reverse("desk:circle_act", args=["end"]), {"posting": posting(person).pk}, follow=True)


def test_chief_who_takes_out_the_last_member_opens_nothing(area, chief, deputy):
    named = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    superior = make_user(Role.SUPERVISOR, area.district)
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    client, url = browser_of(chief), reverse("desk:tip", args=[tip.public_id])
    assert "chờ người thứ hai" in html(end_of(named, client))
    assert end_of(named, client).status_code == 403
    assert client.get(url).status_code == 404
    assert Tip.objects.visible_to(fresh(named)).exists()
    assert "không còn mở được" in html(end_of(named, browser_of(deputy)))
    for person in (chief, deputy, named):
        assert browser_of(person).get(url).status_code == 404
        assert not permissions.can_handle(fresh(person), tip)
    assert RESTRICTED_SECRET in html(browser_of(superior).get(url))
    assert [row.user for row in offers.colleagues(tip)] == [superior]


def test_superior_who_took_the_last_member_out_does_not_inherit(area, chief):
    named = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    superior, top = make_user(Role.SUPERVISOR, area.district), make_user(Role.SUPERVISOR, area.province)
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    assert not circle.end(posting(named), by=chief)
    assert circle.end(posting(named), by=superior)
    for person, is_seen in ((chief, False), (superior, False), (top, True)):
        assert Tip.objects.visible_to(fresh(person)).exists() is is_seen
        assert permissions.can_handle(fresh(person), tip) is is_seen


def test_circle_emptied_above_leaves_nothing_to_the_communes_below(area, chief):
    named = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
    superior, top = make_user(Role.SUPERVISOR, area.district), make_user(Role.SUPERVISOR, area.province)
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    named.postings.update(valid_to="2026-01-01", valid_from="2025-01-01")
    for person, is_seen in ((chief, False), (superior, False), (top, True)):
        assert Tip.objects.visible_to(fresh(person)).exists() is is_seen
        assert permissions.can_handle(fresh(person), tip) is is_seen


def test_proposal_whose_posting_has_ended_is_not_confirmed(area, chief, deputy, officer):
    member = circle.propose(posting(officer), by=chief)
    officer.postings.update(valid_to="2026-01-01", valid_from="2025-01-01")
    with pytest.raises(ValidationError):
        circle.confirm(member, by=deputy)
    assert not posting(officer).restricted_circle


def test_relays_and_people_who_left_cannot_be_named(area, chief, officer):
    with pytest.raises(ValidationError):
        circle.propose(posting(make_user(Role.RELAY, area.village_a)), by=chief)
    officer.postings.update(valid_to="2026-01-01", valid_from="2025-01-01")
    with pytest.raises(ValidationError):
        circle.propose(posting(officer), by=chief)


def test_two_chiefs_name_an_officer_on_the_desk(area, chief, deputy, officer):
    first, second = browser_of(chief), browser_of(deputy)
    page = html(first.get(reverse("desk:circle")))
    assert "Chưa giao cho ai" in page
    chosen = {"posting": posting(officer).pk}
    assert "chờ người thứ hai" in html(
        first.post(reverse("desk:circle_act", args=["propose"]), chosen, follow=True)
    )
    assert reverse("desk:circle_act", args=["confirm"]) not in html(first.get(reverse("desk:circle")))
    assert first.post(reverse("desk:circle_act", args=["confirm"]), chosen).status_code == 403
    assert second.post(reverse("desk:circle_act", args=["confirm"]), chosen).status_code == 302
    page = html(first.get(reverse("desk:circle")))
    assert "Chưa giao cho ai" not in page and officer.display_name in page
    assert second.post(reverse("desk:circle_act", args=["confirm"]), chosen).status_code == 404


def test_chief_is_warned_on_the_duty_page_while_nobody_is_named(area, chief, deputy, officer):
    client = browser_of(chief)
    assert "Chưa giao ai mở tin trẻ em" in html(client.get(reverse("desk:duty")))
    assert "Chưa giao ai" not in html(browser_of(officer).get(reverse("desk:duty")))
    circle.confirm(circle.propose(posting(officer), by=chief), by=deputy)
    assert "Chưa giao ai" not in html(client.get(reverse("desk:duty")))


def test_others_see_in_the_list_only_that_a_restricted_tip_is_there(area, chief, officer):
    make_user(Role.BEAT_OFFICER, area.commune_a, restricted_circle=True)
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET, place="Cạnh trạm y tế")
    for person in (officer, chief):
        page = html(browser_of(person).get(reverse("desk:tips")))
        blurred = page.split('id="tin-han-che"')[1].split("</section>")[0]
        assert blurred.count("duty--blurred") == 1
        for word in (tip.public_id, RESTRICTED_SECRET, "Xâm hại", "trạm y tế", "mood-kid", "href"):
            assert word not in blurred, word
        assert tip.public_id not in page and "trạm y tế" not in page


def test_blur_stands_in_no_search_and_no_filter(area, officer):
    make_user(Role.BEAT_OFFICER, area.commune_a, restricted_circle=True)
    make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    client = browser_of(officer)
    for query in ("q=cháu bé", "loai=TRE_EM", "loc=tat-ca", "loc=khan", "thon=D680101"):
        assert "duty--blurred" not in html(client.get(f"{reverse('desk:tips')}?{query}")), query


def test_neighbours_see_no_blur_and_the_circle_sees_the_tip(area):
    named = make_user(Role.BEAT_OFFICER, area.commune_a, restricted_circle=True)
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    neighbour = make_user(Role.OFFICER, area.commune_b)
    assert "duty--blurred" not in html(browser_of(neighbour).get(reverse("desk:tips")))
    page = html(browser_of(named).get(reverse("desk:tips")))
    assert tip.public_id in page and "duty--blurred" not in page and RESTRICTED_SECRET not in page


def test_restricted_tip_is_in_no_other_place_for_who_is_outside(area, officer):
    make_user(Role.BEAT_OFFICER, area.commune_a, restricted_circle=True)
    tip = make_tip(area, category="TRE_EM", text=RESTRICTED_SECRET)
    mine = make_tip(area, text="Có cháu bé mười một tuổi đi lạc ở chợ")
    client, api = browser_of(officer), APIClient()
    api.force_authenticate(officer)
    assert client.get(reverse("desk:tip", args=[tip.public_id])).status_code == 404
    assert api.get(f"/api/v1/tips/{tip.public_id}/").status_code == 404
    assert tip.public_id not in html(client.get(reverse("desk:tip", args=[mine.public_id])))
    assert tip not in offers.merge_candidates(officer, mine)
    assert api.get("/api/v1/tips/").json()["count"] == 1
    day = timezone.localdate()
    assert "TRE_EM" not in figures(officer, area.commune_a, Period(day, day))["tips"]["by_category"]
