"""Addresses of the public tip pages."""

from django.urls import path

from tips import upload_views, views

app_name = "tips"
urlpatterns = [
    path("gui-tin/", views.send, name="send"),
    path("gui-tin/tep/", upload_views.start, name="uploads"),
    path("gui-tin/tep/<str:public_id>/", upload_views.upload, name="upload"),
    path("theo-doi/", views.follow, name="follow"),
    path("du-lieu-ca-nhan/", views.data_rights, name="data_rights"),
]
