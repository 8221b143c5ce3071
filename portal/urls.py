"""The portal's addresses; each app owns the ones below its prefix."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns = [
    path("", include("portal.site.urls")),
    path("", include("groups.urls")),
    path("", include("tips.urls")),
    path("tai-khoan/", include("portal.accounts.urls")),
    path("can-bo/", include("portal.desk.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("groups.api_urls")),
    path("api/v1/", include("broadcasts.api_urls")),
    path("api/v1/", include("tips.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", permission_classes=[]),
        name="docs",
    ),
]
