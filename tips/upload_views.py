"""Resumable uploads of the tip form: a subset of the tus protocol 1.0 (https://tus.io).

``POST /gui-tin/tep/`` starts one, ``PATCH`` adds a piece, ``HEAD`` tells how much is here, ``DELETE`` takes
it back. The form's token comes in the header ``Upload-Token``, never in an address; another site's page
cannot send that header, so no cookie is needed. Refusals are sentences in plain text.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.errors import NotAllowedError
from portal.text import whole_number
from tips import limits, throttling
from tips.models import Upload
from tips.services import uploads

TUS_VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"

View = Callable[..., HttpResponse]


def _upload_call(view: View) -> View:
    """What all calls share: the version header, no caching, errors as a status and a sentence."""

    @csrf_exempt
    @cache_control(no_store=True, private=True)
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except throttling.Throttled as error:
            response = _sentence(error.message, 429)
            response["Retry-After"] = str(error.wait_seconds)
        except uploads.WrongOffsetError as error:
            response = _sentence(error.message, 409)
            response["Upload-Offset"] = str(error.offset)
        except NotAllowedError as error:
            response = _sentence(error.message, 403)
        except ValidationError as error:
            response = _sentence(" ".join(error.messages), 400)
        response["Tus-Resumable"] = TUS_VERSION
        return response

    return guarded


@_upload_call
@require_http_methods(["POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Announce a file: ``Upload-Length`` in bytes, ``Upload-Kind`` (image, video, audio)."""
    size = _number(request, "Upload-Length")
    throttling.check(request, "upload")
    throttling.check(request, "upload_mb", amount=1 + size // limits.MEGABYTE)
    upload = uploads.start(_token(request), kind=request.headers.get("Upload-Kind"), size=size)
    response = HttpResponse(status=201)
    response["Location"] = reverse("tips:upload", args=[upload.public_id])
    response["Upload-Offset"] = "0"
    return response


@_upload_call
@require_http_methods(["HEAD", "PATCH", "DELETE"])
def upload(request: HttpRequest, public_id: str) -> HttpResponse:
    """One upload: how far it is, a piece more, or none of it any longer."""
    found = uploads.find(_token(request), public_id)
    if found is None:
        return _sentence("", 404)
    if request.method == "DELETE":
        uploads.remove(found)
        return HttpResponse(status=204)
    if request.method == "HEAD":
        response = _at(found.offset, 200)
        response["Upload-Length"] = str(found.size)
        return response
    return _append(request, found)


def _append(request: HttpRequest, found: Upload) -> HttpResponse:
    if request.content_type != PIECE_TYPE:
        return _sentence("", 415)
    offset = _number(request, "Upload-Offset")
    try:
        data = request.body
    except RequestDataTooBig:
        return _sentence("", 413)
    if len(data) > limits.UPLOAD_MOST_BYTES:
        return _sentence("", 413)
    return _at(uploads.append(found, offset=offset, data=data), 204)


def _token(request: HttpRequest) -> str:
    return request.headers.get("Upload-Token", "")


def _number(request: HttpRequest, header: str) -> int:
    number = whole_number(request.headers.get(header, ""), digits=15)
    if number is None:
        raise ValidationError(f"{header}?")
    return number


def _at(offset: int, status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    response["Upload-Offset"] = str(offset)
    return response


def _sentence(text: object, status: int) -> HttpResponse:
    return HttpResponse(str(text), status=status, content_type="text/plain; charset=utf-8")
