"""Forms of the account pages, with Vietnamese words throughout: Django's own catalogue has gaps."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _


class LoginForm(AuthenticationForm):
    """Account and password; one sentence for every way they can be wrong."""

    error_messages = {
        "invalid_login": _(
            "Tên tài khoản hoặc mật khẩu không đúng. Xin kiểm tra phím Caps Lock và bộ gõ tiếng Việt."
        ),
        "inactive": _(
            "Tên tài khoản hoặc mật khẩu không đúng. Xin kiểm tra phím Caps Lock và bộ gõ tiếng Việt."
        ),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Tên tài khoản")
        self.fields["password"].label = _("Mật khẩu")


class CodeForm(forms.Form):
    """One code: six digits from the phone, or a recovery code."""

    code = forms.CharField(
        label=_("Mã xác thực"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "inputmode": "text"}
        ),
    )


class ChangePasswordForm(PasswordChangeForm):
    """The old password and the new one twice."""

    error_messages = {
        "password_incorrect": _("Mật khẩu hiện tại không đúng."),
        "password_mismatch": _("Hai lần nhập mật khẩu mới không giống nhau."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Mật khẩu hiện tại")
        self.fields["new_password1"].label = _("Mật khẩu mới")
        self.fields["new_password1"].help_text = _(
            "Ít nhất 10 ký tự. Nên ghép vài từ chỉ mình biết; không dùng tên mình, tên đơn vị thêm số."
        )
        self.fields["new_password2"].label = _("Nhập lại mật khẩu mới")
