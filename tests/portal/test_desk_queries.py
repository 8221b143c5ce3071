"""A page costs the same queries for one row as for three."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from broadcasts.enums import AlarmKind, BroadcastState, DeliveryState
from broadcasts.models import Alarm, Mailbox
from groups.enums import Role
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    GroupFactory,
    PostFactory,
    StewardshipFactory,
    TipFactory,
    add_call,
    make_area,
    make_user,
)
from tips.models import ErasureNotice, Extension, IdentityRequest, Message, TipEvent
from tips.services import escalation

pytestmark = pytest.mark.django_db

RULE = {"units": ["D6801"], "kinds": [], "groups": [], "exclude": []}


class Office:
    """Commune A with a chief; each method adds one row of everything its page lists."""

    def __init__(self):
        self.area = make_area()
        self.chief = make_user(Role.CHIEF, self.area.commune_a)
        self.officer = make_user(Role.OFFICER, self.area.commune_a)
        self.client = Client()
        self.client.force_login(self.chief)
        # The session's first request of a minute also notes that somebody is there.
        self.client.get(reverse("desk:library"))
        self.sending = self.broadcast(BroadcastState.SENDING)
        self.tip = TipFactory(unit=self.area.commune_a, village=self.area.village_a, assignee=self.officer)
        self.group = GroupFactory(unit=self.area.village_a)
        gmf = GroupFactory(gmf=True, unit=self.area.village_a)
        self.called = DeliveryFactory(broadcast=self.sending, group=gmf, state=DeliveryState.REFUSED)
        # Counts that are zero once cost a query less; every page starts with something of everything.
        self.add()

    def broadcast(self, state: str):
        author = make_user(Role.OFFICER, self.area.commune_a)
        return BroadcastFactory(unit=self.area.commune_a, author=author, state=state, audience=RULE)

    def add(self) -> None:
        """One more of everything."""
        for state in (BroadcastState.SUBMITTED, BroadcastState.SENDING):
            self.broadcast(state)
        group = GroupFactory(gmf=True, unit=self.area.village_a)
        StewardshipFactory(group=group, user=make_user(Role.BEAT_OFFICER, self.area.commune_a))
        for state in (DeliveryState.UNKNOWN, DeliveryState.SENT, DeliveryState.REFUSED):
            row_group = GroupFactory(gmf=True, unit=self.area.village_a)
            DeliveryFactory(broadcast=self.sending, group=row_group, state=state, settled_by=self.officer)
        add_call(self.called)
        own = GroupFactory(unit=self.area.village_a)
        StewardshipFactory(group=own, user=self.chief)
        DeliveryFactory(broadcast=self.sending, group=own, state=DeliveryState.TO_POST)
        DeliveryFactory(broadcast=self.broadcast(BroadcastState.DONE), group=self.group)
        assignee = make_user(Role.OFFICER, self.area.commune_a)
        TipFactory(unit=self.area.commune_a, village=self.area.village_a, assignee=assignee)
        TipFactory(unit=self.area.commune_a, broadcast=self.sending, assignee=assignee)
        old = TipFactory(
            unit=self.area.commune_a, status="closed", closed_at=timezone.now(), assignee=assignee
        )
        ErasureNotice.objects.create(tip=old, at=timezone.now())
        Extension.objects.create(
            tip=TipFactory(unit=self.area.commune_a, deadline=timezone.now() - timedelta(hours=2)),
            asked_by=assignee,
            reason="Chờ kết quả",
            new_deadline=timezone.now() + timedelta(days=2),
        )
        IdentityRequest.objects.create(
            tip=self.tip, user=assignee, reason="Cần hỏi thêm", until=timezone.now() + timedelta(hours=2)
        )
        escalation.escalate_overdue()
        Message.objects.create(tip=self.tip, author=assignee, text="Đã nhận.")
        TipEvent.objects.create(tip=self.tip, kind="noted", actor=assignee)
        account = GroupFactory(gmf=True, unit=self.area.commune_a, state="vanished").official_account
        Mailbox.objects.create(account=account)
        moment = timezone.now()
        for closed_at in (None, moment):
            Alarm.objects.create(
                kind=AlarmKind.STOPPED,
                subject=f"account:{account.pk}",
                unit=account.unit,
                opened_at=moment,
                last_seen_at=moment,
                closed_at=closed_at,
                acknowledged_by=self.chief,
            )
        PostFactory(unit=self.area.commune_a)
        self.group.sizes.create(day=f"2026-01-{self.group.sizes.count() + 1:02d}", members=20)

    def queries(self, url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            response = self.client.get(url)
        assert response.status_code == 200
        return len(captured)


# The office has an alarm: the strip about it asks for one query more, whom to call.
PAGES = {
    "today": (lambda o: reverse("desk:today"), 27),
    "broadcasts": (lambda o: reverse("desk:broadcasts"), 11),
    "broadcasts, searched": (lambda o: reverse("desk:broadcasts") + "?q=bai", 12),
    "broadcast": (lambda o: reverse("desk:broadcast", args=[o.sending.code]), 18),
    "library": (lambda o: reverse("desk:library"), 10),
    "compose": (lambda o: reverse("desk:compose"), 14),
    "posting": (lambda o: reverse("desk:posting"), 10),
    "posting by group": (lambda o: reverse("desk:posting") + "?xem=nhom", 10),
    "posting run": (lambda o: reverse("desk:posting_run", args=[o.sending.code]), 11),
    "who has not posted": (lambda o: reverse("desk:posting_unposted"), 12),
    "dead letters": (lambda o: reverse("desk:dead_letters"), 13),
    "calls of a row": (lambda o: reverse("desk:delivery_calls", args=[o.called.pk]), 11),
    "health": (lambda o: reverse("desk:health"), 21),
    "alarms": (lambda o: reverse("desk:alarms"), 11),
    "tips": (lambda o: reverse("desk:tips"), 13),
    "all tips": (lambda o: reverse("desk:tips") + "?loc=tat-ca", 13),
    "tip": (lambda o: reverse("desk:tip", args=[o.tip.public_id]), 27),
    "erasures": (lambda o: reverse("desk:erasures"), 11),
    "groups": (lambda o: reverse("desk:groups"), 11),
    "silent groups": (lambda o: reverse("desk:groups") + "?im-lang=1", 10),
    "group": (lambda o: reverse("desk:group", args=[o.group.pk]), 16),
    "duty": (lambda o: reverse("desk:duty"), 14),
    "report": (lambda o: reverse("desk:report"), 41),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_costs_the_same_for_more_rows(name):
    office = Office()
    address, most = PAGES[name]
    first = office.queries(address(office))
    office.add()
    office.add()
    assert office.queries(address(office)) == first
    assert first <= most, f"{name}: {first} queries"


def test_progress_fragment_is_cheap_enough_to_ask_for_every_three_seconds():
    office = Office()
    url = reverse("desk:broadcast_progress", args=[office.sending.code])
    with CaptureQueriesContext(connection) as captured:
        response = office.client.get(url, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b"<html" not in response.content
    assert len(captured) <= 8
