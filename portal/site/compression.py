"""Compression of what a phone loads first: public pages, styles, scripts, drawings.

A proxy or hashed static files do the same in production; this keeps the budget where there is neither. Staff
pages stay as they are: they repeat what somebody typed beside what somebody must not know, which is what
attacks on compressed answers need. Public pages have no such pair: what a sender typed comes back only to a
POST that brings the form's token or the receipt itself, and another site knows neither.
"""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_sequence, compress_string

from portal.accounts.middleware import ACCOUNT_PREFIX, is_staff_page

TYPES = ("text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml")
WORTH_BYTES = 500
PADDING_BYTES = 100
_GZIP = re.compile(r"\bgzip\b")


class CompressionMiddleware:
    """Compresses successful answers to GET and POST of the kinds above."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not self._is_ours(request, response):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if not _GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            return response
        return self._compressed(response)

    def _is_ours(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        if request.method == "HEAD" or response.status_code != 200 or response.has_header("Content-Encoding"):
            return False
        if is_staff_page(request.path) or request.path.startswith(ACCOUNT_PREFIX):
            return False
        if response.streaming and not request.path.startswith(settings.STATIC_URL):
            return False
        return response.get("Content-Type", "").partition(";")[0] in TYPES

    def _compressed(self, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming:
            response.streaming_content = compress_sequence(response.streaming_content)
            response.headers.pop("Content-Length", None)
        elif len(response.content) < WORTH_BYTES:
            return response
        else:
            response.content = compress_string(response.content, max_random_bytes=PADDING_BYTES)
            response["Content-Length"] = str(len(response.content))
        response["Content-Encoding"] = "gzip"
        if etag := response.get("ETag", "").removeprefix("W/"):
            response["ETag"] = f"W/{etag}"
        return response
