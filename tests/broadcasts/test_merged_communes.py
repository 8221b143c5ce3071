"""A commune is merged into another while its post is on its way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.services import sending, sweep
from groups.models import UnitChange
from tests.factories import GroupFactory


@pytest.fixture
def neighbours(area, account) -> list:
    """Groups of the other commune: the post was not written for them."""
    return [GroupFactory(gmf=True, unit=area.commune_b, official_account=account) for _number in range(2)]


def merge(area) -> None:
    """Commune A ends, its village belongs to commune B."""
    today = timezone.localdate()
    change = UnitChange.objects.create(kind="merge", document="Nghị quyết 01", effective_on=today)
    change.before.set([area.commune_a])
    change.after.set([area.commune_b])
    area.village_a.parent = area.commune_b
    area.village_a.save()
    area.commune_a.valid_to = today
    area.commune_a.save()


@pytest.mark.parametrize("sent_before", [0, 1])
def test_post_under_way_reaches_the_groups_it_was_written_for_once(
    area, sending_broadcast, gmf_groups, neighbours, run_drain, zalo, sent_before
):
    later = sending_broadcast.deliveries.exclude(group__in=gmf_groups[:sent_before])
    later.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert run_drain(seconds=1).calls == sent_before
    later.update(next_attempt_at=timezone.now())

    merge(area)
    sending.expand(sending_broadcast.pk)
    run_drain()
    sweep.sweep(timezone.now())

    assert {len(zalo.texts_of(group.zalo_group_id)) for group in gmf_groups} == {1}
    assert not any(zalo.texts_of(group.zalo_group_id) for group in neighbours)
    sending_broadcast.refresh_from_db()
    assert sending_broadcast.state == BroadcastState.DONE
    assert set(sending_broadcast.deliveries.values_list("state", flat=True)) == {DeliveryState.SENT}
