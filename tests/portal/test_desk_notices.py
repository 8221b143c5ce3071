"""Notices through the pages: written from their decision, corrected, ended."""

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import BroadcastState, NoticeState
from broadcasts.models import Broadcast, Notice
from tests.portal.desk_posts import WANTED, act, compose, latest
from tests.portal.desk_world import html

pytestmark = pytest.mark.django_db


def test_wanted_notice_is_written_from_its_decision_and_approved_against_the_original(world):
    page = html(compose(world, query="?loai=wanted"))
    broadcast = latest()
    assert "Quyết định truy nã số 17/QĐ-CSĐT ngày 01/11/2026" in page
    assert broadcast.notice.state == NoticeState.DRAFT
    act(world, broadcast, "submit", by="officer")
    response = act(world, broadcast, "approve", by="chief")
    assert response.status_code == 400
    assert "Đã đối chiếu số quyết định, ngày, ảnh với bản gốc?" in html(response)
    act(world, broadcast, "approve", by="chief", checked_original="on")
    broadcast.notice.refresh_from_db()
    assert broadcast.notice.state == NoticeState.ACTIVE


@pytest.mark.parametrize("name", ["person_name", "decision_number", "decision_date", "agency", "phone"])
def test_wanted_notice_without_a_legal_field_is_refused(world, name):
    response = compose(world, query="?loai=wanted", **{name: ""})
    assert response.status_code == 400
    assert not Notice.objects.exists()


def test_notice_with_a_wrong_phone_is_refused_at_the_phone(world):
    response = compose(world, query="?loai=missing", features="Cụ bà áo nâu", phone="12")
    assert response.status_code == 400
    page = html(response)
    field = page.partition('for="id_phone"')[2].partition("</div>")[0]
    assert "Số điện thoại chưa đúng" in field


def test_suspect_form_asks_for_neither_name_nor_photo(world):
    page = html(world.client("officer").get(reverse("desk:compose"), {"loai": "suspect"}))
    assert 'name="features"' in page
    assert 'name="person_name"' not in page
    assert 'name="photo"' not in page
    assert world.client("officer").get(reverse("desk:compose"), {"loai": "education"}).status_code == 404


def test_notice_in_draft_can_be_corrected(world):
    compose(world, query="?loai=wanted")
    broadcast = latest()
    url = reverse("desk:edit", args=[broadcast.code])
    assert 'value="01/11/2026"' in html(world.client("officer").get(url))
    world.client("officer").post(url, {**WANTED, "person_name": "Nguyễn Văn Đúng"})
    broadcast.refresh_from_db()
    assert "NGUYỄN VĂN ĐÚNG" in broadcast.body
    assert Notice.objects.count() == 1


def test_chief_ends_a_notice_and_the_groups_get_a_correction(world):
    compose(world, query="?loai=missing", features="Cụ bà áo nâu, tóc bạc", form_token="token-9")
    broadcast = latest()
    act(world, broadcast, "submit", by="officer")
    assert "Thông báo chưa có ảnh" in html(act(world, broadcast, "approve", by="chief"))
    Broadcast.objects.filter(pk=broadcast.pk).update(state=BroadcastState.DONE, started_at=timezone.now())
    assert (
        act(world, broadcast, "end-notice", by="officer", ended_as="found", confirmed="on").status_code == 403
    )
    assert act(world, broadcast, "end-notice", by="chief", ended_as="found").status_code == 400
    assert "Đã kết thúc thông báo" in html(
        act(world, broadcast, "end-notice", by="chief", ended_as="found", confirmed="on")
    )
    broadcast.notice.refresh_from_db()
    assert broadcast.notice.state == NoticeState.ENDED
    assert Broadcast.objects.filter(corrects=broadcast).exists()
    assert (
        act(world, world.sending, "end-notice", by="chief", ended_as="found", confirmed="on").status_code
        == 403
    )
