"""What somebody sees after too many wrong passwords."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(
    request: HttpRequest, response: Any = None, credentials: Any = None, **kwargs: Any
) -> HttpResponse:
    """A 429 page that says when to try again; the pause concerns this account from this network only."""
    seconds = int(settings.AXES_COOLOFF_TIME * 3600)
    answer = render(request, "accounts/locked_out.html", {"minutes": seconds // 60}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer
