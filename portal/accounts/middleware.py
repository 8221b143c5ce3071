"""The staff area: idle sessions end, a second factor is proven, nothing is kept in a browser's cache."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django_otp import user_has_device

# Everything a session opens. The public pages are left alone: they must not even look at the session.
STAFF_PREFIXES = ("/can-bo/", "/admin/", "/zalo/callback/", "/api/docs/", "/api/schema/", "/metrics")
ACCOUNT_PREFIX = "/tai-khoan/"
# Asked for by open pages themselves: nobody need be there.
UNATTENDED_PATHS = ("/can-bo/truc/tin-khan/",)

STARTED_KEY = "started_at"
SEEN_KEY = "seen_at"
# A write to the session per request would be a write to the database per request.
SEEN_EVERY_SECONDS = 60


def is_staff_page(path: str) -> bool:
    """Whether ``path`` belongs to the staff area."""
    return path.startswith(STAFF_PREFIXES)


class IdleSessionMiddleware:
    """Ends a session left alone for ``SESSION_IDLE_MINUTES``, and any one after ``SESSION_COOKIE_AGE``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_private = request.path.startswith((*STAFF_PREFIXES, ACCOUNT_PREFIX))
        if is_private and request.user.is_authenticated:
            self._renew_or_end(request)
        response = self.get_response(request)
        if is_private:
            add_never_cache_headers(response)
        return response

    def _renew_or_end(self, request: HttpRequest) -> None:
        now = time.time()
        started = request.session.setdefault(STARTED_KEY, now)
        seen = request.session.get(SEEN_KEY, now)
        too_old = now - started > settings.SESSION_COOKIE_AGE
        if too_old or now - seen > settings.SESSION_IDLE_MINUTES * 60:
            logout(request)
        elif request.path in UNATTENDED_PATHS:
            return
        elif SEEN_KEY not in request.session or now - seen > SEEN_EVERY_SECONDS:
            request.session[SEEN_KEY] = now


class SecondFactorMiddleware:
    """Sends staff without a proven second factor to prove it, or first to set it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.REQUIRE_SECOND_FACTOR or not is_staff_page(request.path):
            return self.get_response(request)
        if not request.user.is_authenticated or request.user.is_verified():
            return self.get_response(request)
        name = "second_factor" if user_has_device(request.user) else "second_factor_setup"
        query = {"next": request.get_full_path()} if request.method == "GET" else {}
        return redirect(reverse(name) + (f"?{urlencode(query)}" if query else ""))
