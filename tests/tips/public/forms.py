"""The public forms of tips, filled in and sent as a browser does it."""

import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

TEXT = "Mấy tuần nay tối nào cũng có thanh niên lạ tụ tập ở lò gạch cuối thôn."
WRONG = "Không tìm thấy tin với mã này"


def photo(name="anh.jpg"):
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/jpeg")


def hidden(client, path="/gui-tin/", **query):
    """The hidden fields of a fresh form, as a browser would send them back."""
    html = client.get(path, query).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))


def filled(client, area, **changes):
    unit = area.commune_a.code
    values = {**hidden(client, unit=unit), "category": "MA_TUY", "text": TEXT, "unit": unit}
    return {name: value for name, value in (values | changes).items() if value is not None}


def receipt_in(response):
    code = re.search(r'id="receipt">(.*?)</samp>', response.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]+>|\s", "", code[1]) if code else None


def send(client, area, **changes):
    response = client.post("/gui-tin/", filled(client, area, **changes))
    assert response.status_code == 200, response.content.decode()
    return receipt_in(response)


def follow(client, receipt, **values):
    return client.post("/theo-doi/", {"receipt": receipt, **values})
