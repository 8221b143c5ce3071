"""A visitor at the portal's pages: through the log-in form, and patient with what a page does by itself."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.factories import PASSWORD

PATIENCE_SECONDS = 60
DESK_DOOR, ADMIN_DOOR = "/tai-khoan/dang-nhap/", "/admin/login/"


def log_in(page: Page, base: str, name: str, path: str, *, door: str = DESK_DOOR) -> None:
    """Through the form at ``door``; returns on the page at ``path``."""
    page.goto(f"{base}{door}?next={path}")
    page.get_by_label("Tên tài khoản").fill(name)
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    # The address of the form ends with the path as well, so no pattern that ends with it will do.
    page.wait_for_url(lambda url: url == base + path)


def wait_for_page(page: Page, condition: Callable[[], object], *, what: str) -> None:
    """Until ``condition`` is true, while the page and its handlers go on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE_SECONDS} s"
        page.wait_for_timeout(100)


def wait_until(page: Page, promise: str) -> None:
    """Until the page keeps ``promise``; Playwright's own waiting takes the promise itself for an answer."""
    wait_for_page(page, lambda: page.evaluate(promise), what=promise)


def wait_for_copy(page: Page, text: str) -> None:
    """Until the clipboard holds ``text``: the page writes it after the press is over."""
    wait_for_page(
        page, lambda: text in page.evaluate("navigator.clipboard.readText()"), what=f"copy of {text!r}"
    )
