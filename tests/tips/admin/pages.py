"""Pages of tips in the admin, and the acts on them."""

from django.urls import reverse

from tips.models import Tip

QUEUE = "/admin/tips/tip/"
SECRET = "Thằn lằn tím nhảy múa nửa đêm"


def page_of(tip) -> str:
    return reverse("admin:tips_tip_change", args=(tip.pk,))


def do(client, tip, act, **body):
    body.setdefault("version", Tip.objects.get(pk=tip.pk).version)
    return client.post(reverse("admin:tips_tip_act", args=(tip.pk, act)), body)
