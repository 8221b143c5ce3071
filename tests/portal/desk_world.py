"""A small office for the desk's tests: people of every role, groups, posts in several states, tips."""

from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone

from broadcasts.enums import AlarmKind, BroadcastState, DeliveryState
from broadcasts.models import Alarm, Broadcast, Delivery, Mailbox
from groups.enums import Role
from groups.models import Group
from tests.factories import (
    Area,
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    JoinLinkFactory,
    PostFactory,
    StewardshipFactory,
    make_area,
    make_user,
)
from tips.enums import Category
from tips.models import Tip
from tips.services.intake import TipDraft, submit_tip

# Words that must never reach a page of somebody who may not see them.
TIP_SECRET = "Thằn lằn tím nhảy múa nửa đêm"
RESTRICTED_SECRET = "Cháu bé mười một tuổi kể chuyện ở nhà bác"
POST_SECRET = "Bài riêng của xã Minh Tân về chợ phiên"
GROUP_SECRET = "Nhóm kín thôn Trung Hòa"
SENDER_NAME = "Người Báo Giấu Tên"


@dataclass
class World:
    """Everything ``make_world`` built."""

    area: Area
    users: dict[str, Any]
    group: Group
    automatic: Group
    draft: Broadcast
    submitted: Broadcast
    sending: Broadcast
    unknown: Delivery
    to_post: Delivery
    tip: Tip
    restricted: Tip
    library: Any
    mailbox: Mailbox
    alarm: Alarm
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, name: str) -> Client:
        """A browser logged in as one of ``users``; any other name is nobody."""
        if name not in self.clients:
            client = Client()
            if name in self.users:
                client.force_login(self.users[name])
            self.clients[name] = client
        return self.clients[name]


def make_world() -> World:
    """Commune A with people, posts and tips, and neighbours who see none of it."""
    area = make_area()
    users = {
        "officer": make_user(Role.OFFICER, area.commune_a, full_name="Lê Văn Huy"),
        "officer2": make_user(Role.OFFICER, area.commune_b),
        "officer3": make_user(Role.OFFICER, area.commune_c),
        "chief": make_user(Role.CHIEF, area.commune_a, restricted_circle=True),
        "supervisor": make_user(Role.SUPERVISOR, area.district, restricted_circle=True),
        "relay": make_user(Role.RELAY, area.village_a),
        "auditor": make_user(Role.AUDITOR, area.province),
        "administrator": make_user(Role.ADMINISTRATOR, area.province),
    }
    group = GroupFactory(unit=area.village_a, name=GROUP_SECRET)
    StewardshipFactory(group=group, user=users["officer"])
    JoinLinkFactory(group=group)
    automatic = GroupFactory(gmf=True, unit=area.village_a2)
    states = (BroadcastState.DRAFT, BroadcastState.SUBMITTED, BroadcastState.SENDING)
    posts = {
        # A month gone by: codes of the tests' own posts start at one.
        state: BroadcastFactory(
            code=f"TB-2501-000{number}",
            unit=area.commune_a,
            author=users["officer"],
            title=POST_SECRET,
            state=state,
            started_at=timezone.now() if state == BroadcastState.SENDING else None,
            audience={"units": [area.commune_a.code], "kinds": [], "groups": [], "exclude": []},
        )
        for number, state in enumerate(states)
    }
    sending = posts[BroadcastState.SENDING]
    return World(
        area=area,
        users=users,
        group=group,
        automatic=automatic,
        draft=posts[BroadcastState.DRAFT],
        submitted=posts[BroadcastState.SUBMITTED],
        sending=sending,
        unknown=DeliveryFactory(broadcast=sending, group=automatic, state=DeliveryState.UNKNOWN),
        to_post=DeliveryFactory(broadcast=sending, group=group, state=DeliveryState.TO_POST),
        tip=make_tip(area, text=TIP_SECRET, contact_name=SENDER_NAME, contact_phone="0912345678"),
        restricted=make_tip(area, category=Category.TRE_EM, text=RESTRICTED_SECRET),
        mailbox=Mailbox.objects.create(account=automatic.official_account),
        alarm=Alarm.objects.create(
            kind=AlarmKind.STOPPED, unit=area.commune_a, opened_at=timezone.now(), last_seen_at=timezone.now()
        ),
        library=PostFactory(unit=area.commune_a, title="Bài thư viện riêng", is_public=False),
    )


def make_tip(area: Area, **fields: Any) -> Tip:
    """A tip about commune A, received as the public form does it."""
    values = {"category": Category.GAY_ROI, "unit": area.commune_a, "text": TIP_SECRET}
    return submit_tip(TipDraft(**{**values, **fields})).tip


def html(response: Any) -> str:
    """The page, or nothing for an answer without one."""
    return b"".join(response).decode() if response.streaming else response.content.decode()
