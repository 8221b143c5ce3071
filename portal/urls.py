"""The portal's addresses; each app owns the ones below its prefix."""

from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from groups.admin.accounts_connect import callback
from portal.accounts.views import admin_login
from portal.site import health

admin.site.site_header = _("Quản trị Kết nối bình yên")
admin.site.site_title = _("Quản trị")
admin.site.index_title = _("Các mục quản trị")

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    # Asked in this order: the form of a tip is what many open at once.
    path("", include("tips.urls")),
    path("", include("portal.site.urls")),
    path("", include("groups.urls")),
    path("tai-khoan/", include("portal.accounts.urls")),
    path("can-bo/", include("portal.desk.urls")),
    path("admin/login/", admin_login),
    path("admin/", admin.site.urls),
    path("zalo/callback/", callback, name="zalo_callback"),
    path("api/v1/", include("groups.api_urls")),
    path("api/v1/", include("broadcasts.api_urls")),
    path("api/v1/", include("tips.api_urls")),
    path("api/v1/", include("portal.desk.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", permission_classes=[]),
        name="docs",
    ),
]

handler500 = "portal.site.outage.server_error"
