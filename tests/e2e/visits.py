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


def log_out(page: Page) -> None:
    """Until the phone has forgotten everything: the worker does that while the next page opens."""
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url(lambda url: "/can-bo/" not in url)
    wait_until(page, "caches.keys().then((names) => names.length === 0)")


def worker_is_ready(page: Page) -> None:
    """The list of posts and the run it leads to are on the phone."""
    wait_until(
        page, "caches.open('dang-bai-trang').then((kept) => kept.keys()).then((all) => all.length > 1)"
    )


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
