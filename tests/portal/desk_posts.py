"""The forms of a post as somebody fills them in, and the acts on it."""

from django.urls import reverse

from broadcasts.models import Broadcast
from tests.portal.desk_world import World

COMPOSE = {
    "kind": "education",
    "title": "Cảnh báo cuộc gọi giả danh",
    "body": "Công an không làm việc qua điện thoại.",
    "reach": "all",
    "urgency": "routine",
    "when": "now",
    "recurrence": "",
    "form_token": "token-1",
}
WANTED = {
    **{name: COMPOSE[name] for name in ("reach", "urgency", "when", "recurrence")},
    "person_name": "Nguyễn Văn Thử",
    "decision_number": "17/QĐ-CSĐT",
    "decision_date": "01/11/2026",
    "agency": "Cơ quan CSĐT Công an tỉnh",
    "phone": "02633880113",
    "form_token": "token-2",
}


def compose(world: World, *, by: str = "officer", query: str = "", **changes):
    url = reverse("desk:compose") + query
    return world.client(by).post(url, {**(WANTED if "loai" in query else COMPOSE), **changes}, follow=True)


def act(world: World, broadcast: Broadcast, name: str, *, by: str, **data):
    return world.client(by).post(
        reverse("desk:broadcast_act", args=[broadcast.code, name]), data, follow=True
    )


def latest() -> Broadcast:
    return Broadcast.objects.order_by("-pk").first()
