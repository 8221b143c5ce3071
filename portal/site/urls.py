"""Addresses of the public site; the tip pages are in ``tips.urls``."""

from django.urls import path

from portal.site import api, views

app_name = "site"
urlpatterns = [
    path("", views.home, name="home"),
    path("tin-tuc/", views.news_list, name="news_list"),
    path("tin-tuc/<int:pk>/", views.news, name="news"),
    path("tin-tuc/<int:pk>/anh.jpg", views.news_picture, name="news_picture"),
    path("anh-bai/<str:signed>.jpg", views.post_picture, name="post_picture"),
    path("truy-na/", views.notice_list, name="notice_list"),
    path("truy-na/<str:code>/", views.notice, name="notice"),
    path("truy-na/<str:code>/anh.jpg", views.notice_photo, name="notice_photo"),
    path("dich-vu-cong/", views.procedure_list, name="procedure_list"),
    path("dich-vu-cong/<slug:slug>/", views.procedure, name="procedure"),
    path("lien-he/", views.contacts, name="contacts"),
    path("kiem-tra/", views.check_page, name="check"),
    path("api/v1/check/", api.CheckView.as_view(), name="api_check"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
]
