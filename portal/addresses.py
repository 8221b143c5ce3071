"""Requests that no person and no link of ours makes: a NUL character in the address or in a cookie.

PostgreSQL stores no NUL and refuses the query that carries one, SQLite finds nothing: answered here, before
any view, the two agree. What a form carries is cleaned by its fields.
"""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

NUL = "\0"


class NulMiddleware:
    """Answers 404 to a NUL in the path, 400 to one in the query string or in a cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info:
            return _refusal(request, _("Không tìm thấy trang."), status=404)
        if self._has_nul(request):
            return _refusal(request, _("Địa chỉ có ký tự không đọc được."), status=400)
        return self.get_response(request)

    def _has_nul(self, request: HttpRequest) -> bool:
        query = unquote_to_bytes(request.META.get("QUERY_STRING", ""))
        return NUL.encode() in query or any(NUL in value for value in request.COOKIES.values())


def _refusal(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        response: HttpResponse = JsonResponse({"detail": sentence}, status=status)
    else:
        response = HttpResponse(sentence, content_type="text/plain; charset=utf-8", status=status)
    response["X-Content-Type-Options"] = "nosniff"
    return response
