"""Planted words in what surrounds a tip: registers, films on their way, ratings, questions, failing tasks."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from celery.signals import before_task_publish
from django.apps import apps
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from portal.crypto.fields import EncryptedTextField
from tests.factories import make_user
from tests.tips import canary, written
from tips import receipts, tasks
from tips.models import Breach, DataRequest, Tip, Upload, UploadPart
from tips.services import uploads
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with written.production_log() as stream:
        yield stream


@pytest.fixture
def sent(draft):
    """A tip with words and a contact, by somebody who can be asked."""
    place = {"place": canary.SENDER["place"], "text": canary.SENDER["text"]}
    contact = {name: canary.SENDER[name] for name in ("contact_name", "contact_phone")}
    return submit_tip(draft(**place, **contact))


def signed_in(user) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def found_in(*folders: Path, **more: bytes) -> dict[str, set[str]]:
    """Planted words by where they were found."""
    canaries = canary.Canaries()
    places = {**written.everything(*folders), **more}
    assert b"tips_tip" in places["database"]
    return {name: words for name, data in places.items() if (words := canaries.in_bytes(data))}


@written.needs_pg_dump
def test_registers_questions_and_ratings_are_written_down_sealed(sent, area, log, settings):
    """Requests about data, a breach, a question about a contact, a rating: each with a page that shows it."""
    people = {
        "supervisor": make_user(Role.SUPERVISOR, area.district, email="supervisor@x.vn"),
        "officer": make_user(Role.OFFICER, area.commune_a, email="officer@x.vn"),
        "chief": make_user(Role.CHIEF, area.commune_a, email="chief@x.vn"),
        "administrator": make_user(Role.ADMINISTRATOR, area.province, email="admin@x.vn"),
    }
    desk = {name: signed_in(user) for name, user in people.items()}
    sender = Client()

    def follow(**fields) -> None:
        assert sender.post("/theo-doi/", {"receipt": sent.receipt, **fields}).status_code == 200

    def act(who: str, url: str, **fields) -> str:
        answer = desk[who].post(url, fields)
        assert answer.status_code in (200, 302), (url, answer.content.decode()[-3000:])
        return answer.content.decode()

    follow(action="ask", kind="correct", words=f"Xin sửa lại {canary.MESSAGE}")
    row = DataRequest.objects.get()
    act("supervisor", reverse("desk:data_request_act", args=[row.code, "confirm"]), check="receipt")
    decision = {"reason": f"Đúng quyền, {canary.REVEAL}", "done": f"Đã sửa {canary.CLOSING}"}
    act("supervisor", reverse("desk:data_request_act", args=[row.code, "grant"]), **decision)
    entered = {"unit": area.district.code, "kind": "access", "source": "counter", "tip": ""}
    who = {"person": f"Trần {canary.NAME}, {canary.PHONE}", "words": f"Xin xem {canary.NOTE}"}
    act("supervisor", reverse("desk:data_request_enter"), **entered, **who)
    assert DataRequest.objects.count() == 2

    breach = {"what": f"Gửi nhầm {canary.TEXT}", "data": f"Tên {canary.NAME}", "measures": canary.PLACE}
    known = f"{timezone.localtime() - timedelta(hours=73):%d/%m/%Y %H:%M}"
    head = {"unit": area.province.code, "known_at": known, "people": "3"}
    act("administrator", reverse("desk:breach_enter"), **head, **breach)
    assert Breach.objects.count() == 1

    tip = Tip.objects.get()
    page = f"/can-bo/tin-bao/{tip.public_id}/"
    act("officer", f"{page}accept/", version="1")
    act("officer", f"{page}ask/", version="2", reason=f"Cần gọi lại {canary.REVEAL}")
    Tip.objects.update(status="closed", outcome="handled", closed_at=timezone.now())
    follow(action="rate", stars="2", words=f"Chưa hài lòng {canary.VALUE}")
    for name, client in desk.items():
        for url in ("/can-bo/", "/can-bo/du-lieu-ca-nhan/", "/can-bo/su-co/", "/admin/", page, "/metrics"):
            assert client.get(url).status_code in (200, 302, 403, 404), (name, url)
    mail.outbox.clear()
    tasks.sweep()
    tasks.erase_expired()
    assert any("72 giờ" in message.subject for message in mail.outbox)

    shown = desk["supervisor"].get(reverse("desk:data_request", args=[row.code])).content.decode()
    assert canary.MESSAGE in shown and canary.CLOSING in shown
    assert found_in(Path(settings.MEDIA_ROOT), log=log.getvalue().encode()) == {}
    assert '"event": "request"' in log.getvalue()


@written.needs_pg_dump
def test_film_on_its_way_lies_about_sealed_and_not_for_long(area, log, settings):
    """Half an upload, a whole one taken back, one that no form came for: nothing readable, then nothing."""
    photo, token, browser = canary.photo(side=300), receipts.new_form_token(), Client()
    head = {"Upload-Token": token, "User-Agent": canary.AGENT}
    remote = {"REMOTE_ADDR": canary.ADDRESS}
    piece = {"content_type": "application/offset+octet-stream"}
    places = []
    for _number in range(3):
        length = {**head, "Upload-Length": str(len(photo)), "Upload-Kind": "image"}
        places.append(browser.post("/gui-tin/tep/", headers=length, **remote)["Location"])
    first = photo[: 20 * 1024]
    assert canary.METADATA.encode() in first and len(first) < len(photo)
    for place in places:
        answer = browser.patch(place, first, headers={**head, "Upload-Offset": "0"}, **piece, **remote)
        assert answer.status_code == 204
    rest = {**head, "Upload-Offset": str(len(first))}
    for place in places[1:]:
        answer = browser.patch(place, photo[len(first) :], headers=rest, **piece, **remote)
        assert answer.status_code == 204
    assert browser.delete(places[1], headers=head).status_code == 204

    media = Path(settings.MEDIA_ROOT)
    waiting = Path(settings.FILE_UPLOAD_TEMP_DIR)
    stored = [path for path in media.rglob("*") if path.is_file()]
    assert len(stored) == UploadPart.objects.count() == 3
    assert found_in(media, waiting, log=log.getvalue().encode()) == {}
    # Neither do the ids of an upload stand in the log: whoever knows one and the form's token could send it.
    assert not [row for row in Upload.objects.all() if row.public_id in log.getvalue()]
    assert uploads.sweep(timezone.now() + timedelta(days=1, minutes=2)) == 2
    assert not Upload.objects.exists() and not [path for path in media.rglob("*") if path.is_file()]


QUOTED = " ".join([*canary.SENDER.values(), canary.FILE_NAME, canary.ADDRESS, canary.AGENT])
ERRORS = [
    RuntimeError(QUOTED),
    DatabaseError(f"DETAIL: Failing row contains ({QUOTED})"),
    ValidationError({"text": [QUOTED]}),
    UnicodeDecodeError("utf-8", QUOTED.encode(), 0, 1, QUOTED),
    OSError(13, QUOTED, f"/x/{canary.FILE}"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_task_that_fails_with_words_in_its_hands_logs_its_name_only(log, error, monkeypatch):
    """Celery reports what a task raised, and from what; the words in it stay where they are."""
    current_app.loader.import_default_modules()
    names = [name for name in current_app.tasks if name.startswith(("tips.", "groups.", "broadcasts."))]
    assert len(names) > 12

    def fail(*_args, **_more):
        text = QUOTED
        raise error from ValueError(text)

    for name in names:
        monkeypatch.setattr(current_app.tasks[name], "run", fail)
        result = current_app.tasks[name].apply(args=(QUOTED,), kwargs={"text": QUOTED})
        assert result.failed()
    assert log.getvalue().count(type(error).__name__) >= len(names)
    assert canary.Canaries().in_text(log.getvalue()) == set()


def test_messages_to_workers_carry_no_words(draft, area, log, settings):
    """Whatever a tip sets off is announced by its id, if at all: queues are neither sealed nor backed up."""
    messages = []

    def note(body=None, headers=None, **_more) -> None:
        messages.append(repr((body, headers)))

    before_task_publish.connect(note)
    try:
        urgent = f"Họ cầm dao đuổi chém nhau, {canary.TEXT}"
        submission = submit_tip(draft(**canary.SENDER | {"text": urgent}))
        sender = Client()
        sender.post(
            "/theo-doi/", {"receipt": submission.receipt, "action": "add", "text": canary.MESSAGE * 2}
        )
        chief = make_user(Role.CHIEF, area.commune_a, email="chief@x.vn")
        desk = signed_in(chief)
        tip = Tip.objects.get()
        page = f"/can-bo/tin-bao/{tip.public_id}/"
        desk.post(f"{page}accept/", {"version": str(tip.version)})
        note_text = f"@{chief.username} xem {canary.NOTE}"
        desk.post(f"{page}note/", {"version": str(tip.version + 1), "text": note_text})
    finally:
        before_task_publish.disconnect(note)
    assert any("tips.ring_alarms" in message for message in messages)
    assert canary.Canaries().in_text("\n".join(messages)) == set()


# Columns of tips that anybody with a dump can read, by what they hold: codes, digests, sealed boxes, sources
# of rules, sentences of ours. What people write has no place here.
READABLE = {
    "Tip": {"public_id", "receipt_digest", "form_token"},
    "PushDevice": {"digest", "name"},
    "AnswerTemplate": {"title", "text", "procedure"},
    "Contact": {"sealed"},
    "Message": {"form_token"},
    "TipEvent": {"data"},
    "Evidence": {"public_id", "reason", "finding", "content_type", "path"},
    "Original": {"path", "sealed_key"},
    "RetentionRule": {"source"},
    "Tombstone": {"source"},
    "DataRequest": {"code"},
    "Breach": {"code", "reference"},
    "DeadlineRule": {"source"},
    "Upload": {"public_id", "form"},
    "UploadPart": {"path"},
    "ZaloThread": {"sender"},
}


def test_column_of_text_is_sealed_unless_listed():
    """A new column that is readable in a dump is a decision somebody takes here."""
    kinds = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    readable = {}
    for model in apps.get_app_config("tips").get_models():
        fields = [
            field for field in model._meta.local_fields if isinstance(field, kinds) and not field.choices
        ]
        if names := {field.name for field in fields if not isinstance(field, EncryptedTextField)}:
            readable[model.__name__] = names
    assert readable == READABLE
