"""The programme's figures for other programmes: the same rows as the page, as JSON."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from groups.models import Unit
from groups.permissions import TIP_ROLES, has_role, open_postings, paths
from portal.desk import reports
from portal.errors import NotAllowedError

LONGEST_DAYS = 3 * 366


class PeriodSerializer(serializers.Serializer):
    """The question: ``unit`` (code), ``from`` and ``to`` (days, both included)."""

    unit = serializers.CharField(required=False, max_length=24)
    to = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, Any]:
        # "from" is no name Python lets a class body use.
        return super().get_fields() | {"from": serializers.DateField(required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last = attrs.get("to") or timezone.localdate()
        first = attrs.get("from") or last.replace(day=1)
        if last < first:
            raise serializers.ValidationError({"to": [_("Ngày cuối kỳ phải sau ngày đầu kỳ.")]})
        if (last - first).days > LONGEST_DAYS:
            raise serializers.ValidationError({"from": [_("Kỳ báo cáo không quá ba năm.")]})
        attrs["period"] = reports.Period(first, last)
        return attrs


class ProgrammeReport(APIView):
    """Groups, posts and tips of a unit in a period, and in the period before."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[
            OpenApiParameter("unit", str, description="mã đơn vị; để trống: đơn vị của người gọi"),
            OpenApiParameter("from", OpenApiTypes.DATE, description="ngày đầu kỳ; để trống: đầu tháng"),
            OpenApiParameter("to", OpenApiTypes.DATE, description="ngày cuối kỳ; để trống: hôm nay"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        if not has_role(request.user, *TIP_ROLES):
            raise NotAllowedError
        question = PeriodSerializer(data=request.query_params)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        unit = _unit(request.user, asked.get("unit", ""))
        return Response(reports.programme(request.user, unit=unit, period=asked["period"]))


def _unit(user: Any, code: str) -> Unit:
    """The unit asked for, if it lies under the caller's; without a code their highest one."""
    if not code:
        postings = [posting for posting in open_postings(user) if posting.role in TIP_ROLES]
        return min((posting.unit for posting in postings), key=lambda unit: (len(unit.path), unit.path))
    return get_object_or_404(Unit.objects.under_paths(paths(user, *TIP_ROLES)), code=code)
