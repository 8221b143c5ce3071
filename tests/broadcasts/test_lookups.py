"""States written into the statement: hot queries walk their partial indexes, and nothing can be injected."""

import pytest
from django.db import connection
from django.utils import timezone

from broadcasts.engine import store
from broadcasts.enums import CLAIMABLE, DeliveryState
from broadcasts.models import Delivery


def test_among_writes_states_of_the_enumeration(db):
    assert "IN ('queued', 'waiting')" in str(Delivery.objects.filter(state__among=CLAIMABLE).query)
    assert "= 'sending'" in str(Delivery.objects.filter(state__among=[DeliveryState.SENDING]).query)


@pytest.mark.parametrize("values", [["queued"], [], ["x') OR 1=1 --"]])
def test_among_takes_nothing_from_outside(values):
    with pytest.raises(TypeError):
        Delivery.objects.filter(state__among=values)


def test_lease_walks_the_partial_indexes_on_sqlite(db):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by statistics, which a test has not")

    plan = store.leasable(timezone.now()).explain()

    assert "delivery_claim_idx" in plan
    assert "delivery_stuck_idx" in plan
    assert "SCAN V0" not in plan
