"""Asking a second person for leave to open a contact, and what superiors see of it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.clients import browser_of
from tests.factories import make_user
from tests.tips import media
from tips.models import IdentityGrant, IdentityRequest
from tips.services import asking, identity, originals, routing
from tips.tasks import sweep

pytestmark = pytest.mark.django_db

WHY = "Cần hỏi thêm biển số xe"
SECRET_NAME = "Trần Thị Hoa"


@pytest.fixture
def tip(submit, officer, chief):
    return submit(contact_name=SECRET_NAME, contact_phone="0912345678")


def ask(tip, actor):
    return asking.ask(tip, actor=actor, version=tip.version, reason=WHY)


def reveal(tip, actor):
    return identity.reveal_contact(tip, actor=actor, version=tip.version, reason=WHY).name


def page(user, name="openings", *args) -> str:
    return browser_of(user).get(reverse(f"desk:{name}", args=args)).content.decode()


def test_officer_asks_chief_agrees_officer_opens_for_a_quarter_of_an_hour(tip, officer, chief, time_machine):
    asked = ask(tip, officer)
    with pytest.raises(NotAllowedError):
        reveal(tip, officer)
    asking.decide(asked, actor=chief, is_granted=True, reason="Đúng việc")
    assert reveal(tip, officer) == SECRET_NAME
    time_machine.move_to(timezone.now() + timedelta(minutes=16))
    with pytest.raises(NotAllowedError):
        reveal(tip, officer)


def test_every_step_is_audited_without_the_contact(tip, officer, chief):
    asking.decide(ask(tip, officer), actor=chief, is_granted=False, reason="Chưa cần")
    actions = list(
        AuditEntry.objects.filter(action__startswith="tips.contact").values_list("action", "actor")
    )
    assert actions == [("tips.contact.refused", chief.pk), ("tips.contact.asked", officer.pk)]
    assert SECRET_NAME not in str(list(AuditEntry.objects.values()))
    assert {"asked", "refused"} <= set(tip.events.values_list("kind", flat=True))


def test_refusal_gives_no_leave_and_may_be_asked_anew(tip, officer, chief):
    asking.decide(ask(tip, officer), actor=chief, is_granted=False, reason="Chưa cần")
    with pytest.raises(NotAllowedError):
        reveal(tip, officer)
    assert ask(tip, officer).decided_at is None
    assert IdentityRequest.objects.count() == 2


def test_asking_twice_is_one_question(tip, officer):
    assert ask(tip, officer) == ask(tip, officer)
    assert IdentityRequest.objects.count() == 1


def test_nobody_answers_their_own_question(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    tip = submit(category="TRE_EM", contact_name=SECRET_NAME)
    asked = ask(tip, chief)
    with pytest.raises(NotAllowedError):
        asking.decide(asked, actor=chief, is_granted=True, reason="Tự cho mình")
    assert asked not in asking.waiting_for(chief)


def test_restricted_tip_takes_a_second_person_of_the_circle(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    tip = submit(category="TRE_EM", contact_name=SECRET_NAME)
    asked = ask(tip, chief)
    outside = make_user(Role.SUPERVISOR, area.district)
    with pytest.raises(NotAllowedError):
        asking.decide(asked, actor=outside, is_granted=True, reason="Đồng ý")
    second = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
    asking.decide(asked, actor=second, is_granted=True, reason="Gặp cùng y tế")
    assert reveal(tip, chief) == SECRET_NAME


def test_question_runs_out_after_a_day(tip, officer, chief):
    asked = ask(tip, officer)
    IdentityRequest.objects.update(until=timezone.now())
    assert not asking.waiting_for(chief).exists()
    with pytest.raises(WrongStateError):
        asking.decide(asked, actor=chief, is_granted=True, reason="Quá muộn")
    assert ask(tip, officer) != asked


def test_second_answer_is_a_conflict(tip, officer, chief):
    asked = ask(tip, officer)
    asking.decide(asked, actor=chief, is_granted=True, reason="Đúng việc")
    with pytest.raises(WrongStateError):
        asking.decide(asked, actor=chief, is_granted=False, reason="Đổi ý")
    assert IdentityGrant.objects.count() == 1


def test_person_who_lost_the_tip_gets_no_leave(tip, officer, chief):
    asked = ask(tip, officer)
    officer.postings.update(valid_to="2026-01-01", valid_from="2025-01-01")
    asked.refresh_from_db()
    with pytest.raises(ValidationError):
        asking.decide(asked, actor=chief, is_granted=True, reason="Đúng việc")


def test_who_may_open_anyway_and_anonymous_tips_need_no_question(tip, submit, officer, chief):
    with pytest.raises(WrongStateError):
        ask(tip, chief)
    with pytest.raises(WrongStateError):
        ask(submit(text="Một tin khác không ghi tên người gửi"), officer)


@pytest.mark.parametrize("reason", ["", "  ", "ok"])
def test_question_without_a_reason_is_refused(tip, officer, reason):
    with pytest.raises(ValidationError):
        asking.ask(tip, actor=officer, version=1, reason=reason)


def test_chief_answers_on_the_desk(tip, officer, chief):
    asked = ask(tip, officer)
    assert WHY in page(chief) and "Cho xem 15 phút" in page(chief)
    client = Client()
    client.force_login(chief)
    url = reverse("desk:opening_decide", args=[asked.pk])
    assert client.post(url, {"answer": "yes"}).status_code == 302
    assert not IdentityGrant.objects.exists()
    client.post(url, {"answer": "yes", "reason": "Đúng việc"})
    assert IdentityGrant.objects.get().user == officer
    assert client.post(url, {"answer": "yes", "reason": "Đúng việc"}).status_code == 404


def test_superiors_see_every_opening_of_their_units(tip, area, officer, chief):
    reveal(tip, chief)
    for person in (
        chief,
        make_user(Role.SUPERVISOR, area.district),
        make_user(Role.SUPERVISOR, area.province),
    ):
        shown = page(person)
        assert chief.display_name in shown and tip.public_id in shown
        assert SECRET_NAME not in shown and "0912" not in shown
    for person in (make_user(Role.CHIEF, area.commune_b), make_user(Role.SUPERVISOR, area.other_province)):
        assert tip.public_id not in page(person) and chief.display_name not in page(person)


def test_superior_outside_the_circle_sees_that_a_restricted_contact_was_opened_not_which(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    second = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
    tip = submit(category="TRE_EM", contact_name=SECRET_NAME)
    asking.decide(ask(tip, chief), actor=second, is_granted=True, reason="Gặp cùng y tế")
    reveal(tip, chief)
    shown = page(make_user(Role.SUPERVISOR, area.province))
    assert chief.display_name in shown and "tin hạn chế" in shown
    for word in (tip.public_id, WHY, "Gặp cùng y tế", "Xâm hại"):
        assert word not in shown


def test_superiors_see_every_opening_of_an_original(submit, area, chief):
    tip = submit(text="Có người lạ ở lò gạch", files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    originals.open_original(tip.evidence.get(), actor=chief, reason=WHY)
    for person in (chief, make_user(Role.SUPERVISOR, area.district)):
        shown = page(person)
        assert chief.display_name in shown and tip.public_id in shown and WHY in shown
    assert tip.public_id not in page(make_user(Role.CHIEF, area.commune_b))
    routing.reclassify(tip, actor=chief, version=tip.version, category="TRE_EM")
    make_user(Role.OFFICER, area.commune_a, restricted_circle=True)
    shown = page(chief)
    assert "tin hạn chế" in shown and tip.public_id not in shown and WHY not in shown


def test_list_costs_the_same_for_more_openings(tip, chief, django_assert_max_num_queries):
    reveal(tip, chief)
    client = Client()
    client.force_login(chief)
    client.get(reverse("desk:openings"))
    for _ in range(3):
        reveal(tip, chief)
    with django_assert_max_num_queries(14):
        client.get(reverse("desk:openings"))


def test_opening_under_leave_ends_with_the_leave(tip, officer, chief, time_machine):
    start = timezone.now().replace(microsecond=0)
    time_machine.move_to(start, tick=False)
    asking.decide(ask(tip, officer), actor=chief, is_granted=True, reason="Đúng việc")
    time_machine.move_to(start + timedelta(minutes=9), tick=False)
    opened = identity.reveal_contact(tip, actor=officer, version=tip.version, reason=WHY)
    assert opened.until == start + timedelta(minutes=15)
    own = identity.reveal_contact(tip, actor=chief, version=tip.version, reason=WHY)
    assert own.until == start + timedelta(minutes=24)


def with_address(*people):
    for person in people:
        person.email = f"{person.username}@example.vn"
        person.save()


def test_those_who_can_answer_get_one_mail_that_says_nothing_of_the_tip(tip, officer, chief, area):
    other = make_user(Role.CHIEF, area.commune_b)
    with_address(officer, chief, other)
    ask(tip, officer)
    for _ in range(2):
        sweep()
    (letter,) = [message for message in mail.outbox if "người báo" in message.subject]
    assert letter.to == [chief.email]
    assert reverse("desk:openings") in letter.body
    for word in (tip.public_id, WHY, SECRET_NAME, officer.display_name):
        assert word not in letter.subject + letter.body


def test_answered_question_is_not_mailed_about(tip, officer, chief):
    with_address(chief)
    asking.decide(ask(tip, officer), actor=chief, is_granted=False, reason="Chưa cần")
    assert asking.mail_waiting() == 0


def test_mail_goes_past_the_chief_who_asks(submit, area):
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    second = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
    with_address(chief, second)
    ask(submit(category="TRE_EM", contact_name=SECRET_NAME), chief)
    assert asking.mail_waiting() == 1
    assert mail.outbox[-1].to == [second.email]


def test_question_stands_on_the_day_page_of_who_can_answer_it(tip, officer, chief):
    ask(tip, officer)
    shown = page(chief, "today")
    assert 'href="#xem-nguoi-bao"' in shown or 'id="xem-nguoi-bao"' in shown
    assert f"{officer.display_name} chờ anh/chị quyết định" in shown and WHY not in shown
    assert "chờ anh/chị quyết định" not in page(officer, "today")
