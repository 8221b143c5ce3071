"""Addresses of the groups' public pages."""

from django.urls import path

from groups import views

app_name = "groups"

urlpatterns = [
    path("n/<slug:code>/", views.join, name="join"),
    path("n/<slug:code>/thu-moi/", views.letter, name="letter"),
]
