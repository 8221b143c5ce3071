"""Opening the contact: right, reason, time limit, trace."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, StaleVersionError, WrongStateError
from tests.factories import make_user
from tests.tips import media
from tips.models import IdentityGrant
from tips.services import handling, identity, originals, routing

pytestmark = pytest.mark.django_db


@pytest.fixture
def tip(submit):
    return submit(contact_name="Trần Thị Hoa", contact_phone="0912345678")


def reveal(tip, actor, reason="Cần hỏi thêm biển số xe"):
    return identity.reveal_contact(tip, actor=actor, version=tip.version, reason=reason)


def test_reveal_by_chief_opens_for_a_quarter_of_an_hour(tip, chief):
    revealed = reveal(tip, chief)
    assert (revealed.name, revealed.phone) == ("Trần Thị Hoa", "0912 345 678")
    assert (revealed.until - timezone.now()).total_seconds() == pytest.approx(900, abs=5)
    assert identity.live_grant(tip, chief).reason == "Cần hỏi thêm biển số xe"
    tip.refresh_from_db()
    assert tip.version == 1


def test_reveal_is_audited_without_the_contact(tip, chief):
    reveal(tip, chief)
    entry = AuditEntry.objects.get(action="tips.contact.revealed")
    assert entry.actor == chief and set(entry.data) == {"user", "until"}
    assert "Hoa" not in str(entry.data) and tip.events.last().kind == "revealed"


def test_reveal_repr_tells_nothing(tip, chief):
    assert "Hoa" not in repr(reveal(tip, chief))


def test_officer_who_took_a_tip_cannot_open_its_contact_alone(tip, officer):
    taken = handling.assign(tip, actor=officer, version=1, assignee=officer)
    with pytest.raises(NotAllowedError):
        reveal(taken, officer)
    assert not IdentityGrant.objects.exists()


def test_supervisor_opens_a_contact_without_asking(tip, area):
    assert reveal(tip, make_user(Role.SUPERVISOR, area.district)).name == "Trần Thị Hoa"


@pytest.mark.parametrize("category", ["TRE_EM", "BAO_LUC_GD"])
def test_contact_of_a_restricted_tip_takes_two_people(submit, area, category):
    tip = submit(category=category, contact_name="Trần Thị Hoa")
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    supervisor = make_user(Role.SUPERVISOR, area.district, restricted_circle=True)
    for actor in (chief, supervisor):
        with pytest.raises(NotAllowedError):
            reveal(tip, actor)
    identity.grant_identity(tip, actor=supervisor, version=1, user=chief, reason="Gặp người báo cùng y tế")
    assert reveal(tip, chief).name == "Trần Thị Hoa"
    with pytest.raises(NotAllowedError):
        reveal(tip, supervisor)


def test_one_leave_is_no_leave_to_renew_it(tip, chief, officer):
    identity.grant_identity(tip, actor=chief, version=1, user=officer, reason="Trực thay chỉ huy")
    reveal(tip, officer)
    IdentityGrant.objects.filter(granted_by=chief).update(until=timezone.now())
    with pytest.raises(NotAllowedError):
        reveal(tip, officer)


@pytest.mark.parametrize("role", [Role.RELAY, Role.AUDITOR, Role.ADMINISTRATOR])
def test_reveal_by_roles_without_tips_is_refused(tip, area, role):
    with pytest.raises(NotAllowedError):
        reveal(tip, make_user(role, area.province))


@pytest.mark.parametrize("reason", ["", "  ", None, "x", "xác minh"])
def test_reveal_without_reason_is_refused(tip, chief, reason):
    with pytest.raises(ValidationError):
        reveal(tip, chief, reason=reason)
    assert not IdentityGrant.objects.exists()


def test_reveal_with_stale_version_is_refused(tip, chief):
    handling.accept(tip, actor=chief, version=1)
    tip.refresh_from_db()
    with pytest.raises(StaleVersionError):
        identity.reveal_contact(tip, actor=chief, version=1, reason="Cần hỏi thêm")


def test_reveal_of_an_anonymous_tip_is_wrong_state(submit, chief):
    with pytest.raises(WrongStateError, match="ẩn danh"):
        reveal(submit(), chief)


def test_reveal_without_private_key_is_refused(tip, chief, settings):
    settings.IDENTITY_PRIVATE_KEY = ""
    with pytest.raises(NotAllowedError, match="không giữ khóa"):
        reveal(tip, chief)
    assert not IdentityGrant.objects.exists()


def test_leave_from_a_chief_lets_an_officer_reveal_until_it_ends(tip, chief, officer):
    with pytest.raises(NotAllowedError):
        reveal(tip, officer)
    grant = identity.grant_identity(tip, actor=chief, version=1, user=officer, reason="Trực thay chỉ huy")
    assert reveal(tip, officer).name == "Trần Thị Hoa"
    IdentityGrant.objects.filter(pk=grant.pk).update(until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotAllowedError):
        reveal(tip, officer)


def test_leave_is_never_for_oneself_nor_by_officers(tip, chief, officer):
    with pytest.raises(ValidationError):
        identity.grant_identity(tip, actor=chief, version=1, user=chief, reason="Cho tôi xem với")
    with pytest.raises(NotAllowedError):
        identity.grant_identity(tip, actor=officer, version=1, user=chief, reason="Cho chỉ huy xem")


@pytest.mark.parametrize("chosen", ["TRE_EM", "GAY_ROI"])
def test_second_person_is_needed_wherever_a_restricted_tip_is_sorted(submit, area, chosen):
    picture = SimpleUploadedFile("a.png", media.picture("PNG"))
    tip = submit(category=chosen, contact_name="Trần Thị Hoa", files=[picture])
    chief = make_user(Role.CHIEF, area.commune_a, restricted_circle=True)
    for category in ("TRE_EM", "GAY_ROI"):
        tip = routing.reclassify(tip, actor=chief, version=tip.version, category=category, reason="Xếp lại")
        with pytest.raises(NotAllowedError):
            reveal(tip, chief)
        with pytest.raises(NotAllowedError):
            originals.open_original(tip.evidence.get(), actor=chief, reason="Cần xem nơi chụp")
    second = make_user(Role.SUPERVISOR, area.district)
    identity.grant_identity(tip, actor=second, version=tip.version, user=chief, reason="Gặp cùng y tế")
    assert reveal(tip, chief).name == "Trần Thị Hoa"
