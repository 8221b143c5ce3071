"""Handing out a file of a tip so that no browser runs, caches, frames or shares it.

Pictures carry the name of who opened them; films and sound are served in ranges, so that a player can wind.
"""

import re
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from tips.enums import EvidenceKind
from tips.evidence import open_evidence
from tips.evidence.watermark import marked
from tips.models import Evidence, Tip
from tips.services.follow import answer_file
from tips.services.reading import open_file
from tips.validators import plain_code

EXTENSIONS = {
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/3gpp": "3gp",
    "audio/amr": "amr",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "webm",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

Span = tuple[int, int]


class UnsatisfiableRangeError(ValueError):
    """A range that lies wholly behind the file's end."""


def find_file(tip: Tip, public_id: str) -> Evidence:
    """A file of the tip that can be opened. Raises Http404."""
    evidence = Evidence.objects.filter(tip=tip, public_id=plain_code(public_id)).first()
    if evidence is None or not evidence.is_ready:
        raise Http404
    return evidence


def evidence_response(request: Any, tip: Tip, public_id: str) -> HttpResponseBase:
    """A file of a tip that the user may see, as a download; the opening is audited. Raises Http404."""
    evidence = find_file(tip, public_id)
    try:
        response = _content(request, tip, evidence)
    except FileNotFoundError:
        raise Http404(_("Tệp không còn trên máy chủ.")) from None
    name = f"tin-{tip.public_id}-{evidence.public_id}.{EXTENSIONS.get(evidence.content_type, 'bin')}"
    return locked_down(response, name)


def answer_file_response(tip: Tip, public_id: str) -> HttpResponseBase:
    """A file of an answer, for the holder of the receipt. Raises Http404; leaves no trace of the sender."""
    evidence = answer_file(tip, public_id)
    try:
        stream = open_evidence(evidence) if evidence is not None else None
    except FileNotFoundError:
        stream = None
    if stream is None:
        raise Http404
    extension = EXTENSIONS.get(evidence.content_type, "bin")
    response = StreamingHttpResponse(stream, content_type=evidence.content_type)
    return locked_down(response, f"tra-loi.{extension}")


def locked_down(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """The response as a download that nothing runs, keeps or embeds elsewhere."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def opened_by(user: Any, tip: Tip) -> str:
    """The mark of an opening: who, when (to the minute), which tip."""
    moment = timezone.localtime()
    names = dict.fromkeys((str(getattr(user, "display_name", "")), user.get_username()))
    return " · ".join([*filter(None, names), f"{moment:%H:%M %d/%m/%Y}", tip.public_id])


def _content(request: Any, tip: Tip, evidence: Evidence) -> HttpResponseBase:
    if evidence.kind == EvidenceKind.IMAGE:
        picture = marked(open_file(request.user, tip, evidence), opened_by(request.user, tip))
        return HttpResponse(picture, content_type=evidence.content_type)
    try:
        span = asked_span(request.headers, evidence.size)
    except UnsatisfiableRangeError:
        response = HttpResponse(status=416, content_type=evidence.content_type)
        response["Content-Range"] = f"bytes */{evidence.size}"
        return response
    stream = open_file(request.user, tip, evidence, span)
    response = StreamingHttpResponse(stream, content_type=evidence.content_type)
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(evidence.size)
    if span is not None:
        first, last = span
        response.status_code = 206
        response["Content-Length"] = str(last - first + 1)
        response["Content-Range"] = f"bytes {first}-{last}/{evidence.size}"
    return response


def asked_span(headers: Any, size: int) -> Span | None:
    """The first and last byte that ``Range`` asks for, or None for the whole file (RFC 9110, 14.2).

    Several ranges, other units and ``If-Range`` (nothing here has a validator) mean the whole file. Raises
    UnsatisfiableRangeError.
    """
    asked = _RANGE.fullmatch(headers.get("Range", ""))
    if asked is None or "If-Range" in headers or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if not first:
        begin, end = max(0, size - int(last)), size - 1
    else:
        begin, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < begin:
            return None
    if begin >= size or begin > end:
        raise UnsatisfiableRangeError
    return begin, end
