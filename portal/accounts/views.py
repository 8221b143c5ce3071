"""Log-in, log-out, password and second factor, under ``/tai-khoan/``."""

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import FormView
from django_otp import login as otp_login
from django_otp import user_has_device

from portal.accounts import networks, services
from portal.accounts.forms import ChangePasswordForm, CodeForm, LoginForm
from portal.audit.services import record


class LoginView(auth_views.LoginView):
    """Account and password; the second factor follows on the first staff page."""

    authentication_form = LoginForm
    template_name = "registration/login.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if networks.is_paused(request):
            return networks.paused(request)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: LoginForm) -> HttpResponse:
        networks.count_failure(self.request)
        return super().form_invalid(form)


class LogoutView(auth_views.LogoutView):
    """Ends the session and lets the browser forget what it kept (POST only)."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class PasswordView(auth_views.PasswordChangeView):
    """Change one's own password; other sessions of the account end with it.

    Whoever has a second factor proves it first: a session left open must not be enough to take an account.
    """

    form_class = ChangePasswordForm
    template_name = "registration/password_change_form.html"
    success_url = "/can-bo/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user_has_device(user) and not user.is_verified():
            return redirect(f"{reverse('second_factor')}?next={request.path}")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            record(self.request.user, "accounts.password.changed", self.request.user)
        messages.success(self.request, _("Đã đổi mật khẩu."))
        return response


@method_decorator(sensitive_post_parameters("code"), name="dispatch")
class VerifyView(LoginRequiredMixin, RedirectURLMixin, FormView):
    """Ask for the second factor of this session."""

    form_class = CodeForm
    template_name = "accounts/second_factor.html"
    next_page = "/can-bo/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not user_has_device(request.user):
            return redirect("second_factor_setup")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            device = services.verify_second_factor(self.request.user, code=form.cleaned_data["code"])
        except services.ThrottledError as error:
            form.add_error("code", error.message)
            return self.form_invalid(form)
        if device is None:
            form.add_error(
                "code",
                _("Mã không đúng hoặc đã dùng rồi. Xin chờ mã mới, xem giờ của điện thoại có đúng không."),
            )
            return self.form_invalid(form)
        otp_login(self.request, device)
        return redirect(self.get_success_url())


@method_decorator(sensitive_post_parameters("code"), name="dispatch")
class SetupView(LoginRequiredMixin, FormView):
    """Scan a QR code with the phone, prove it with its first code, write the recovery codes down."""

    form_class = CodeForm
    template_name = "accounts/second_factor_setup.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Whoever stole a password must not be able to replace the phone it is protected by.
        user = request.user
        if user.is_authenticated and user_has_device(user) and not user.is_verified():
            return redirect("second_factor")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        device = services.begin_second_factor(self.request.user)
        picture = segno.make(device.config_url, error="m").svg_inline(scale=5, border=2, svgclass="qr")
        # On the phone itself there is nothing to scan with: the address opens the app.
        extra = {"address": device.config_url, "secret": services.readable_secret(device)}
        # segno writes the picture from our own address; nothing a user typed survives its encoding.
        return super().get_context_data(picture=mark_safe(picture), **extra, **kwargs)  # noqa: S308

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            result = services.confirm_second_factor(self.request.user, code=form.cleaned_data["code"])
        except services.ThrottledError as error:
            form.add_error("code", error.message)
            return self.form_invalid(form)
        if result is None:
            form.add_error("code", _("Mã không đúng. Xin kiểm tra giờ của điện thoại rồi nhập mã mới."))
            return self.form_invalid(form)
        device, codes = result
        otp_login(self.request, device)
        return render(self.request, "accounts/recovery_codes.html", {"codes": codes})


@login_required
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make a new set of recovery codes and show it once."""
    if not request.user.is_verified():
        return redirect("second_factor")
    return render(
        request, "accounts/recovery_codes.html", {"codes": services.renew_recovery_codes(request.user)}
    )


def admin_login(request: HttpRequest) -> HttpResponse:
    """The admin's log-in is the portal's own, so that limits and the second factor hold there as well."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied(_("Tài khoản này không làm việc trong trang quản trị."))
    return redirect_to_login(request.GET.get("next") or "/admin/")
