"""Judging a post through the pages: who may, conflicts, pausing, withdrawing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import BroadcastState, PostKind
from broadcasts.models import Broadcast
from broadcasts.services import approval
from tests.portal.desk_posts import COMPOSE, act, compose, latest
from tests.portal.desk_world import html

pytestmark = pytest.mark.django_db


def test_author_does_not_approve_their_own_post(world):
    compose(world, by="chief")
    broadcast = latest()
    act(world, broadcast, "submit", by="chief")
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[broadcast.code])))
    assert "Duyệt và gửi ngay" not in page
    assert act(world, broadcast, "approve", by="chief").status_code == 403


def test_returned_post_comes_back_with_the_reason_and_can_be_changed(world):
    act(world, world.submitted, "return", by="chief", reason="Xin ghi rõ giờ họp.")
    page = html(world.client("officer").get(reverse("desk:today")))
    assert "Xin ghi rõ giờ họp." in page
    url = reverse("desk:edit", args=[world.submitted.code])
    world.client("officer").post(url, {**COMPOSE, "title": "Mời họp 19 giờ 30"})
    world.submitted.refresh_from_db()
    assert (world.submitted.title, world.submitted.state) == ("Mời họp 19 giờ 30", BroadcastState.DRAFT)


def test_second_decision_meets_a_conflict_and_keeps_the_words(world):
    approval.approve_broadcast(world.submitted, actor=world.users["supervisor"], confirm_duplicate=True)
    response = act(world, world.submitted, "return", by="chief", reason="Xin rút ngắn tiêu đề.")
    assert response.status_code == 409
    page = html(response)
    assert "Xin rút ngắn tiêu đề." in page
    assert reverse("desk:broadcast", args=[world.submitted.code]) in page


def test_pause_and_resume(world):
    act(world, world.sending, "pause", by="officer")
    world.sending.refresh_from_db()
    assert world.sending.state == BroadcastState.PAUSED
    act(world, world.sending, "resume", by="chief")
    world.sending.refresh_from_db()
    assert world.sending.state == BroadcastState.SENDING


def test_repeating_post_paused_over_its_hour_is_resumed_with_a_question(world):
    past = timezone.now() - timedelta(hours=3)
    Broadcast.objects.filter(pk=world.submitted.pk).update(
        state="paused", paused_from="approved", recurrence="FREQ=DAILY", send_at=past, due_at=past
    )
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[world.submitted.code])))
    assert "Bỏ lần gửi đã qua giờ" in page
    assert reverse("desk:broadcast_act", args=[world.submitted.code, "cancel"]) in page
    assert reverse("desk:broadcast_act", args=[world.submitted.code, "withdraw"]) not in page
    act(world, world.submitted, "resume", by="chief", skip_missed="on")
    world.submitted.refresh_from_db()
    assert (world.submitted.state, world.submitted.due_at > timezone.now()) == ("approved", True)


def test_withdrawal_needs_a_reason_and_a_confirmation(world):
    response = act(world, world.sending, "withdraw", by="chief", reason="Sai ngày họp")
    assert response.status_code == 400
    page = html(act(world, world.sending, "withdraw", by="chief", reason="Sai ngày họp", confirmed="on"))
    assert "Bản đính chính:" in page
    correction = Broadcast.objects.get(corrects=world.sending)
    assert correction.kind == PostKind.CORRECTION
    assert correction.code in page
    assert act(world, world.sending, "withdraw", by="officer", reason="x", confirmed="on").status_code == 403


def test_unknown_act_is_not_found(world):
    assert act(world, world.sending, "explode", by="chief").status_code == 404


def test_approval_carries_the_version_the_chief_saw(world):
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[world.submitted.code])))
    assert f'name="version" value="{world.submitted.version}"' in page

    seen = world.submitted.version
    Broadcast.objects.filter(pk=world.submitted.pk).update(version=seen + 1)
    response = act(world, world.submitted, "approve", by="chief", version=seen)

    assert response.status_code == 409
    world.submitted.refresh_from_db()
    assert world.submitted.state == "submitted"
