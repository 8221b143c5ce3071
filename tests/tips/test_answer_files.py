"""Files that the police attach to an answer: the sender opens them with the receipt, and nothing else."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groups.enums import Role
from tests.factories import make_user
from tests.tips import media
from tips.models import Tip
from tips.services import follow, handling
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db


def picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("rieng-tu.png", media.picture("PNG"))


@pytest.fixture
def sent(draft, area):
    """A tip with a file of its sender, one of an answer and one of a note; and its receipt."""
    submission = submit_tip(draft(files=[picture()]))
    chief = make_user(Role.CHIEF, area.commune_a)
    tip = handling.accept(submission.tip, actor=chief, version=1)
    tip = handling.reply(tip, actor=chief, version=tip.version, text="Mẫu đơn đây", files=[picture()])
    handling.add_note(tip, actor=chief, version=tip.version, text="Hiện trường", files=[picture()])
    follow.add_message(Tip.objects.get(), text="Ảnh thêm", files=[picture()])
    return Tip.objects.get(), submission.receipt


def ask(client, receipt, file):
    return client.post("/theo-doi/", {"receipt": receipt, "action": "file", "file": file})


def test_sender_opens_the_file_of_an_answer_and_no_other(client, sent):
    tip, receipt = sent
    own, answer, note, added = tip.evidence.order_by("pk")
    page = client.post("/theo-doi/", {"receipt": receipt}).content.decode()
    assert f'value="{answer.public_id}"' in page and "Tải Ảnh 1" in page
    for hidden in (own, note, added):
        assert hidden.public_id not in page
        assert ask(client, receipt, hidden.public_id).status_code == 404
    response = ask(client, receipt, answer.public_id)
    assert response.status_code == 200
    assert b"".join(response).startswith(b"\xff\xd8")
    assert response["Content-Disposition"] == 'attachment; filename="tra-loi.jpg"'
    assert "sandbox" in response["Content-Security-Policy"] and response["Cache-Control"].startswith(
        "no-store"
    )


def test_file_of_an_answer_is_not_given_for_another_receipt(client, sent, draft):
    tip, _receipt = sent
    answer = tip.evidence.order_by("pk")[1]
    other = submit_tip(draft())
    assert ask(client, other.receipt, answer.public_id).status_code == 404
    assert "Không tìm thấy tin" in ask(client, "0000-0000-0000-0000", answer.public_id).content.decode()
