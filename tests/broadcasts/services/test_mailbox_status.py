"""What the page of accounts says a mailbox does, and when what waits will be out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.engine.pace import WINDOW_SECONDS, usable_rate
from broadcasts.models import Delivery, Mailbox
from broadcasts.services import mailbox_status
from broadcasts.services.mailbox_status import statuses
from tests.factories import DeliveryFactory, GroupFactory

NOW = timezone.now()


@pytest.fixture
def status(sending_broadcast, account):
    """``status(rate=20, paused_at=...)``: the only mailbox, with three rows waiting."""

    def make(*, rate=1000, state="active", **fields):
        account.rate_per_minute, account.state = rate, state
        account.save()
        Mailbox.objects.update(**fields)
        (found,) = statuses(Mailbox.objects.select_related("account"), NOW)
        return found

    return make


def window(count: int, *, ago: int) -> dict[str, int]:
    return {str(int(NOW.timestamp()) - ago): count}


@pytest.mark.parametrize(
    ("fields", "doing"),
    [
        ({}, "ready"),
        ({"state": "needs_grant"}, "needs_grant"),
        ({"state": "stopped"}, "stopped"),
        ({"paused_at": NOW}, "paused"),
        ({"failures_in_row": 5, "open_until": NOW + timedelta(seconds=40)}, "breaker"),
        ({"failures_in_row": 5, "open_until": NOW - timedelta(seconds=40)}, "breaker"),
        ({"open_until": NOW + timedelta(seconds=90)}, "resting"),
        ({"rate": 20, "window": window(usable_rate(20), ago=10)}, "limited"),
        ({"rate": 20, "window": window(usable_rate(20) - 1, ago=10)}, "ready"),
        ({"rate": 20, "window": window(usable_rate(20), ago=70)}, "ready"),
        ({"lease_until": NOW + timedelta(seconds=30)}, "sending"),
        ({"lease_until": NOW + timedelta(seconds=30), "rate": 3, "window": {"claimed": 3}}, "sending"),
        ({"state": "stopped", "paused_at": NOW, "failures_in_row": 9}, "stopped"),
    ],
)
def test_mailbox_does(status, fields, doing):
    assert status(**fields).doing == doing


def test_used_up_minute_says_how_much_is_left_when_it_goes_on_and_when_all_is_out(status):
    found = status(rate=2, window=window(2, ago=10))
    assert (found.free, found.limit, found.waiting) == (0, 2, 3)
    assert found.next_at == NOW.replace(microsecond=0) + timedelta(seconds=WINDOW_SECONDS - 10)
    assert found.done_at == found.next_at + timedelta(seconds=90)


def test_empty_mailbox_waits_for_nothing(status):
    Delivery.objects.update(state="sent")
    found = status(rate=3, window=window(2, ago=10))
    assert (found.doing, found.waiting, found.done_at) == ("ready", 0, None)


def test_mailbox_that_only_a_person_can_help_promises_no_time(status):
    found = status(state="stopped")
    assert (found.next_at, found.done_at, found.waiting) == (None, None, 3)


def test_page_of_mailboxes_costs_two_queries(status, django_assert_num_queries):
    status()
    with django_assert_num_queries(2):
        statuses(Mailbox.objects.select_related("account"), NOW)


def test_long_queue_of_one_account_hides_none_of_another(sending_broadcast, account, area, monkeypatch):
    monkeypatch.setattr(mailbox_status, "MOST_COUNTED", 2)
    other = GroupFactory(gmf=True, unit=area.village_a)
    Mailbox.objects.create(account=other.official_account)
    DeliveryFactory(broadcast=sending_broadcast, group=other, account=other.official_account, state="waiting")
    found = statuses(Mailbox.objects.select_related("account").order_by("pk"), NOW)
    assert [(one.waiting, one.is_counted_out) for one in found] == [(3, True), (1, False)]
