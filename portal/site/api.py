"""The checker for other programmes: ``GET /api/v1/check/?q=``."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled as TooManyRequests
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.site import check
from tips.throttling import Throttled
from tips.throttling import check as throttle


class VerdictSerializer(serializers.Serializer):
    """The answer of the checker."""

    verdict = serializers.ChoiceField([check.GENUINE, check.ENDED, check.UNKNOWN])
    kind = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    hotline = serializers.CharField()


class CheckView(APIView):
    """Public, throttled by network."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(parameters=[OpenApiParameter("q", str, required=True)], responses=VerdictSerializer)
    def get(self, request: Request) -> Response:
        """Look up a link, telephone number, officer's full name, notice code, decision or broadcast code."""
        query = request.query_params.get("q", "").strip()
        if not query:
            raise serializers.ValidationError({"q": [_("Cần nội dung để kiểm tra.")]})
        try:
            throttle(request, "check")
        except Throttled as error:
            raise TooManyRequests(wait=error.wait_seconds, detail=error.message) from error
        response = Response(VerdictSerializer(check.check(query)).data)
        response["Cache-Control"] = "no-store"
        return response
