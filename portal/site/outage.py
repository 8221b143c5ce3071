"""The last page: something failed that no view expected. It asks neither database nor session."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

RETRY_SECONDS = 30


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponseBase:
    """500, or 503 with a time to come back when the database is away (Django's ``handler500``)."""
    is_outage = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if is_outage else 500
    if request.path.startswith("/api/"):
        response: HttpResponseBase = JsonResponse({"detail": _sentence(is_outage=is_outage)}, status=status)
    else:
        response = HttpResponse(render_to_string(f"{status}.html"), status=status)
    if is_outage:
        response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


def _sentence(*, is_outage: bool) -> str:
    if is_outage:
        return _("Hệ thống tạm gián đoạn. Xin thử lại sau ít phút; có việc khẩn cấp hãy gọi 113.")
    return _("Có lỗi trong hệ thống. Xin thử lại; có việc khẩn cấp hãy gọi 113.")
