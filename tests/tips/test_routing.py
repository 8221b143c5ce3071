"""Passing tips on, joining them, correcting their category."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, StaleVersionError, WrongStateError
from tests.factories import make_user
from tips.enums import Priority
from tips.models import Tip, Transfer
from tips.services import follow, handling, merging, reading, routing

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, username="chief", restricted_circle=True)


def transfer(tip, actor, unit, reason="Việc xảy ra ở địa bàn khác", **changes):
    return routing.transfer(tip, actor=actor, version=tip.version, unit=unit, reason=reason, **changes)


def test_transfer_moves_the_tip_out_of_sight(taken, chief, area):
    tip = taken(village=area.village_a)
    moved = transfer(tip, chief, area.commune_b)
    assert (moved.handler, moved.unit, moved.village) == (area.commune_b, area.commune_b, None)
    assert (moved.status, moved.assignee) == ("transferred", None)
    assert not Tip.objects.visible_to(chief).exists()
    assert Tip.objects.visible_to(make_user(Role.OFFICER, area.commune_b)).get() == tip


def test_transfer_tells_the_sender_where(taken, chief, area):
    moved = transfer(taken(), chief, area.commune_b)
    view = follow.sender_view(moved)
    assert view.status_text == "Đã chuyển Công an phường Bến Đá"
    now = timezone.localtime()
    assert view.messages[0].text == (
        "Việc này thuộc Công an phường Bến Đá. Công an xã Minh Tân đã chuyển lúc "
        f"{now:%H:%M} ngày {now:%d/%m/%Y}."
    )


def test_transfer_leaves_a_stub_without_content(taken, chief, area):
    moved = transfer(taken(), chief, area.commune_b)
    stub = reading.transferred_away(chief).get()
    assert (stub.tip.public_id, stub.from_unit, stub.to_unit) == (
        moved.public_id,
        area.commune_a,
        area.commune_b,
    )
    assert not reading.transferred_away(make_user(Role.CHIEF, area.commune_c)).exists()
    assert Transfer.objects.count() == 1


def test_transfer_upwards_keeps_where_it_happened(taken, chief, area):
    moved = transfer(taken(village=area.village_a), chief, area.district)
    assert (moved.handler, moved.unit, moved.village) == (area.district, area.commune_a, area.village_a)


def test_transfer_starts_the_deadline_anew(taken, chief, area):
    tip = taken(category="MA_TUY")
    Tip.objects.update(deadline=timezone.now())
    moved = transfer(tip, chief, area.commune_b.code)
    assert (moved.deadline - timezone.now()).total_seconds() == pytest.approx(24 * 3600, abs=60)


def test_transferred_tip_is_accepted_by_the_new_unit(taken, chief, area):
    moved = transfer(taken(), chief, area.commune_b)
    newcomer = make_user(Role.OFFICER, area.commune_b)
    assert handling.accept(moved, actor=newcomer, version=moved.version).assignee == newcomer


def test_transferred_tip_is_closed_to_the_old_unit_with_any_version(taken, chief, area):
    tip = taken()
    moved = transfer(tip, chief, area.commune_b)
    with pytest.raises(StaleVersionError):
        transfer(tip, chief, area.commune_c)
    with pytest.raises(NotAllowedError):
        transfer(moved, chief, area.commune_c)


def test_transfer_of_a_new_tip_is_wrong_state(submit, chief, area):
    with pytest.raises(WrongStateError):
        transfer(submit(), chief, area.commune_b)


@pytest.mark.parametrize("target", ["D6801", "D680101", "99999", "", None])
def test_transfer_to_no_police_unit_is_refused(taken, chief, target):
    with pytest.raises(ValidationError) as caught:
        transfer(taken(), chief, target)
    assert list(caught.value.message_dict) == ["unit"]


@pytest.mark.parametrize("above", [False, True])
def test_transfer_to_a_practice_unit_is_refused(taken, chief, area, above):
    unit = area.other_province if above else area.commune_c
    unit.is_practice = True
    unit.save(update_fields=["is_practice"])
    with pytest.raises(ValidationError) as caught:
        transfer(taken(), chief, area.commune_c)
    assert list(caught.value.message_dict) == ["unit"]


def test_transfer_without_reason_is_refused(taken, chief, area):
    with pytest.raises(ValidationError) as caught:
        transfer(taken(), chief, area.commune_b, reason=" ")
    assert list(caught.value.message_dict) == ["reason"]


def test_transfer_by_an_officer_who_does_not_hold_the_tip_is_refused(taken, area):
    with pytest.raises(NotAllowedError):
        transfer(taken(), make_user(Role.OFFICER, area.commune_a), area.commune_b)


def test_conduct_complaint_never_goes_to_a_commune(submit, supervisor, area):
    tip = submit(category="CAN_BO")
    tip = handling.accept(tip, actor=supervisor, version=tip.version)
    with pytest.raises(ValidationError):
        transfer(tip, supervisor, area.commune_b)
    assert transfer(tip, supervisor, area.province).handler == area.province


def give_back(tip, actor, **changes):
    return routing.give_back(
        tip, actor=actor, version=tip.version, **{"reason": "Việc xảy ra ở địa bàn cũ", **changes}
    )


def test_wrongly_transferred_tip_goes_back_to_the_place_it_was_about(taken, chief, area):
    moved = transfer(taken(village=area.village_a), chief, area.commune_b)
    back = give_back(moved, make_user(Role.CHIEF, area.commune_b))
    assert (back.handler, back.unit, back.village) == (area.commune_a, area.commune_a, area.village_a)
    assert (back.status, back.assignee, back.deadline) == ("transferred", None, moved.deadline)
    view = follow.sender_view(back)
    assert view.status_text == "Đã chuyển Công an xã Minh Tân"
    assert view.messages[-1].text.startswith("Việc này thuộc Công an xã Minh Tân. Công an phường Bến Đá đã")
    assert [event.kind for event in back.events.all()][-2:] == ["transferred", "returned"]
    assert handling.accept(back, actor=chief, version=back.version).assignee == chief


def test_only_a_chief_gives_back_and_only_what_was_passed_on_and_not_taken(taken, submit, chief, area):
    theirs = make_user(Role.CHIEF, area.commune_b)
    with pytest.raises(WrongStateError):
        give_back(submit(unit=area.commune_b), theirs)
    moved = transfer(taken(), chief, area.commune_b)
    for stranger in (chief, make_user(Role.OFFICER, area.commune_b)):
        with pytest.raises(NotAllowedError):
            give_back(moved, stranger)
    accepted = handling.accept(moved, actor=theirs, version=moved.version)
    with pytest.raises(WrongStateError):
        give_back(accepted, theirs)


def test_duplicates_go_along_and_come_back_and_their_senders_are_told(taken, chief, area):
    main, twin = taken(), taken(village=area.village_a)
    twin = merging.merge(twin, actor=chief, version=2, into=main)
    chief_b = make_user(Role.CHIEF, area.commune_b)
    routing.transfer(main, actor=chief, version=2, unit=area.commune_b, reason="Xảy ra ở bên đó")
    twin.refresh_from_db()
    assert (twin.handler, twin.unit, twin.village, twin.status) == (
        *(area.commune_b, area.commune_b, None),
        "duplicate",
    )
    assert {tip.pk for tip in Tip.objects.visible_to(chief_b)} == {main.pk, twin.pk}
    assert {row.tip_id for row in reading.transferred_away(chief)} == {main.pk, twin.pk}
    assert "Công an phường Bến Đá" in follow.sender_view(twin).messages[-1].text
    follow.add_message(twin, text="Hôm nay họ lại hát")
    page = reading.read_tip(chief_b, main.public_id)
    assert page.events.get(kind="sender_added").data["from"] == twin.public_id
    version = Tip.objects.get(pk=main.pk).version
    now = Tip.objects.select_related("handler", "unit").get(pk=main.pk)
    routing.give_back(now, actor=chief_b, version=version, reason="Không phải địa bàn")
    twin.refresh_from_db()
    assert (twin.handler, twin.unit, twin.village) == (area.commune_a, area.commune_a, area.village_a)


def test_matter_of_another_authority_ends_and_tells_the_sender_where_it_went(taken, chief):
    tip = taken()
    ended = routing.refer(tip, actor=chief, version=2, authority="market", reason="Hàng giả")
    view = follow.sender_view(ended)
    assert view.status_text == "Đã chuyển cơ quan quản lý thị trường"
    assert view.messages[-1].text.startswith("Việc này thuộc cơ quan quản lý thị trường. Công an xã Minh Tân")
    assert (ended.status, ended.outcome) == ("closed", "guided")
    assert AuditEntry.objects.get(action="tips.tip.referred").data == {"authority": "market"}


@pytest.mark.parametrize(
    ("changes", "field"), [({"authority": "x"}, "authority"), ({"reason": " "}, "reason")]
)
def test_referring_without_authority_or_reason_changes_nothing(taken, chief, changes, field):
    values = {"authority": "market", "reason": "Hàng giả", **changes}
    with pytest.raises(ValidationError) as caught:
        routing.refer(taken(), actor=chief, version=2, **values)
    assert list(caught.value.message_dict) == [field]
    assert Tip.objects.get().status == "accepted"


def reclassify(tip, actor, **changes):
    return routing.reclassify(tip, actor=actor, version=tip.version, **changes)


def test_people_may_lower_and_raise_a_priority(taken, chief):
    tip = taken(category="MA_TUY")
    lowered = reclassify(tip, chief, priority="P4", reason="Việc đã qua")
    assert lowered.priority == Priority.P4 and lowered.deadline > tip.deadline
    raised = reclassify(lowered, chief, priority=1)
    assert raised.priority == Priority.P1 and raised.deadline < tip.deadline
    assert (raised.category, raised.category_chosen) == ("MA_TUY", "MA_TUY")


def test_lowering_takes_a_reason_and_somebody_who_decides(taken, chief, area):
    tip, officer = taken(category="MA_TUY"), make_user(Role.OFFICER, area.commune_a)
    with pytest.raises(ValidationError) as caught:
        reclassify(tip, chief, priority="P3")
    assert list(caught.value.message_dict) == ["reason"]
    with pytest.raises(NotAllowedError, match="Chỉ chỉ huy"):
        reclassify(tip, officer, priority="P3", reason="Việc đã qua")
    assert reclassify(tip, officer, priority="P1").priority == Priority.P1


@pytest.mark.parametrize(
    ("category", "text", "priority"),
    [
        ("TRUY_NA_TIN", "Thấy người trong ảnh ở bến xe chiều nay", Priority.P0),
        ("VU_KHI_PHAO", "Trong kho có quả đạn pháo cũ rất to", Priority.P0),
        ("TTHC", "Hỏi giấy tờ làm căn cước cho con", Priority.P3),
    ],
)
def test_new_category_raises_to_what_it_asks_for_and_never_lowers(
    taken, chief, area, category, text, priority
):
    tip = taken(category="KHAC", text=text)
    officer = make_user(Role.OFFICER, area.commune_a)
    assert tip.priority == Priority.P3
    assert reclassify(tip, officer, category=category, priority=3).priority == priority


def test_reclassified_category_keeps_what_the_sender_chose(taken, chief):
    tip = reclassify(taken(category="CU_TRU"), chief, category="LUA_DAO", reason="Nghi ổ lừa đảo")
    assert (tip.category, tip.category_chosen) == ("LUA_DAO", "CU_TRU")
    assert tip.events.last().note == "Nghi ổ lừa đảo"


def test_tip_that_becomes_a_complaint_leaves_its_commune(taken, chief, area, supervisor):
    moved = reclassify(taken(), chief, category="CAN_BO")
    assert (moved.handler, moved.assignee, moved.status) == (area.district, None, "transferred")
    assert not Tip.objects.visible_to(chief).exists()
    assert not reading.transferred_away(chief).exists()
    assert Tip.objects.visible_to(supervisor).exists()


def test_no_audit_entry_of_a_commune_tells_of_a_complaint(taken, chief, area):
    reclassify(taken(), chief, category="CAN_BO", reason="Nói về cán bộ")
    entry = AuditEntry.objects.get(action="tips.tip.reclassified")
    assert entry.unit_path == area.district.path
    at_commune = AuditEntry.objects.filter(unit_path__startswith=area.commune_a.path)
    assert not [entry for entry in at_commune if "CAN_BO" in str(entry.data)]


def test_tip_that_becomes_restricted_loses_an_assignee_outside_the_circle(submit, area, chief):
    officer = make_user(Role.OFFICER, area.commune_a)
    tip = submit()
    tip = handling.accept(tip, actor=officer, version=tip.version)
    assert reclassify(tip, chief, category="TRE_EM").assignee is None


@pytest.mark.parametrize("category", ["TRE_EM", "BAO_LUC_GD"])
def test_leaving_a_restricted_category_takes_a_chief_of_the_circle_and_a_reason(submit, area, category):
    member = make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    leader = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    outsider = make_user(Role.OFFICER, area.commune_a)
    tip = submit(category=category)
    with pytest.raises(NotAllowedError, match="bỏ loại hạn chế"):
        reclassify(tip, member, category="GAY_ROI", reason="Không phải việc trẻ em")
    with pytest.raises(ValidationError) as caught:
        reclassify(tip, leader, category="GAY_ROI")
    assert list(caught.value.message_dict) == ["reason"]
    assert not Tip.objects.visible_to(outsider).exists()
    other = {"TRE_EM": "BAO_LUC_GD", "BAO_LUC_GD": "TRE_EM"}[category]
    tip = reclassify(tip, member, category=other)
    moved = reclassify(tip, leader, category="GAY_ROI", reason="Không phải việc trẻ em")
    assert (moved.category, moved.events.last().note) == ("GAY_ROI", "Không phải việc trẻ em")


@pytest.mark.parametrize("changes", [{"priority": "P5"}, {"priority": "x"}, {"category": "NOPE"}])
def test_reclassify_with_unknown_value_is_refused(taken, chief, changes):
    with pytest.raises(ValidationError) as caught:
        reclassify(taken(), chief, **changes)
    assert list(caught.value.message_dict) == list(changes)


def test_every_move_is_audited_with_codes_only(taken, chief, area):
    transfer(taken(), chief, area.commune_b, reason="Bí mật của bà Tư")
    entry = AuditEntry.objects.get(action="tips.tip.transferred")
    assert entry.data == {"from": "D6801", "to": "D6802", "place": ["D6801", ""]}
    assert entry.unit_path == area.commune_a.path
