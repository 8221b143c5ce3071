"""Leave to open what is sealed: who opens by the leave of a second person opens no longer than it lasts."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from groups.enums import Role
from tests.factories import make_user
from tests.tips import media
from tips.services import identity, originals, routing

pytestmark = pytest.mark.django_db

WHY = "Gặp cùng cán bộ y tế xã"


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, restricted_circle=True)


@pytest.fixture
def second(area):
    return make_user(Role.SUPERVISOR, area.district)


@pytest.fixture
def tip(submit, chief):
    """A tip that was restricted once, with a contact and a picture."""
    picture = SimpleUploadedFile("a.png", media.picture("PNG"))
    tip = submit(category="TRE_EM", contact_name="Trần Thị Hoa", files=[picture])
    return routing.reclassify(tip, actor=chief, version=tip.version, category="GAY_ROI", reason="Xếp lại")


def nearly_over(leave):
    leave.until = timezone.now() + timedelta(minutes=1)
    leave.save(update_fields=["until"])
    return leave.until


def test_contact_of_a_tip_once_restricted_stays_open_as_long_as_the_leave(tip, chief, second):
    lent = identity.grant_identity(tip, actor=second, version=tip.version, user=chief, reason=WHY)
    until = nearly_over(lent)
    shown = identity.reveal_contact(tip, actor=chief, version=tip.version, reason=WHY)
    assert shown.until == until


def test_original_stays_open_as_long_as_the_leave(tip, chief, second):
    file = tip.evidence.get()
    until = nearly_over(originals.grant_original(file, actor=second, user=chief, reason=WHY))
    assert originals.open_original(file, actor=chief, reason=WHY).until == until
