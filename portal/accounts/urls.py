"""Addresses of the account pages, below ``/tai-khoan/``."""

from django.urls import path

from portal.accounts import views

urlpatterns = [
    path("dang-nhap/", views.LoginView.as_view(), name="login"),
    path("dang-xuat/", views.LogoutView.as_view(), name="logout"),
    path("mat-khau/", views.PasswordView.as_view(), name="password_change"),
    path("xac-thuc/", views.VerifyView.as_view(), name="second_factor"),
    path("xac-thuc/cai-dat/", views.SetupView.as_view(), name="second_factor_setup"),
    path("xac-thuc/ma-du-phong/", views.recovery_codes, name="recovery_codes"),
]
