"""Complaints about officers: one level above, invisible below, and never seen by whom they name."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.desk.reports import Period, figures
from portal.errors import NotAllowedError
from tests.factories import PostingFactory, make_user
from tips.models import Tip
from tips.services import conduct, handling, offers, reading, ringing, routing
from tips.services.alarms import ringing as rings

pytestmark = pytest.mark.django_db

SECRET = "Anh cán bộ quát tháo bà cụ ở bàn tiếp dân"


@pytest.fixture
def complaint(submit, supervisor):
    return submit(category="CAN_BO", text=SECRET)


def name(tip, officer, actor, kind="complaint"):
    return conduct.sort_out(tip, actor=actor, version=tip.version, kind=kind, officer=officer)


def surfaces(user, tip) -> dict[str, str]:
    """All that this person can read of tips anywhere: by place, what stands there."""
    api = APIClient()
    api.force_authenticate(user)
    client = Client()
    client.force_login(user)
    base, desk = "/api/v1/tips/", reverse("desk:tips")
    addresses = {
        "desk list": desk,
        "desk list of all": f"{desk}?loc=tat-ca",
        "desk list of passed on": f"{desk}?loc=da-chuyen",
        "desk search": f"{desk}?q=quát tháo&loc=tat-ca",
        "desk search by id": f"{desk}?q={tip.public_id}",
        "desk page": reverse("desk:tip", args=[tip.public_id]),
        "desk today": reverse("desk:today"),
        "desk duty": reverse("desk:duty"),
        "admin list": reverse("admin:tips_tip_changelist"),
        "admin search": reverse("admin:tips_tip_changelist") + f"?q={tip.public_id}",
        "admin page": reverse("admin:tips_tip_change", args=[tip.pk]),
        "audit": reverse("admin:audit_auditentry_changelist"),
    }
    found = {place: client.get(address).content.decode() for place, address in addresses.items()}
    for place, query in {"api list": "", "api search": "?q=quát", "api category": "?category=CAN_BO"}.items():
        found[place] = api.get(base + query).content.decode()
    found["api page"] = api.get(f"{base}{tip.public_id}/").content.decode()
    for act in ("accept", "note", "reveal"):
        body = {"version": tip.version, "text": "x", "reason": "Cần hỏi thêm"}
        answer = api.post(f"{base}{tip.public_id}/{act}/", body)
        assert answer.status_code == 404, act
    return found


def test_named_officer_finds_the_complaint_nowhere_wherever_posted(area, complaint, supervisor):
    officer = make_user(Role.OFFICER, area.commune_a, is_staff=True)
    tip = name(complaint, officer, supervisor)
    # Only then promoted: rights over the tip's unit must not bring it back.
    for role, unit in [
        (Role.SUPERVISOR, area.district),
        (Role.SUPERVISOR, area.province),
        (Role.AUDITOR, area.province),
        (Role.CHIEF, area.commune_b),
    ]:
        PostingFactory(user=officer, unit=unit, role=role)
    officer = type(officer).objects.get(pk=officer.pk)
    for place, text in surfaces(officer, tip).items():
        # What was searched for stands in the box and in addresses.
        shown = text.replace(f'value="{tip.public_id}"', "").replace(f"q={tip.public_id}", "")
        assert tip.public_id not in shown and SECRET not in text, place
    assert not Tip.objects.visible_to(officer).exists()
    assert officer not in [posting.user for posting in offers.colleagues(tip)]
    with pytest.raises(NotAllowedError):
        handling.add_note(tip, actor=officer, version=tip.version, text="Tôi không làm thế")
    with pytest.raises(ValidationError):
        handling.assign(tip, actor=supervisor, version=tip.version, assignee=officer)


def test_colleagues_of_the_named_officer_handle_it(area, complaint, supervisor):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = name(complaint, officer, supervisor)
    assert Tip.objects.visible_to(supervisor).get() == tip
    page = Client()
    page.force_login(supervisor)
    shown = page.get(reverse("desk:tip", args=[tip.public_id])).content.decode()
    assert officer.display_name in shown and "Phản ánh" in shown


def test_complaint_about_somebody_of_the_handling_unit_goes_above_it(area, complaint, supervisor):
    above = make_user(Role.SUPERVISOR, area.province)
    colleague = make_user(Role.SUPERVISOR, area.district)
    tip = name(complaint, colleague, supervisor)
    assert (tip.handler, tip.status, tip.assignee) == (area.province, "transferred", None)
    assert not Tip.objects.visible_to(supervisor).exists()
    assert Tip.objects.visible_to(above).get() == tip
    entry = AuditEntry.objects.get(action="tips.tip.conduct")
    assert entry.unit_path == area.province.path


def test_complaint_about_the_very_top_stays_and_says_so(area, complaint, supervisor):
    boss = make_user(Role.SUPERVISOR, area.province)
    with pytest.raises(ValidationError, match="cấp cao nhất"):
        name(complaint, boss, supervisor)


def test_assigned_officer_who_is_named_loses_the_tip(area, submit, supervisor):
    worker = make_user(Role.SUPERVISOR, area.district)
    PostingFactory(user=worker, unit=area.commune_b, role=Role.CHIEF)
    tip = submit(category="CAN_BO", text=SECRET)
    tip = handling.assign(tip, actor=supervisor, version=1, assignee=worker)
    worker.postings.filter(unit=area.district).update(valid_to="2026-01-01", valid_from="2025-01-01")
    tip = name(tip, worker, supervisor)
    assert (tip.handler, tip.assignee) == (area.district, None)


def test_named_complaint_goes_to_no_unit_where_the_officer_serves(area, complaint, supervisor):
    above = make_user(Role.SUPERVISOR, area.province)
    tip = name(complaint, make_user(Role.SUPERVISOR, area.district), supervisor)
    tip = handling.accept(tip, actor=above, version=tip.version)
    with pytest.raises(ValidationError):
        routing.transfer(tip, actor=above, version=tip.version, unit="D68", reason="Trả về huyện")


def test_named_complaint_keeps_its_category(area, complaint, supervisor):
    tip = name(complaint, make_user(Role.OFFICER, area.commune_a), supervisor)
    with pytest.raises(ValidationError):
        routing.reclassify(tip, actor=supervisor, version=tip.version, category="KHAC")


def test_named_officer_is_neither_called_nor_mailed(area, complaint, supervisor):
    officer = make_user(Role.SUPERVISOR, area.district, email="bi-neu-ten@example.vn")
    PostingFactory(user=officer, unit=area.province, role=Role.SUPERVISOR)
    above = make_user(Role.SUPERVISOR, area.province, email="tinh@example.vn")
    complaint.named_officers.create(user=officer, named_by=supervisor)
    tip = routing.reclassify(complaint, actor=supervisor, version=1, priority=0)
    ringing.ring(timezone.now() + timezone.timedelta(minutes=11))
    assert rings(officer) == 0 and rings(above) == 1
    assert "bi-neu-ten@example.vn" not in [address for letter in mail.outbox for address in letter.to]
    assert tip.alarms.count() == 3


def test_naming_ends_the_ringing_at_the_officer(area, submit, supervisor):
    officer = make_user(Role.OFFICER, area.district)
    tip = submit(category="CAN_BO", text="Cán bộ say rượu cầm dao đuổi người ở trụ sở")
    ringing.ring(timezone.now())
    assert rings(officer) == 1
    officer.postings.update(unit=area.commune_a)
    name(tip, officer, supervisor)
    assert rings(officer) == 0


def test_commune_keeps_no_trace_of_what_became_a_complaint(area, submit, supervisor):
    chief = make_user(Role.CHIEF, area.commune_a)
    tip = handling.accept(submit(), actor=chief, version=1)
    tip = routing.transfer(tip, actor=chief, version=2, unit="D68", reason="Việc của cấp trên")
    assert reading.transferred_away(chief).count() == 1
    routing.reclassify(tip, actor=supervisor, version=3, category="CAN_BO")
    assert reading.transferred_away(chief).count() == 0


def test_praise_is_counted_apart(area, submit, supervisor):
    officer = make_user(Role.OFFICER, area.commune_a)
    kinds = ("complaint", "complaint", "praise", "suggestion")
    for number, kind in enumerate(kinds):
        tip = submit(category="CAN_BO", text=f"{SECRET} lần thứ {number}")
        name(tip, officer, supervisor, kind)
    day = timezone.localdate()
    tips = figures(supervisor, area.district, Period(day, day))["tips"]
    assert tips["conduct"] == {"complaint": 2, "suggestion": 1, "praise": 1}
    assert figures(officer, area.commune_a, Period(day, day))["tips"]["conduct"] == {}


def test_praise_hides_the_tip_from_nobody(area, complaint, supervisor):
    officer = make_user(Role.SUPERVISOR, area.district)
    tip = name(complaint, officer, supervisor, "praise")
    assert (tip.conduct, tip.handler) == ("praise", area.district)
    assert Tip.objects.visible_to(officer).get() == tip


@pytest.mark.parametrize("kind", ["", "other", None])
def test_unknown_kind_is_refused(complaint, supervisor, kind):
    with pytest.raises(ValidationError):
        conduct.sort_out(complaint, actor=supervisor, version=1, kind=kind)


def test_only_tips_about_the_police_and_those_who_decide(area, submit, complaint, supervisor):
    with pytest.raises(ValidationError):
        name(submit(), None, supervisor)
    with pytest.raises(NotAllowedError):
        name(complaint, None, make_user(Role.OFFICER, area.district))


def test_supervisor_names_an_officer_on_the_desk(area, complaint, supervisor):
    officer = make_user(Role.OFFICER, area.commune_a)
    client = Client()
    client.force_login(supervisor)
    url = reverse("desk:tip_act", args=[complaint.public_id, "conduct"])
    wrong = client.post(url, {"version": 1, "kind": "complaint", "username": "khong-co"})
    assert wrong.status_code == 400 and "Không có tài khoản nào" in wrong.content.decode()
    assert client.post(url, {"version": 1, "kind": "complaint", "officer": officer.pk}).status_code == 302
    assert list(complaint.named_officers.values_list("user", flat=True)) == [officer.pk]
