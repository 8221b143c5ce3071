"""The API of sending: thin views over the services. Not visible is 404, visible but not allowed 403, wrong
state 409, bad field 400; the services decide, ``portal.api`` words it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from broadcasts import responses
from broadcasts.enums import BroadcastState, DeliveryState, PostKind, Urgency
from broadcasts.models import Broadcast, Delivery, Picture
from broadcasts.pictures import store_picture
from broadcasts.serializers import (
    ApproveInput,
    BroadcastDetailSerializer,
    BroadcastInput,
    BroadcastSerializer,
    ConfirmInput,
    DeliverySerializer,
    NoticeInput,
    ReasonInput,
    ResumeInput,
    SkipInput,
    SubmitInput,
)
from broadcasts.services import approval, audience, counts, editing, posting, settle
from broadcasts.services.notices import NoticeFields
from groups import permissions
from groups.models import Unit
from portal.api import PageNumberPagination

TOLD = {"key": "", "made_at": None}


class BroadcastFilter(django_filters.FilterSet):
    """``from`` and ``to`` are days (of writing), both included."""

    state = django_filters.ChoiceFilter(choices=BroadcastState.choices)
    kind = django_filters.ChoiceFilter(choices=PostKind.choices)
    urgency = django_filters.ChoiceFilter(choices=Urgency.choices)
    unit = django_filters.CharFilter(method="under_unit")

    class Meta:
        model = Broadcast
        fields = ("state", "kind", "urgency", "unit")

    @classmethod
    def get_filters(cls) -> dict[str, django_filters.Filter]:
        # Python keeps ``from`` for itself, so the two days are added by name.
        days = {
            "from": django_filters.DateFilter(field_name="created_at", lookup_expr="date__gte"),
            "to": django_filters.DateFilter(field_name="created_at", lookup_expr="date__lte"),
        }
        return super().get_filters() | days

    def under_unit(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        unit = Unit.objects.filter(code=value).first()
        return queryset.filter(unit__path__startswith=unit.path) if unit else queryset.none()


class DeliveryFilter(django_filters.FilterSet):
    """Deliveries of one broadcast."""

    state = django_filters.ChoiceFilter(choices=DeliveryState.choices)

    class Meta:
        model = Delivery
        fields = ("state",)


@dataclass
class Page:
    """What is fetched once for all rows of an answer."""

    broadcasts: list[Broadcast]
    user: Any

    @cached_property
    def ids(self) -> list[int]:
        return [broadcast.pk for broadcast in self.broadcasts]

    @cached_property
    def limit(self) -> Any:
        return counts.limited_to(self.user, self.broadcasts)

    @cached_property
    def counts(self) -> dict[int, dict[str, int]]:
        return counts.counts_of(self.ids, user=self.limit)

    @cached_property
    def sent_between(self) -> dict[int, tuple]:
        return counts.sent_between(self.ids, user=self.limit)

    @cached_property
    def responses(self) -> dict[int, responses.Responses]:
        return responses.responses_to(self.user, self.ids)

    def reach(self, broadcast: Broadcast) -> audience.Reach:
        rule = audience.clean_rule(broadcast.audience)
        return audience.reach_of(rule, under=broadcast.unit, user=self.user)


class BroadcastViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Broadcasts of the user's units, and those that reached groups there."""

    queryset = Broadcast.objects.none()
    serializer_class = BroadcastSerializer
    filterset_class = BroadcastFilter
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Broadcast]:
        related = ("unit", "author", "approver", "notice", "withdrawal")
        visible = Broadcast.objects.visible_to(self.request.user).select_related(*related)
        return visible.prefetch_related("occurrences").order_by("-pk")

    def list(self, request: Request) -> Response:
        """A page of broadcasts, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        context = self.get_serializer_context() | {"page": Page(page, request.user)}
        return self.get_paginated_response(BroadcastSerializer(page, many=True, context=context).data)

    @extend_schema(responses=BroadcastDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One broadcast with its reach, counts and times."""
        return self._answer(self.get_object())

    @extend_schema(request=BroadcastInput, responses={201: BroadcastDetailSerializer})
    def create(self, request: Request) -> Response:
        """Write a draft."""
        data = self._input(request)
        unit = _own_unit(request.user)
        picture = _picture(request, unit=unit)
        content = editing.Content(**_content(data), picture=picture)
        broadcast = editing.create_broadcast(
            request.user,
            content=content,
            notice_fields=_notice_fields(data, picture),
            form_token=data.get("form_token"),
        )
        return self._answer(broadcast, status.HTTP_201_CREATED)

    @extend_schema(request=BroadcastInput, responses=BroadcastDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft or a returned broadcast; its author only."""
        broadcast = self.get_object()
        data = self._input(request, partial=True)
        changes = _content(data)
        if "media" in request.data or request.FILES:
            changes["picture"] = _picture(request, unit=broadcast.unit)
        if "notice" in data and data["notice"] is None:
            changes["notice"] = None
        content = replace(editing.content_of(broadcast), **changes)
        broadcast = editing.update_broadcast(
            broadcast,
            actor=request.user,
            content=content,
            notice_fields=_notice_fields(data, content.picture),
        )
        return self._answer(broadcast)

    @extend_schema(request=SubmitInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """The author hands it to the chief; 409 asks for ``confirm_duplicate`` when groups get it twice."""
        serializer = SubmitInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._answer(
            approval.submit_broadcast(self.get_object(), actor=request.user, **serializer.validated_data)
        )

    @extend_schema(request=None, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """The author throws a draft away."""
        return self._answer(approval.discard_broadcast(self.get_object(), actor=request.user))

    @extend_schema(request=ApproveInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """A chief who is not the author lets it go out."""
        serializer = ApproveInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._answer(
            approval.approve_broadcast(self.get_object(), actor=request.user, **serializer.validated_data)
        )

    @extend_schema(request=ReasonInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def send_back(self, request: Request, pk: str) -> Response:
        """Back to the author, with a reason."""
        return self._decide(approval.return_broadcast, request)

    @extend_schema(request=ReasonInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Turned down for good, with a reason."""
        return self._decide(approval.reject_broadcast, request)

    @extend_schema(request=ReasonInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Approved, not gone out, and never will."""
        return self._decide(approval.cancel_broadcast, request)

    @extend_schema(request=ReasonInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """No further group for now."""
        return self._decide(approval.pause_broadcast, request)

    @extend_schema(request=ResumeInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on after a pause."""
        serializer = ResumeInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self._answer(
            approval.resume_broadcast(self.get_object(), actor=request.user, **serializer.validated_data)
        )

    @extend_schema(request=ReasonInput, responses=BroadcastDetailSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back: a correction goes to exactly the groups that have it."""
        return self._decide(approval.withdraw_broadcast, request)

    @extend_schema(
        responses=DeliverySerializer(many=True),
        parameters=[OpenApiParameter("state", enum=DeliveryState.values)],
    )
    @action(detail=True, methods=["get"], pagination_class=PageNumberPagination, filterset_class=None)
    def deliveries(self, request: Request, pk: str) -> Response:
        """Rows of the groups the user may see."""
        broadcast = self.get_object()
        rows = (
            Delivery.objects.visible_to(request.user)
            .filter(broadcast=broadcast)
            .select_related("group__unit")
            .order_by("pk")
        )
        filtered = DeliveryFilter(request.query_params, queryset=rows, request=request)
        if not filtered.is_valid():
            raise ValidationError({name: list(errors) for name, errors in filtered.errors.items()})
        paginator = PageNumberPagination()
        page = paginator.paginate_queryset(filtered.qs, request, view=self)
        return paginator.get_paginated_response(DeliverySerializer(page, many=True).data)

    def _input(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = BroadcastInput(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def _decide(self, service: Any, request: Request) -> Response:
        serializer = ReasonInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        reason = serializer.validated_data.get("reason", "")
        return self._answer(service(self.get_object(), actor=request.user, reason=reason))

    def _answer(self, broadcast: Broadcast, code: int = status.HTTP_200_OK) -> Response:
        fresh = self.get_queryset().filter(pk=broadcast.pk).first() or broadcast
        context = self.get_serializer_context() | {"page": Page([fresh], self.request.user)}
        return Response(BroadcastDetailSerializer(fresh, context=context).data, status=code)


class DeliveryViewSet(viewsets.GenericViewSet):
    """What people say about a row. A relay reaches the rows of their own groups only."""

    queryset = Delivery.objects.none()
    serializer_class = DeliverySerializer
    lookup_value_regex = r"\d+"

    def get_queryset(self) -> QuerySet[Delivery]:
        rows = Delivery.objects.reachable_by(self.request.user)
        return rows.select_related("group__unit", "broadcast__unit", "task")

    @extend_schema(request=ConfirmInput, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def posted(self, request: Request, pk: str) -> Response:
        """A person has posted it; ``proof``: a screenshot. Again by the same person: 200, no change."""
        delivery, told = self.get_object(), self._told(request)
        proof = None
        if request.FILES.get("proof"):
            proof = store_picture(
                request.FILES["proof"], unit=delivery.group.unit, user=request.user, field="proof"
            )
        return self._answer(posting.confirm_posted(delivery, actor=request.user, proof=proof, **told))

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def seen(self, request: Request, pk: str) -> Response:
        """An officer saw it in the group."""
        return self._answer(settle.confirm_seen(self.get_object(), actor=request.user))

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """A chief lets it go out once more."""
        return self._answer(settle.resend(self.get_object(), actor=request.user))

    @extend_schema(request=SkipInput, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str) -> Response:
        """Left out, with a reason. Again by the same person: 200, no change."""
        serializer = ReasonInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        reason = serializer.validated_data.get("reason", "")
        told = self._told(request)
        return self._answer(posting.skip(self.get_object(), actor=request.user, reason=reason, **told))

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """One's own confirmation taken back, within some minutes."""
        return self._answer(posting.undo(self.get_object(), actor=request.user))

    def _told(self, request: Request) -> dict[str, Any]:
        """The key and the moment a phone gave to what it confirms."""
        serializer = ConfirmInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        return {name: serializer.validated_data.get(name) or empty for name, empty in TOLD.items()}

    def _answer(self, delivery: Delivery) -> Response:
        return Response(DeliverySerializer(delivery).data)


def _content(data: dict[str, Any]) -> dict[str, Any]:
    names = ("kind", "title", "body", "urgency", "audience", "send_at", "recurrence", "expires_at")
    return {name: data[name] for name in names if name in data}


def _notice_fields(data: dict[str, Any], photo: Picture | None) -> NoticeFields | None:
    if data.get("notice") is None:
        return None
    serializer = NoticeInput(data=data["notice"])
    if not serializer.is_valid():
        raise ValidationError(
            {"notice": [f"{name}: {errors[0]}" for name, errors in serializer.errors.items()]}
        )
    return serializer.fields_of(photo)


def _own_unit(user: Any) -> Unit | None:
    """Where a picture uploaded with a new post belongs."""
    postings = permissions.open_postings(user)
    return next((p.unit for p in postings if p.role in permissions.WRITING_ROLES), None)


def _picture(request: Request, *, unit: Unit | None) -> Picture | None:
    """The one picture of ``media``: an uploaded file, or the id of a picture the user may use."""
    uploads = request.FILES.getlist("media") if request.FILES else []
    given = uploads or _listed(request.data.get("media"))
    if not given or unit is None:
        return None
    if len(given) > 1:
        raise ValidationError({"media": _("Mỗi bài một ảnh.")})
    if uploads:
        return store_picture(uploads[0], unit=unit, user=request.user)
    reachable = permissions.paths_q(permissions.paths(request.user, *permissions.WRITING_ROLES), "unit__path")
    try:
        return Picture.objects.get(reachable, pk=int(given[0]))
    except (TypeError, ValueError, Picture.DoesNotExist):
        raise ValidationError({"media": _("Không có ảnh này.")}) from None


def _listed(value: Any) -> list:
    if value in (None, "", []):
        return []
    return value if isinstance(value, list) else [value]
