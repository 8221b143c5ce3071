"""States written into the statement: hot queries walk their partial indexes, and nothing can be injected."""

import pytest
from django.db import connection
from django.utils import timezone

from broadcasts.engine import store
from broadcasts.enums import CLAIMABLE, DeliveryState
from broadcasts.models import Delivery
from tests.factories import DeliveryFactory


def test_among_writes_states_of_the_enumeration_and_their_lane(db):
    claimable = str(Delivery.objects.filter(state__among=CLAIMABLE).query)
    assert "\"lane\" = 'line'" in claimable
    assert "\"state\" IN ('queued', 'waiting')" in claimable
    unknown = str(Delivery.objects.filter(state__among=[DeliveryState.UNKNOWN]).query)
    assert "\"lane\" = 'unknown'" in unknown
    assert '"state" =' not in unknown


@pytest.mark.parametrize("state", DeliveryState)
def test_among_finds_a_row_by_its_own_state_only(state, db):
    row = DeliveryFactory(state=state)

    assert Delivery.objects.filter(state__among=[state]).get() == row
    others = [other for other in DeliveryState if other != state]
    assert not Delivery.objects.filter(state__among=others).exists()
    assert Delivery.objects.exclude(state__among=others).get() == row


@pytest.mark.parametrize("values", [["queued"], [], ["x') OR 1=1 --"]])
def test_among_takes_nothing_from_outside(values):
    with pytest.raises(TypeError):
        Delivery.objects.filter(state__among=values)


def test_lease_walks_the_partial_indexes_on_sqlite(db):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by statistics, which a test has not")

    plan = store.leasable(timezone.now()).explain()

    assert "delivery_line_idx" in plan
    assert "delivery_stuck_lane_idx" in plan
    assert "SCAN V0" not in plan
