"""Addresses of the groups' public pages."""

from django.urls import path, re_path

from groups import views
from groups.zalo.webhooks import webhook

app_name = "groups"

urlpatterns = [
    path("n/<slug:code>/", views.join, name="join"),
    path("n/<slug:code>/thu-moi/", views.letter, name="letter"),
    re_path(r"^zalo_verifier(?P<code>[A-Za-z0-9_-]{1,64})\.html$", views.zalo_verifier, name="zalo_verifier"),
    path("zalo/webhook/", webhook, name="zalo_webhook"),
]
