"""Acts on a post that ask before they do it: the same words twice, a draft thrown away, a notice renewed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.models import Broadcast
from tests.factories import BroadcastFactory, NoticeFactory
from tests.portal.desk_posts import act
from tests.portal.desk_world import html

pytestmark = pytest.mark.django_db


def test_same_words_twice_are_submitted_after_a_tick(world):
    Broadcast.objects.filter(pk=world.draft.pk).update(body=world.sending.body)
    page = act(world, world.draft, "submit", by="officer")
    assert page.status_code == 409
    words = html(page)
    summary = words[
        words.index('class="error-summary" role="alert"') : words.index("</ul>", words.index("error-summary"))
    ]
    assert 'href="#submit_confirm_duplicate"' in summary
    assert reverse("desk:broadcast", args=[world.sending.code]) in summary
    assert 'type="checkbox" name="confirm_duplicate"' in words

    act(world, world.draft, "submit", by="officer", confirm_duplicate="on")
    assert Broadcast.objects.get(pk=world.draft.pk).state == "submitted"


@pytest.mark.parametrize(("role", "post"), [("officer", "draft"), ("chief", "submitted")])
def test_same_words_are_told_of_before_anybody_presses(world, role, post):
    broadcast = getattr(world, post)
    Broadcast.objects.filter(pk=broadcast.pk).update(body=world.sending.body)
    words = html(world.client(role).get(reverse("desk:broadcast", args=[broadcast.code])))
    assert 'type="checkbox" name="confirm_duplicate"' in words
    assert reverse("desk:broadcast", args=[world.sending.code]) in words


def test_nobody_is_asked_about_words_that_are_new(world):
    Broadcast.objects.filter(pk=world.draft.pk).update(body="Lời mới.")
    url = reverse("desk:broadcast", args=[world.draft.code])
    assert 'type="checkbox" name="confirm_duplicate"' not in html(world.client("officer").get(url))
    act(world, world.draft, "submit", by="officer")
    assert Broadcast.objects.get(pk=world.draft.pk).state == "submitted"


def test_draft_is_thrown_away_by_its_author(world):
    url = reverse("desk:broadcast_act", args=[world.draft.code, "discard"])
    page = reverse("desk:broadcast", args=[world.draft.code])
    assert url in html(world.client("officer").get(page))
    assert url not in html(world.client("chief").get(page))
    assert act(world, world.draft, "discard", by="chief").status_code == 403

    act(world, world.draft, "discard", by="officer")
    assert Broadcast.objects.get(pk=world.draft.pk).state == "cancelled"


@pytest.mark.parametrize(("days", "is_offered"), [(10, True), (40, False)])
def test_notice_near_its_review_date_is_renewed(world, days, is_offered):
    today = timezone.localdate()
    notice = NoticeFactory(unit=world.area.commune_a, review_by=today + timedelta(days=days))
    post = BroadcastFactory(unit=world.area.commune_a, notice=notice, kind=notice.kind, state="done")
    page = html(world.client("chief").get(reverse("desk:broadcast", args=[post.code])))
    assert ("Gia hạn thông báo" in page) is is_offered

    until = today + timedelta(days=100)
    act(world, post, "renew-notice", by="chief", review_by=f"{until:%d/%m/%Y}")
    notice.refresh_from_db()
    assert notice.review_by == until
