"""Duplicates are as confidential as their main tip: who may not read one learns nothing from the other."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from rest_framework.test import APIClient

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.clients import browser_of
from tests.factories import PostingFactory, make_user
from tips.enums import TipStatus
from tips.models import Tip
from tips.services import bulk, closing, conduct, follow, handling, merging, routing
from tips.services.intake import TipDraft, submit_tip

pytestmark = pytest.mark.django_db

RESULT = "Đã xác minh và xử lý theo đúng quy định, cảm ơn bà con."
SETTLED = "Công an đã xem xét xong vụ việc này. Cần hỏi thêm, xin viết ở ô bên dưới."


def now(tip) -> Tip:
    return Tip.objects.select_related("handler", "unit", "assignee").get(pk=tip.pk)


def join(tip, actor, into) -> Tip:
    return merging.merge(now(tip), actor=actor, version=now(tip).version, into=now(into))


def name(tip, officer, actor) -> Tip:
    tip = now(tip)
    return conduct.sort_out(tip, actor=actor, version=tip.version, kind="complaint", officer=officer)


def reclassify(tip, actor, category) -> Tip:
    return routing.reclassify(now(tip), actor=actor, version=now(tip).version, category=category)


def close(tip, actor) -> Tip:
    tip = handling.accept(now(tip), actor=actor, version=now(tip).version)
    return closing.close(tip, actor=actor, version=tip.version, outcome="guided", public_reason=RESULT)


def can_open(user, tip) -> bool:
    return browser_of(user).get(reverse("desk:tip", args=[tip.public_id])).status_code == 200


def told(tip) -> str:
    """What the sender of a tip was told last."""
    return tip.messages.order_by("-id").first().text


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, restricted_circle=True)


@pytest.fixture
def complaints(submit):
    return [submit(category="CAN_BO", text=f"Cán bộ huyện đòi tiền bà con lần {n}") for n in (1, 2)]


def test_named_officer_loses_the_duplicates_of_the_complaint_too(area, complaints, supervisor):
    named = make_user(Role.SUPERVISOR, area.district)
    province = make_user(Role.SUPERVISOR, area.province)
    main, twin = complaints
    join(twin, supervisor, main)
    main = name(main, named, supervisor)
    twin = now(twin)
    assert main.handler == twin.handler == area.province
    assert not can_open(named, main) and not can_open(named, twin)
    close(main, province)
    assert not can_open(named, twin) and can_open(province, twin)
    assert told(twin) == RESULT


def test_each_duplicate_that_follows_has_its_step_and_audit_entry(area, complaints, supervisor):
    named = make_user(Role.SUPERVISOR, area.district)
    main, twin = complaints
    version = join(twin, supervisor, main).version
    name(main, named, supervisor)
    entry = AuditEntry.objects.get(action="tips.tip.conduct", target_id=str(twin.pk))
    assert (entry.actor, entry.unit_path) == (supervisor, area.province.path)
    assert now(twin).version == version + 1
    assert twin.events.last().kind == "named"


def test_duplicate_of_a_new_complaint_leaves_the_commune(area, submit, chief, officer, supervisor):
    main, twin = submit(text="Công an xã đánh người"), submit(text="Công an xã đánh người ở chợ")
    join(twin, chief, main)
    main = reclassify(main, chief, "CAN_BO")
    twin = now(twin)
    assert (twin.category, twin.handler, twin.assignee) == ("CAN_BO", area.district, None)
    assert not can_open(officer, twin) and not can_open(chief, twin)
    close(main, supervisor)
    assert told(twin) == RESULT


def test_duplicate_that_followed_is_taken_out_where_it_went(area, submit, chief, supervisor):
    main, twin = submit(), submit()
    twin = handling.accept(twin, actor=chief, version=1)
    join(twin, chief, main)
    reclassify(main, chief, "CAN_BO")
    twin = merging.unmerge(now(twin), actor=supervisor, version=now(twin).version)
    assert (twin.status, twin.handler) == (TipStatus.TRANSFERRED, area.district)


def test_duplicate_passed_on_with_its_complaint(area, complaints, supervisor):
    main, twin = complaints
    join(twin, supervisor, main)
    main = handling.accept(now(main), actor=supervisor, version=now(main).version)
    routing.transfer(
        main, actor=supervisor, version=main.version, unit=area.province, reason="Tin về chính tôi"
    )
    assert now(twin).handler == area.province


def test_what_is_merged_into_a_named_complaint_names_the_same(area, complaints, supervisor):
    named = make_user(Role.OFFICER, area.commune_a)
    main, twin = complaints
    name(main, named, supervisor)
    join(twin, supervisor, main)
    PostingFactory(user=named, unit=area.district, role=Role.SUPERVISOR)
    assert now(twin).named_ids == {named.pk}
    assert not can_open(type(named).objects.get(pk=named.pk), twin)


def test_named_complaint_is_not_merged_into_one_that_names_nobody(area, complaints, supervisor):
    main, twin = complaints
    name(twin, make_user(Role.OFFICER, area.commune_a), supervisor)
    with pytest.raises(ValidationError, match="ghi tên cán bộ"):
        join(twin, supervisor, main)


@pytest.mark.parametrize("kinds", [("TRE_EM", "GAY_ROI"), ("GAY_ROI", "TRE_EM")])
def test_restricted_and_other_tips_are_never_merged(submit, chief, kinds):
    main, twin = (submit(category=kind) for kind in kinds)
    with pytest.raises(ValidationError, match="nhóm hạn chế"):
        join(twin, chief, main)


def test_duplicate_of_a_tip_that_becomes_restricted_is_for_the_circle_only(submit, chief, officer):
    main, twin = submit(), submit()
    join(twin, chief, main)
    reclassify(main, chief, "TRE_EM")
    assert not can_open(officer, twin) and can_open(chief, twin)
    close(main, chief)
    assert told(twin) == RESULT


def test_sender_of_a_duplicate_elsewhere_hears_only_that_the_matter_is_settled(area, supervisor):
    units = (area.commune_a, area.commune_b)
    sent = [submit_tip(TipDraft("GAY_ROI", "Hát loa kéo quá to", unit)) for unit in units]
    join(sent[1].tip, supervisor, sent[0].tip)
    close(sent[0].tip, supervisor)
    messages = [follow.sender_view(follow.find(each.receipt)).messages[-1].text for each in sent]
    assert messages == [RESULT, SETTLED]


def test_time_line_names_no_tip_that_the_reader_may_not_open(area, supervisor, officer):
    main, twin = (
        submit_tip(TipDraft("GAY_ROI", "Hát loa kéo quá to", unit)).tip
        for unit in (area.commune_b, area.commune_a)
    )
    join(twin, supervisor, main)
    api = APIClient()
    for reader, ids in ((supervisor, main.public_id), (officer, None)):
        api.force_authenticate(reader)
        events = api.get(f"/api/v1/tips/{twin.public_id}/").json()["events"]
        assert next(e["data"] for e in events if e["kind"] == "merged").get("into") == ids


def test_time_line_of_a_main_tip_names_only_open_duplicates(area, supervisor):
    units = (area.commune_a, area.commune_a, area.commune_b)
    main, second, third = (submit_tip(TipDraft("GAY_ROI", "Hát loa kéo", unit)).tip for unit in units)
    join(third, supervisor, second)
    join(second, supervisor, main)
    api = APIClient()
    for reader, ids in ((supervisor, [third.public_id]), (make_user(Role.OFFICER, area.commune_a), [])):
        api.force_authenticate(reader)
        events = api.get(f"/api/v1/tips/{second.public_id}/").json()["events"]
        assert next(e["data"] for e in events if e["kind"] == "merged")["brought"] == ids


def test_page_of_a_main_tip_leads_to_where_a_sender_wrote_if_one_may_go_there(area, supervisor):
    main, twin = (
        submit_tip(TipDraft("GAY_ROI", "Hát loa kéo quá to", unit)).tip
        for unit in (area.commune_a, area.commune_b)
    )
    join(twin, supervisor, main)
    follow.add_message(Tip.objects.get(pk=twin.pk), text="Hôm nay họ lại hát")
    for reader, is_led in ((supervisor, True), (make_user(Role.OFFICER, area.commune_a), False)):
        client = browser_of(reader)
        page = client.get(reverse("desk:tip", args=[main.public_id])).content.decode()
        # Beside the list of the case: the step on the time line.
        said = f"ở tin {twin.public_id}, cùng vụ việc"
        assert "Người gửi bổ sung" in page and (said in page) is is_led
        assert is_led or twin.public_id not in page


def test_tip_brought_along_has_its_own_step_and_audit_entry(submit, chief):
    first, second, third = submit(), submit(), submit()
    version = join(third, chief, second).version
    join(second, chief, first)
    assert now(third).case == now(first).case
    assert now(third).version == version + 1
    assert [event.kind for event in third.events.all()] == ["received", "merged", "merged"]
    entries = AuditEntry.objects.filter(action="tips.tip.merged", target_id=str(third.pk), actor=chief)
    assert entries.count() == 2
    merging.unmerge(now(second), actor=chief, version=now(second).version)
    assert now(third).case == now(second).case != now(first).case
    assert now(third).version == version + 2


def test_duplicate_the_actor_may_not_see_is_not_brought_along(area, supervisor, chief):
    units = (area.commune_a, area.commune_a, area.commune_b)
    first, second, hidden = (submit_tip(TipDraft("GAY_ROI", "Hát loa kéo", unit)).tip for unit in units)
    join(hidden, supervisor, second)
    joined = join(second, chief, first).events.last()
    assert joined.data["brought"] == []
    assert (now(hidden).status, now(hidden).case) == ("new", None)


def test_refusal_in_bulk_tells_nothing_of_a_tip_that_became_a_complaint(submit, chief, officer):
    tip = submit()
    shown = now(tip)
    reclassify(tip, chief, "CAN_BO")
    (result,) = bulk.act_on_each(handling.accept, [(shown, shown.version)], actor=officer)
    assert result.complaint and chief.display_name not in result.complaint
    assert "Đổi loại" not in result.complaint
