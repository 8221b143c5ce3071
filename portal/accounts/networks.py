"""One limit for a whole network: it stops whoever tries one password on many accounts.

Axes counts by account and address, which such a guesser never fills. This count is much softer, for an office
or a whole mobile network may share one address; a right password from any other network still works. Without
a cache nothing is counted, and the limit of the single account remains.
"""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.network import network_bucket

MOST_FAILURES = 100
WINDOW_SECONDS = 15 * 60


def is_paused(request: HttpRequest) -> bool:
    """Whether too many log-ins from this network failed in the present quarter of an hour."""
    return settings.THROTTLES and cache.get(_key(request), 0) >= MOST_FAILURES


def count_failure(request: HttpRequest) -> None:
    """Count one wrong password."""
    key = _key(request)
    cache.add(key, 0, timeout=WINDOW_SECONDS)
    try:
        cache.incr(key)
    except ValueError:  # the quarter ended, or the cache was emptied, between the two lines
        cache.set(key, 1, timeout=WINDOW_SECONDS)


def paused(request: HttpRequest) -> HttpResponse:
    """A 429 page that says when to try again."""
    seconds = WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS
    context = {"minutes": -(-seconds // 60), "whole_network": True}
    answer = render(request, "accounts/locked_out.html", context, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def _key(request: HttpRequest) -> str:
    return f"login_failures:{network_bucket(request)}:{int(time.time()) // WINDOW_SECONDS}"
