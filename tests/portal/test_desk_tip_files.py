"""The page of one file: shown under the name of who looks, its original behind a reason or two people."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from portal.audit.models import AuditEntry
from tests.portal.desk_world import html, make_tip
from tests.tips import media
from tips.enums import EvidenceState
from tips.models import Evidence, OriginalGrant

pytestmark = pytest.mark.django_db

REASON = "Giám định giờ chụp theo yêu cầu của cơ quan điều tra"
PHOTO = media.picture_with_gps()


@pytest.fixture
def file(world) -> Evidence:
    files = [SimpleUploadedFile("a.jpg", PHOTO)]
    tip = make_tip(world.area, text="Có người lạ dựng lán bên suối từ hôm qua", files=files)
    return tip.evidence.get()


def url(name: str, file: Evidence) -> str:
    return reverse(f"desk:{name}", args=[file.tip.public_id, file.public_id])


def ask(world, file, by, reason=REASON):
    return world.client(by).post(url("tip_original_open", file), {"reason": reason})


def test_page_shows_the_picture_and_whose_eyes_are_on_it(world, file):
    page = html(world.client("officer").get(url("tip_file", file)))
    assert url("tip_evidence", file) in page
    assert world.users["officer"].display_name in page and f"{timezone.localtime():%d/%m/%Y}" in page
    assert file.sha256 in page and file.original_sha256 in page
    assert "Cần chỉ huy cho phép" in page and url("tip_original_open", file) not in page


def test_film_and_sound_say_who_looks_although_they_carry_no_mark(world, file):
    for kind, element in (("video", "<video"), ("audio", "<audio")):
        Evidence.objects.filter(pk=file.pk).update(kind=kind)
        page = html(world.client("officer").get(url("tip_file", file)))
        assert element in page and "Đang xem" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EvidenceState.SCANNING, "Đang quét mã độc"),
        (EvidenceState.QUARANTINED, "Eicar-Test-Signature"),
        (EvidenceState.REFUSED, "Tệp bị lỗi"),
    ],
)
def test_file_that_cannot_be_opened_says_why(world, file, state, words):
    is_waiting = state == EvidenceState.SCANNING
    Evidence.objects.filter(pk=file.pk).update(
        state=state,
        due_at=timezone.now() if is_waiting else None,
        reason="" if is_waiting else "Tệp bị lỗi, không đọc được.",
        finding="Eicar-Test-Signature" if state == EvidenceState.QUARANTINED else "",
    )
    page = html(world.client("chief").get(url("tip_file", file)))
    assert words in page
    assert url("tip_evidence", file) not in page and url("tip_original_open", file) not in page
    assert world.client("chief").get(url("tip_evidence", file)).status_code == 404
    assert ask(world, file, "chief").status_code == 403


def test_chief_downloads_the_original_after_giving_a_reason(world, file):
    chief = world.client("chief")
    assert chief.get(url("tip_original", file)).status_code == 403
    assert ask(world, file, "chief").status_code == 302
    assert url("tip_original", file) in html(chief.get(url("tip_file", file)))
    response = chief.get(url("tip_original", file))
    assert b"".join(response) == PHOTO
    assert response["Content-Disposition"].startswith("attachment")
    assert "no-store" in response["Cache-Control"]
    actions = AuditEntry.objects.filter(action__startswith="tips.original.").order_by("id")
    assert [entry.action for entry in actions] == ["tips.original.opened", "tips.original.downloaded"]
    assert REASON not in str([entry.data for entry in actions])
    assert file.tip.events.last().note == REASON


def test_original_needs_a_reason_of_more_than_a_word(world, file):
    response = ask(world, file, "chief", reason="xem")
    assert response.status_code == 400 and "ít nhất 10 ký tự" in html(response)
    assert not OriginalGrant.objects.exists()


def test_officer_opens_an_original_with_the_leave_of_the_chief_and_a_reason(world, file):
    assert ask(world, file, "officer").status_code == 403
    body = {"assignee": world.users["officer"].pk, "reason": REASON}
    assert world.client("chief").post(url("tip_original_grant", file), body).status_code == 302
    assert world.client("officer").get(url("tip_original", file)).status_code == 403
    assert ask(world, file, "officer").status_code == 302
    assert b"".join(world.client("officer").get(url("tip_original", file))) == PHOTO
    assert world.client("chief").get(url("tip_original", file)).status_code == 403


def test_nobody_lets_themselves_in_by_way_of_another_form(world, file):
    body = {"assignee": world.users["officer"].pk, "reason": REASON}
    assert world.client("officer").post(url("tip_original_grant", file), body).status_code == 403
    body["assignee"] = world.users["chief"].pk
    assert world.client("chief").post(url("tip_original_grant", file), body).status_code == 400
    assert not OriginalGrant.objects.exists()


def test_leave_runs_out(world, file):
    ask(world, file, "chief")
    OriginalGrant.objects.update(until=timezone.now())
    assert world.client("chief").get(url("tip_original", file)).status_code == 403


def test_original_of_a_restricted_tip_takes_two_people(world, file):
    world.users["chief"].postings.update(restricted_circle=True)
    world.users["supervisor"].postings.update(restricted_circle=True)
    type(file.tip).objects.filter(pk=file.tip.pk).update(category="TRE_EM")
    assert ask(world, file, "chief").status_code == 403
    body = {"assignee": world.users["chief"].pk, "reason": REASON}
    assert world.client("supervisor").post(url("tip_original_grant", file), body).status_code == 302
    assert ask(world, file, "chief").status_code == 302
    assert b"".join(world.client("chief").get(url("tip_original", file))) == PHOTO


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "another"])
def test_original_that_is_not_what_came_is_not_handed_out(world, file, damage, settings):
    ask(world, file, "chief")
    path = Path(settings.MEDIA_ROOT, file.original.path)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "another":
        Evidence.objects.filter(pk=file.pk).update(original_sha256="0" * 64)
    else:
        path.write_bytes(data[:-1] if damage == "cut" else data[:90] + b"\0" + data[91:])
    response = world.client("chief").get(url("tip_original", file))
    assert response.status_code == 409 and "không còn khớp mã băm" in html(response)
    assert AuditEntry.objects.filter(action="tips.original.damaged").count() == 1


def test_process_without_the_identity_key_opens_no_original(world, file, settings):
    ask(world, file, "chief")
    settings.IDENTITY_PRIVATE_KEY = ""
    assert world.client("chief").get(url("tip_original", file)).status_code == 403


def test_other_units_find_neither_page_nor_original(world, file):
    for name in ("tip_file", "tip_evidence", "tip_original"):
        assert world.client("officer2").get(url(name, file)).status_code == 404
    for name in ("tip_original_open", "tip_original_grant"):
        assert world.client("chief").get(url(name, file)).status_code == 405
        assert world.client("officer2").post(url(name, file), {"reason": REASON}).status_code == 404
