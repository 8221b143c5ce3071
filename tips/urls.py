"""Addresses of the public tip pages."""

from django.urls import path

from tips import views

app_name = "tips"
urlpatterns = [
    path("gui-tin/", views.send, name="send"),
    path("theo-doi/", views.follow, name="follow"),
]
