"""Addresses of the cross-app API, below ``/api/v1/``."""

from django.urls import path

from portal.desk import api

urlpatterns = [
    path("reports/programme/", api.ProgrammeReport.as_view(), name="api-report-programme"),
]
