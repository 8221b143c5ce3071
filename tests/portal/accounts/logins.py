"""Log-in, code and password, as somebody types them."""

from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts import services
from portal.accounts.models import User
from portal.audit.models import AuditEntry

LOGIN = "/tai-khoan/dang-nhap/"
VERIFY = "/tai-khoan/xac-thuc/"
SETUP = "/tai-khoan/xac-thuc/cai-dat/"
PASSWORD = "bốn-con-trâu-đen-17"


def current_code(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the phone shows now, or ``steps`` half minutes later."""
    return f"{totp(device.bin_key, t0=-steps * 30):06d}"


def enrolled(user: User) -> tuple[TOTPDevice, list[str]]:
    device = services.begin_second_factor(user)
    return services.confirm_second_factor(user, code=current_code(device))


def log_in(client: Client, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"username": "officer", "password": password}, **extra)


def change_password(client: Client, new: str = "ba cây cau trước ngõ 9"):
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    return client.post("/tai-khoan/mat-khau/", data)


def broken(*args, **kwargs):
    raise RuntimeError("the audit trail is away")


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
