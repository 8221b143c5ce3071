"""Bodies of calls to the API of sending."""

import io

from PIL import Image

URL = "/api/v1/broadcasts/"
NOTICE = {
    "decision_number": "12/QĐ-CSĐT",
    "decision_date": "2026-11-05",
    "agency": "Cơ quan Cảnh sát điều tra Công an tỉnh Sơn Hải",
    "phone": "02633 880 000",
    "person_name": "Nguyễn Văn Mẫu",
}


def payload(**changes) -> dict:
    return {
        "title": "Cảnh báo lừa đảo",
        "body": "Không đọc mã OTP cho ai.",
        "kind": "education",
        "urgency": "routine",
        "audience": {"units": ["D6801"]},
    } | changes


def png(width: int = 40, height: int = 30) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(buffer, "PNG")
    buffer.seek(0)
    buffer.name = "anh.png"
    return buffer
