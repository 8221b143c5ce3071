"""People in front of the real web process: somebody with a tip, an officer at the desk."""

import re
import time

import requests

from tests.factories import PASSWORD

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Visitor:
    """One browser. ``seconds`` is how long the last page took."""

    def __init__(self, port: int):
        self.address = f"http://127.0.0.1:{port}"
        self.session = requests.Session()
        self.seconds = 0.0

    def get(self, path: str) -> requests.Response:
        return self._timed("GET", path)

    def post(self, path: str, values: dict[str, str]) -> requests.Response:
        """Fill in the form of the page at ``path`` and send it."""
        hidden = dict(HIDDEN.findall(self.get(path).text))
        return self._timed("POST", path, data=hidden | values)

    def send_tip(self) -> requests.Response:
        """A tip to commune A; the answer shows the receipt."""
        values = {"category": "GAY_ROI", "text": "Hát loa kéo đến một giờ sáng.", "unit": "D6801"}
        return self.post("/gui-tin/", values | {"action": "send"})

    def log_in(self, username: str) -> None:
        answer = self.post("/tai-khoan/dang-nhap/", {"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text[:500]

    def _timed(self, method: str, path: str, **options) -> requests.Response:
        started = time.monotonic()
        try:
            return self.session.request(method, self.address + path, timeout=30, **options)
        finally:
            self.seconds = time.monotonic() - started


def has_receipt(answer: requests.Response) -> bool:
    return answer.status_code == 200 and 'id="receipt"' in answer.text
