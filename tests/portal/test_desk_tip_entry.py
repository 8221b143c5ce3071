"""Writing a tip down that somebody told on the phone or at the counter."""

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import BroadcastState
from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import BroadcastFactory, make_user
from tests.portal.desk_world import html
from tips.enums import SourceChannel
from tips.models import Tip

pytestmark = pytest.mark.django_db
ENTRY = {
    "channel": "hotline",
    "category": "TROM_CUOP",
    "text": "Bác Tư gọi báo mất con trâu ở bãi sông chiều qua.",
    "unit": "D6801",
    "village": "D680101",
    "contact_name": "Bác Tư",
    "contact_phone": "0912345678",
}


def test_officer_writes_a_call_down_and_reads_the_receipt_out(world):
    client = world.client("officer")
    form = html(client.get(reverse("desk:tip_enter")))
    token = form.partition('name="form_token" value="')[2].partition('"')[0]
    response = client.post(reverse("desk:tip_enter"), {**ENTRY, "form_token": token})
    page = html(response)
    tip = Tip.objects.get(channel=SourceChannel.HOTLINE)
    assert tip.village == world.area.village_a
    assert not tip.is_anonymous
    assert "Bác Tư" not in page.replace(ENTRY["text"], "")
    # A second press shows the same receipt and makes no second tip.
    receipt = page.partition('id="receipt">')[2].partition("</samp>")[0]
    again = html(client.post(reverse("desk:tip_enter"), {**ENTRY, "form_token": token}))
    assert again.partition('id="receipt">')[2].partition("</samp>")[0] == receipt
    assert Tip.objects.filter(channel=SourceChannel.HOTLINE).count() == 1
    assert (
        AuditEntry.objects.get(action="tips.tip.received", target_id=str(tip.pk)).actor
        == world.users["officer"]
    )


@pytest.mark.parametrize("source", ["hotline", "counter", "letterbox", "vneid"])
def test_entry_marks_its_source_and_takes_three_answers(world, source):
    client = world.client("officer")
    page = html(client.get(reverse("desk:tip_enter")))
    assert 'value="hotline" checked' in page
    # What is left to answer: what, in which words; the commune of the desk is chosen already.
    least = {"channel": source, "category": "KHAC", "text": ENTRY["text"], "unit": ENTRY["unit"]}

    client.post(reverse("desk:tip_enter"), least)

    assert Tip.objects.get(text__isnull=False, category="KHAC", channel=source).is_anonymous


def test_entry_joins_the_tip_to_the_post_it_is_about(world):
    sent = BroadcastFactory(
        unit=world.area.commune_a, state=BroadcastState.DONE, started_at=timezone.now(), code="TB-2611-0777"
    )
    client = world.client("officer")
    url = reverse("desk:tip_enter")
    assert 'value="TB-2611-0777"' in html(client.get(url, {"broadcast": "TB-2611-0777"}))

    wrong = client.post(url, {**ENTRY, "broadcast": "TB-9999-9999"})
    assert wrong.status_code == 400 and "Không có bài đăng nào mang mã này" in html(wrong)
    client.post(url, {**ENTRY, "broadcast": "tb-2611-0777"})

    assert Tip.objects.get(channel=SourceChannel.HOTLINE).broadcast == sent


def test_entry_keeps_what_was_typed_when_something_is_wrong(world):
    response = world.client("officer").post(reverse("desk:tip_enter"), {**ENTRY, "contact_phone": "12"})
    assert response.status_code == 400
    assert ENTRY["text"] in html(response)


def test_entry_for_another_commune_is_refused(world):
    response = world.client("officer").post(
        reverse("desk:tip_enter"), {**ENTRY, "unit": "D6802", "village": ""}
    )
    assert response.status_code == 400
    assert not Tip.objects.filter(channel=SourceChannel.HOTLINE).exists()


def test_complaint_told_at_the_counter_goes_above_and_is_not_shown_here(world):
    beat = make_user(Role.BEAT_OFFICER, world.area.commune_a)
    world.users["beat"] = beat
    page = html(world.client("beat").post(reverse("desk:tip_enter"), {**ENTRY, "category": "CAN_BO"}))
    assert "do đơn vị khác xử lý" in page
    tip = Tip.objects.get(channel=SourceChannel.HOTLINE)
    assert tip.handler == world.area.district
    assert tip.public_id not in page
