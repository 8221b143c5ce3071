"""Addresses of the directory's API, below ``/api/v1/``."""

from django.urls import path

from groups import api

urlpatterns = [
    path("units/", api.UnitList.as_view(), name="api-units"),
    path("groups/", api.GroupList.as_view(), name="api-groups"),
    path("groups/<int:pk>/", api.GroupDetail.as_view(), name="api-group"),
    path("groups/<int:pk>/sizes/", api.GroupSizeList.as_view(), name="api-group-sizes"),
]
