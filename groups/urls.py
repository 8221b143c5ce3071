"""Addresses of the groups' public pages."""

from django.urls import path

from groups import views
from groups.zalo.webhooks import webhook

app_name = "groups"

urlpatterns = [
    path("n/<slug:code>/", views.join, name="join"),
    path("n/<slug:code>/thu-moi/", views.letter, name="letter"),
    path("zalo/webhook/", webhook, name="zalo_webhook"),
]
