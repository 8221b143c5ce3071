"""Following a post through the pages: its rows, its progress, the lists it stands in."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.engine.store import MAX_READS
from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.models import Broadcast, Delivery, Mailbox
from tests.factories import BroadcastFactory, TipFactory
from tests.portal.desk_world import html

pytestmark = pytest.mark.django_db


def test_unknown_row_is_sent_again_only_by_who_looked_into_the_group(world):
    Delivery.objects.filter(pk=world.unknown.pk).update(account=world.automatic.official_account)
    client, post = world.client("chief"), reverse("desk:broadcast", args=[world.sending.code])
    chosen = {"viec": "retry", "luot": world.unknown.pk, "tu-bai": world.sending.code}
    assert reverse("desk:dead_letters_confirm") in html(client.get(post))
    assert "Tôi đã mở từng nhóm để xem" in html(client.post(reverse("desk:dead_letters_confirm"), chosen))
    assert client.post(reverse("desk:dead_letters_act"), chosen).status_code == 400
    world.unknown.refresh_from_db()
    assert world.unknown.state == "unknown"
    response = client.post(reverse("desk:dead_letters_act"), {**chosen, "looked": "on"})
    assert response.url.startswith(post)
    world.unknown.refresh_from_db()
    assert world.unknown.state == "waiting"


def test_rows_are_filtered_by_state_and_settled_from_the_page(world):
    url = reverse("desk:broadcast", args=[world.sending.code])
    page = html(world.client("officer").get(url, {"gui": "unknown"}))
    assert world.automatic.name in page
    assert f'id="luot-{world.to_post.pk}"' not in page
    assert "Đã thấy trong nhóm" in page
    assert "Gửi lại" not in page.partition('id="luot-gui"')[2].partition("</ul>")[0].replace(
        "chọn: Đã thấy trong nhóm / Gửi lại", ""
    )
    seen = reverse("desk:delivery_act", args=[world.unknown.pk, "seen"])
    assert "Đã ghi nhận" in html(world.client("officer").post(seen, follow=True))
    world.unknown.refresh_from_db()
    assert world.unknown.state == DeliveryState.SENT
    assert world.client("officer").post(seen).status_code == 409


def test_progress_asks_again_while_something_is_under_way_and_then_stops(world):
    url = reverse("desk:broadcast_progress", args=[world.sending.code])

    def asks(**row) -> str:
        Delivery.objects.filter(pk=world.unknown.pk).update(**row)
        page = html(world.client("officer").get(url, headers={"HX-Request": "true"}))
        return page.partition('hx-trigger="')[2].partition('"')[0]

    assert asks(state=DeliveryState.QUEUED) == "every 3s"
    assert asks(state=DeliveryState.UNKNOWN) == "every 15s"
    # Only a person's turn is left: no page need ask, and a session may run out.
    assert asks(state=DeliveryState.SENT) == ""
    Broadcast.objects.filter(pk=world.sending.pk).update(started_at=timezone.now() - timedelta(hours=2))
    assert asks(state=DeliveryState.QUEUED) == ""


def test_post_shows_the_tips_that_answer_it_to_those_who_may_see_them(world):
    tip = TipFactory(unit=world.area.commune_a, broadcast=world.sending)
    url = reverse("desk:broadcast", args=[world.sending.code])
    assert tip.public_id in html(world.client("officer").get(url))


def test_list_finds_titles_without_marks_and_by_state(world):
    BroadcastFactory(unit=world.area.commune_a, title="Phòng chống đuối nước", state=BroadcastState.DONE)
    client, url = world.client("officer"), reverse("desk:broadcasts")
    assert "Phòng chống đuối nước" in html(client.get(url, {"q": "duoi nuoc"}))
    assert "Phòng chống đuối nước" not in html(client.get(url, {"q": "duoi nuoc", "loc": "cho-duyet"}))
    assert "Không có bài nào như vậy" in html(client.get(url, {"loai": "wanted"}))


def test_unknown_act_on_a_row_is_not_found(world):
    row = world.sending.deliveries.first()

    assert world.client("officer").post(reverse("desk:delivery_act", args=[row.pk, "xyz"])).status_code == 404


def test_progress_goes_on_with_the_page_that_is_shown(world):
    Broadcast.objects.filter(pk=world.sending.pk).update(started_at=timezone.now())
    world.sending.deliveries.update(state="queued")
    page = html(
        world.client("officer").get(reverse("desk:broadcast", args=[world.sending.code]) + "?trang=1")
    )

    assert f"{reverse('desk:broadcast_progress', args=[world.sending.code])}?trang=1" in page


@pytest.mark.parametrize(
    ("minutes", "reads", "is_asked"), [(1, 0, False), (1, MAX_READS, True), (11, 0, True)]
)
def test_nobody_is_asked_to_look_while_the_system_reads_the_group(world, minutes, reads, is_asked):
    since = timezone.now() - timedelta(minutes=minutes)
    Delivery.objects.filter(pk=world.unknown.pk).update(unknown_at=since, reads=reads)
    client, act = world.client("chief"), reverse("desk:delivery_act", args=[world.unknown.pk, "seen"])
    page = html(client.get(reverse("desk:broadcast", args=[world.sending.code])))
    assert (act in page) is is_asked
    assert ("Xin mở nhóm kiểm tra" in page) is is_asked
    assert ("?gui=unknown" in html(client.get(reverse("desk:today")))) is is_asked


def test_account_stopped_by_hand_is_named_where_its_posts_wait(world):
    chief = world.users["chief"]
    stopped = {"paused_at": timezone.now(), "paused_by": chief, "pause_reason": "Nghi lộ mật khẩu"}
    Mailbox.objects.filter(pk=world.mailbox.pk).update(**stopped)
    Delivery.objects.filter(pk=world.unknown.pk).update(state="queued", account=world.mailbox.account)
    client, words = world.client("officer"), f"Tài khoản {world.mailbox} đang tạm dừng"
    for url in (reverse("desk:today"), reverse("desk:broadcast", args=[world.sending.code])):
        page = html(client.get(url))
        assert words in page
        assert "Nghi lộ mật khẩu" in page
        assert chief.display_name in page
    Mailbox.objects.update(paused_at=None)
    assert words not in html(client.get(reverse("desk:today")))
