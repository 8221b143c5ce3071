"""Bodies of requests as they come off the wire: whole, or refused.

A connection that breaks off in the middle ends a body early. Neither the web server nor Django minds: half a
text would be taken for the whole tip, and the second try for a repetition of it. A body without a length
reads as an empty form.
"""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

_BOUNDARY = re.compile(r'^multipart/form-data\s*;.*\bboundary="?([^";,]+)', re.IGNORECASE)
# What may follow the last line of a form; browsers send a line end.
_EPILOGUE_BYTES = 64

Application = Callable[[dict[str, Any], Callable], Iterable[bytes]]


class BrokenBodyError(BadRequest):
    """A body ended before its announced length, or without the last line of its form."""


class WholeBody:
    """``wsgi.input`` that fails where a body ends too early. ``is_broken`` once it did."""

    def __init__(self, stream: Any, length: int, last_line: bytes) -> None:
        self._stream, self._missing, self._last_line = stream, length, last_line
        self._tail = b""
        self.is_broken = False

    def read(self, size: int = -1) -> bytes:
        """As much as was asked for or is left; raises BrokenBodyError."""
        wanted = self._missing if size < 0 else min(size, self._missing)
        return self._checked(self._stream.read, size, least=wanted)

    def readline(self, size: int = -1) -> bytes:
        """Raises BrokenBodyError."""
        return self._checked(self._stream.readline, size, least=min(self._missing, 1) if size else 0)

    def _checked(self, read: Callable[[int], bytes], size: int, *, least: int) -> bytes:
        try:
            data = read(size)
        except OSError as error:
            raise self._broken("connection lost or silent") from error
        if len(data) < least:
            raise self._broken("shorter than announced")
        self._missing -= len(data)
        if self._last_line:
            self._tail = (self._tail + data)[-len(self._last_line) - _EPILOGUE_BYTES :]
            if self._missing <= 0 and self._last_line not in self._tail:
                raise self._broken("no last line")
        return data

    def _broken(self, reason: str) -> BrokenBodyError:
        self.is_broken = True
        return BrokenBodyError(reason)


def whole(application: Application) -> Application:
    """``application`` that gets no body in part (WSGI middleware)."""

    def with_whole_bodies(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and length.strip("0"):
            last_line = _last_line(environ.get("CONTENT_TYPE", ""))
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(length), last_line)
        return application(environ, start_response)

    return with_whole_bodies


def _last_line(content_type: str) -> bytes:
    """The line that ends a form with this head; nothing for bodies of other types."""
    found = _BOUNDARY.match(content_type)
    return f"--{found[1].rstrip()}--".encode("latin-1", "replace") if found else b""


class BodyMiddleware:
    """Asks (411) for the length of a body that comes in chunks, and lets nothing of a broken one lie about.

    A proxy in front tells the length by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers:
            return _length_required(request)
        response = self.get_response(request)
        if getattr(request.environ.get("wsgi.input"), "is_broken", False):
            # Django forgets the file it was about to write: in plain, until its memory is tidied up.
            for handler in request.upload_handlers:
                handler.upload_interrupted()
        return response


def _length_required(request: HttpRequest) -> HttpResponse:
    sentence, status = _("Yêu cầu thiếu độ dài nội dung (Content-Length)."), HTTPStatus.LENGTH_REQUIRED
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": sentence}, status=status)
    return HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=status)
