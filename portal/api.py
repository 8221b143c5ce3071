"""What every API view shares: error answers, the page shape, the schema's title."""

from django.core.exceptions import BadRequest, ValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, pagination, status
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as drf_exception_handler

from portal.errors import NotAllowedError, WrongStateError


class Conflict(exceptions.APIException):
    """409: wrong state or stale version."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = _("Nội dung đã thay đổi, xin tải lại.")
    default_code = "conflict"


def exception_handler(exc: Exception, context: dict) -> Response | None:
    """Turn service errors into the API's answers; everything else is DRF's business."""
    if isinstance(exc, WrongStateError):
        exc = Conflict(detail=exc.message)
    elif isinstance(exc, NotAllowedError):
        exc = exceptions.PermissionDenied(detail=exc.message)
    elif isinstance(exc, ValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    elif isinstance(exc, BadRequest):
        exc = exceptions.ParseError(_("Nội dung gửi lên bị đứt giữa chừng. Xin gửi lại."))
    return drf_exception_handler(exc, context)


class PageNumberPagination(pagination.PageNumberPagination):
    """``{count, next, previous, results}`` with ``?page=`` and ``?page_size=`` up to 200."""

    page_size_query_param = "page_size"
    max_page_size = 200
