"""Files whose rows are written stay, whatever fails afterwards."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from tests.tips import media
from tips.evidence import open_evidence
from tips.models import Evidence
from tips.services.intake import submit_tip

pytestmark = pytest.mark.django_db


class Forgotten(SimpleUploadedFile):
    """A file sent in pieces, whose pieces cannot be given up because the database is away."""

    def attached(self) -> None:
        raise OperationalError


def test_file_of_a_tip_outlives_what_fails_after_its_row(draft):
    with pytest.raises(OperationalError):
        submit_tip(draft(files=[Forgotten("a.png", media.picture("PNG"))]))
    assert b"".join(open_evidence(Evidence.objects.get())).startswith(b"\xff\xd8")
