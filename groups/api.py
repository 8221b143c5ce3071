"""The directory for other programmes: units by name for everybody, groups for staff."""

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from groups import permissions
from groups.enums import Channel, GroupKind, Level
from groups.models import Group, GroupSize, Unit
from groups.serializers import (
    GroupRowSerializer,
    GroupSerializer,
    GroupSizeSerializer,
    NewGroupSerializer,
    UnitSerializer,
)
from groups.services import groups as services
from portal.errors import NotAllowedError
from portal.network import network_bucket


class DirectoryThrottle(SimpleRateThrottle):
    """Enough for a form that looks up communes while somebody types, not for a crawler in a hurry."""

    rate = "240/min"
    scope = "units"

    def allow_request(self, request: Request, view: object) -> bool:
        return not settings.THROTTLES or super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: object) -> str:
        return f"throttle:units:{network_bucket(request)}"


class UnitFilter(filters.FilterSet):
    """``under`` a unit's code (itself included), ``level``, ``kind``, ``q`` words of the name."""

    under = filters.CharFilter(method="filter_under", label="mã đơn vị")
    level = filters.ChoiceFilter(choices=Level.choices)
    kind = filters.CharFilter(method="filter_kind", label="xã, phường, thôn, tổ dân phố…")
    q = filters.CharFilter(method="filter_q", label="từ trong tên, có dấu hoặc không")

    class Meta:
        model = Unit
        fields = ("under", "level", "kind", "q")

    def filter_kind(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(kind=value.lower())

    def filter_under(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.under_paths(Unit.objects.filter(code=value).values_list("path", flat=True))

    def filter_q(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.search(value)


class UnitList(generics.ListAPIView):
    """Units in force today, in the order of their names. Public: names only."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (DirectoryThrottle,)
    serializer_class = UnitSerializer
    filterset_class = UnitFilter

    def get_queryset(self) -> QuerySet[Unit]:
        return Unit.objects.current().select_related("parent").order_by("sort_key", "id")


class GroupFilter(filters.FilterSet):
    """``under`` a unit's code, ``kind``, ``channel``, ``steward`` (user name), ``q`` words of the name."""

    under = filters.CharFilter(method="filter_under", label="mã đơn vị")
    kind = filters.ChoiceFilter(choices=GroupKind.choices)
    channel = filters.ChoiceFilter(choices=Channel.choices)
    steward = filters.CharFilter(method="filter_steward", label="tên đăng nhập của người phụ trách")
    q = filters.CharFilter(method="filter_q", label="từ trong tên, có dấu hoặc không")

    class Meta:
        model = Group
        fields = ("under", "kind", "channel", "steward", "q")

    def filter_under(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        paths = Unit.objects.filter(code=value).values_list("path", flat=True)
        return queryset.filter(permissions.paths_q(paths, "unit__path"))

    def filter_steward(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(stewardships__user__username=value, stewardships__ends_on=None)

    def filter_q(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.search(value)


class KeepsDirectoryOrReads(IsAuthenticated):
    """Everybody with a posting reads what they see; writing needs a role that keeps the directory."""

    def has_permission(self, request: Request, view: object) -> bool:
        if not super().has_permission(request, view):
            return False
        return request.method in ("GET", "HEAD", "OPTIONS") or permissions.has_role(
            request.user, *permissions.DIRECTORY_ROLES
        )


class VisibleGroups:
    """Groups the caller sees; all others do not exist."""

    permission_classes = (KeepsDirectoryOrReads,)

    def get_queryset(self) -> QuerySet[Group]:
        if getattr(self, "swagger_fake_view", False):
            return Group.objects.none()
        groups = Group.objects.visible_to(self.request.user).select_related("unit")
        return groups.prefetch_related("stewardships__user").order_by("sort_key", "id")


@extend_schema_view(
    post=extend_schema(request=NewGroupSerializer, responses={status.HTTP_201_CREATED: GroupSerializer})
)
class GroupList(VisibleGroups, generics.ListCreateAPIView):
    """Groups of the caller's area; chiefs and above found new ones."""

    serializer_class = GroupRowSerializer
    filterset_class = GroupFilter

    def create(self, request: Request, *args, **kwargs) -> Response:
        form = NewGroupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        # Asked of the database again: what the caller cannot see is not found, whatever else they may do.
        unit = get_object_or_404(Unit.objects.visible_to(request.user), pk=values.pop("unit_code").pk)
        group = services.create_group(
            unit, official_account=values.pop("oa_id", None), by=request.user, **values
        )
        return Response(GroupSerializer(group).data, status=status.HTTP_201_CREATED)


class GroupDetail(VisibleGroups, generics.RetrieveAPIView):
    """One group with its join page and letter."""

    serializer_class = GroupSerializer

    def get_queryset(self) -> QuerySet[Group]:
        return super().get_queryset().prefetch_related("join_links")


@extend_schema_view(
    post=extend_schema(request=GroupSizeSerializer, responses={status.HTTP_201_CREATED: GroupSizeSerializer})
)
class GroupSizeList(VisibleGroups, generics.ListCreateAPIView):
    """Counts of a group, newest first; chiefs and above add one."""

    permission_classes = (IsAuthenticated,)
    serializer_class = GroupSizeSerializer
    filter_backends = ()

    def get_group(self) -> Group:
        return get_object_or_404(VisibleGroups.get_queryset(self), pk=self.kwargs["pk"])

    def get_queryset(self) -> QuerySet[GroupSize]:
        if getattr(self, "swagger_fake_view", False):
            return GroupSize.objects.none()
        return self.get_group().sizes.order_by("-day")

    def create(self, request: Request, *args, **kwargs) -> Response:
        group = self.get_group()
        if not permissions.can_manage_directory(request.user, group.unit):
            raise NotAllowedError
        form = GroupSizeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        size = services.record_size(group, by=request.user, **form.validated_data)
        return Response(GroupSizeSerializer(size).data, status=status.HTTP_201_CREATED)
