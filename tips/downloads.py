"""Handing out a file of a tip so that no browser runs, caches, frames or shares it."""

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django.utils.translation import gettext as _

from tips.models import Evidence, Tip
from tips.services.reading import open_file
from tips.validators import plain_code

EXTENSIONS = {
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/amr": "amr",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
}


def evidence_response(user: Any, tip: Tip, public_id: str) -> StreamingHttpResponse:
    """A file of a tip that the user may see, as a download; the opening is audited. Raises Http404."""
    evidence = Evidence.objects.filter(tip=tip, public_id=plain_code(public_id)).first()
    if evidence is None or not evidence.is_ready:
        raise Http404
    try:
        stream = open_file(user, tip, evidence)
    except FileNotFoundError:
        raise Http404(_("Tệp không còn trên máy chủ.")) from None
    response = StreamingHttpResponse(stream, content_type=evidence.content_type)
    name = f"tin-{tip.public_id}-{evidence.public_id}.{EXTENSIONS.get(evidence.content_type, 'bin')}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(evidence.size)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
