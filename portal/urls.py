"""The portal's addresses; each app owns the ones below its prefix."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
