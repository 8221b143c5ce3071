"""What a sender does leaves no exact second behind: not in a row, not in the times of files and folders."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.utils import timezone

from groups.services import inbox, signers
from groups.zalo import fake
from groups.zalo.fake_world import Person
from tests.factories import OfficialAccountFactory
from tests.groups.webhooks import post as post_event
from tests.groups.webhooks import private
from tests.tips import canary, media
from tests.tips.public.forms import filled, follow, photo, receipt_in
from tips import receipts
from tips.models import DataRequest, Evidence, Message, Rating, Tip, Upload, ZaloThread
from tips.services import handling, timing
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db(transaction=True)

URGENT = "Họ cầm dao đuổi chém nhau ngoài chợ, có người bị thương."
SECOND = 37


@pytest.fixture(autouse=True)
def _clock(time_machine) -> None:
    time_machine.move_to("2026-03-04 08:15:37.123456+07:00", tick=False)


def written_this_second() -> Iterator[tuple[str, str]]:
    """Columns that hold this very second, or one a whole number of minutes away."""
    for model in apps.get_models():
        names = [field.name for field in model._meta.local_fields if isinstance(field, models.DateTimeField)]
        for row in model._default_manager.values(*names) if names else ():
            yield from ((model.__name__, name) for name, at in row.items() if at and at.second == SECOND)


@pytest.fixture
def seen(area) -> set[tuple[str, str]]:
    """What is no sender's: people and units made just now, the keys of a new installation."""
    return {("DigestKey", "created_at"), *written_this_second()}


def upload(client: Client, token: str) -> str:
    """Send a photo up as the form's script does, in one piece; its id."""
    data, head = photo().read(), {"Upload-Token": token}
    length = head | {"Upload-Length": str(len(data)), "Upload-Kind": "image"}
    place = client.post("/gui-tin/tep/", headers=length)["Location"]
    piece = {"content_type": "application/offset+octet-stream"}
    assert client.patch(place, data, headers=head | {"Upload-Offset": "0"}, **piece).status_code == 204
    return place.rstrip("/").rpartition("/")[2]


def test_forms_leave_no_second(area, client, seen, settings):
    """With a contact, a file in pieces, one that waits for the scanner, more words, a rating, a request."""
    values = filled(client, area, contact_name="Trần Hoa", contact_phone="0912345678")
    ready = {"files": photo(), "upload": upload(client, values["form_token"])}
    receipt = receipt_in(client.post("/gui-tin/", values | ready))
    settings.CLAMAV_ADDRESS = "127.0.0.1:1"
    assert receipt_in(client.post("/gui-tin/", filled(client, area, text=URGENT, files=photo())))
    follow(client, receipt, action="add", text="Xe biển số 49.", files=photo())
    Tip.objects.filter(receipt_digest=receipts.digest(receipt)).update(
        status="closed", outcome="handled", closed_at=timezone.now().replace(second=0, microsecond=0)
    )
    follow(client, receipt, action="rate", stars="2", words="Chưa xong.")
    follow(client, receipt, action="ask", kind="correct", words="Xin sửa lại chỗ ở.")
    follow(client, receipt, action="add", text="Tối qua lại có.")
    assert {Tip.objects.filter(status="reopened").count(), Rating.objects.count()} == {1}
    assert (Evidence.objects.count(), Evidence.objects.exclude(due_at=None).count()) == (4, 2)
    assert (DataRequest.objects.count(), Upload.objects.count(), Message.objects.count()) == (1, 1, 2)
    assert set(written_this_second()) - seen == set()


def test_moment_filled_in_by_a_programme_is_cut_to_the_minute(area, client, seen):
    body = {"category": "GAY_ROI", "unit": area.commune_a.code, "text": canary.SENDER["text"]}
    body["occurred_at"] = timezone.now().isoformat()
    assert client.post("/api/v1/tips/", json.dumps(body), content_type="application/json").status_code == 201
    assert Tip.objects.get().occurred_at is not None
    assert set(written_this_second()) - seen == set()


@pytest.mark.parametrize("category", ["MA_TUY", "GAY_ROI"])
@pytest.mark.parametrize("words", ["Quán ở cạnh cây xăng.", URGENT])
def test_answer_to_a_question_leaves_no_second(area, draft, chief, seen, time_machine, category, words):
    """The deadline moves by the time the clock stood, and may move again for what the words ask."""
    time_machine.move_to("2026-03-04 08:02:11+07:00", tick=False)
    made = submit_tip(draft(category=category))
    tip = handling.accept(made.tip, actor=chief, version=made.tip.version)
    timing.ask_sender(tip, actor=chief, version=tip.version, text="Quán nào, ở đâu ạ?")
    asked = Tip.objects.get()
    Tip.objects.update(
        paused_at=asked.paused_at.replace(second=0, microsecond=0),
        paused_deadline=asked.paused_deadline.replace(second=0, microsecond=0),
    )
    time_machine.move_to("2026-03-04 10:15:37.123456+07:00", tick=False)
    before = set(written_this_second())
    follow(Client(), made.receipt, action="add", text=words)
    assert Tip.objects.get().paused_at is None and Message.objects.filter(author=None).exists()
    assert set(written_this_second()) - seen - before == set()


def test_private_message_leaves_no_second(area, seen, settings):
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    signers.forget()
    account = OfficialAccountFactory(unit=area.commune_a)
    fake.world.people[canary.ZALO_USER] = Person()
    before = set(written_this_second())
    files = [{"type": "image", "payload": {"url": "https://x.zdn.vn/a.jpg"}}]
    text = "Đêm qua có đám đua xe ở cầu"
    event = private(account, text, user_id=canary.ZALO_USER)
    event["message"]["attachments"] = files
    assert post_event(event).status_code == 200
    assert set(written_this_second()) - seen - before == set()
    assert inbox.process_due() == 1
    assert ZaloThread.objects.get().due_at and Tip.objects.get().channel == "zalo"
    assert set(written_this_second()) - seen - before == set()


def test_folders_forget_when_something_came_and_when_it_went(area, client, settings):
    root = Path(settings.MEDIA_ROOT)
    values = filled(client, area)
    refused = SimpleUploadedFile("a.pdf", media.PDF)
    assert receipt_in(client.post("/gui-tin/", {**values, "files": [photo(), refused]})) is None
    assert receipt_in(client.post("/gui-tin/", {**values, "files": photo()}))
    assert receipt_in(client.post("/gui-tin/", {**values, "files": photo()}))
    found = {path: path.stat().st_mtime % 60 for path in root.rglob("*")}
    assert len(found) > 3 and set(found.values()) == {0}
