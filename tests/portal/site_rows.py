"""Rows that the public pages show."""

from django.core.files.base import ContentFile

from broadcasts.enums import PostKind
from broadcasts.models import Picture
from tests.factories import NoticeFactory


def wanted(**fields):
    values = {
        "kind": PostKind.WANTED,
        "person_name": "Nguyễn Văn Mẫu",
        "decision_number": "17/QĐ-CSĐT",
        "decision_date": "2026-11-05",
        "agency": "Cơ quan CSĐT Công an tỉnh",
        "phone": "02633880000",
        "offence": "Trộm cắp tài sản",
        **fields,
    }
    return NoticeFactory(**values)


def picture(unit):
    made = Picture(unit=unit, sha256="a" * 64, width=3, height=4)
    made.file.save("x.jpg", ContentFile(b"\xff\xd8jpeg"), save=True)
    return made
