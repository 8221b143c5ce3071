"""A drain of posts with a picture: uploaded once for an account, and anew when Zalo has forgotten it."""

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from broadcasts.models import Broadcast, Mailbox, Picture, PictureUpload
from broadcasts.services import sending
from groups.zalo.errors import Temporary, classify
from tests.broadcasts.drains import states
from tests.factories import GroupFactory, OfficialAccountFactory


@pytest.fixture
def picture(area, officer, tmp_path) -> Picture:
    picture = Picture(unit=area.commune_a, sha256="0", width=1, height=1, uploaded_by=officer)
    picture.file.save("a.jpg", ContentFile(b"\xff\xd8\xff jpeg"))
    return picture


@pytest.fixture
def picture_broadcast(approved, gmf_groups, picture) -> Broadcast:
    broadcast = approved(picture=picture)
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    return broadcast


def test_picture_is_uploaded_once_for_an_account(picture_broadcast, run_drain, zalo):
    run_drain()

    assert len(zalo.uploads) == 1
    assert {posted.attachment_id for posted in zalo.sent} == set(zalo.uploads)
    assert len(zalo.sent) == 3


def test_picture_uploaded_before_is_not_uploaded_again(picture_broadcast, picture, account, run_drain, zalo):
    zalo.uploads["known"] = b""
    PictureUpload.objects.create(
        picture=picture, account=account, attachment_id="known", uploaded_at=timezone.now()
    )

    run_drain()

    assert {posted.attachment_id for posted in zalo.sent} == {"known"}


def test_picture_whose_upload_fails_leaves_rows_waiting(picture_broadcast, run_drain, zalo):
    zalo.fail_next(Temporary(-1, "busy"), times=1)

    run_drain()

    assert states(picture_broadcast) == ["waiting"] * 3
    assert zalo.sent == []


def test_expired_attachment_is_uploaded_anew(
    picture_broadcast, picture, account, run_drain, zalo, gmf_groups
):
    zalo.uploads["old"] = b""
    PictureUpload.objects.create(
        picture=picture, account=account, attachment_id="old", uploaded_at=timezone.now()
    )
    zalo.fail_next(classify(-100, "expired"), times=3)
    run_drain()
    run_drain()

    assert states(picture_broadcast) == ["sent"] * 3
    assert "old" not in {posted.attachment_id for posted in zalo.sent}


def test_picture_with_a_rate_of_one_takes_two_minutes(approved, area, picture, run_drain, zalo):
    account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=1)
    GroupFactory(gmf=True, unit=area.village_a, official_account=account)
    broadcast = approved(picture=picture)
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    run_drain()
    assert (len(zalo.uploads), len(zalo.sent)) == (1, 0)

    Mailbox.objects.update(window={})
    run_drain()
    assert (len(zalo.uploads), len(zalo.sent)) == (1, 1)
    assert states(broadcast) == ["sent"]
