"""A worker killed in the middle of a campaign: nothing lost, nothing twice, judged by what members see."""

import pytest

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

GROUPS = 40
SET_UP = f"""
area = make_area()
account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=100000)
for number in range({GROUPS}):
    GroupFactory(gmf=True, unit=area.village_a, official_account=account)
broadcast = BroadcastFactory(unit=area.commune_a, state="approved", due_at=timezone.now())
print(json.dumps(broadcast.pk))
"""
# As if the lease and the claims were minutes old.
LATER = """
past = timezone.now() - timedelta(minutes=10)
Mailbox.objects.exclude(lease_until=None).update(lease_until=past)
Delivery.objects.filter(state="sending").update(claimed_at=past)
sweep.sweep(timezone.now())
print(json.dumps(Delivery.objects.filter(state="unknown").count()))
"""
# As if the minutes between two looks into the groups had passed.
READ = """
Delivery.objects.filter(state="unknown").update(next_attempt_at=timezone.now())
Delivery.objects.exclude(clean_since=None).update(clean_since=timezone.now() - timedelta(minutes=2))
Mailbox.objects.update(lease_until=None, window={})
sending.start_due(timezone.now())
sweep.sweep(timezone.now())
print(json.dumps(sorted(set(Delivery.objects.values_list("state", flat=True)))))
"""
STATES = 'print(json.dumps(sorted(set(Delivery.objects.values_list("state", flat=True)))))'


def test_worker_killed_in_mid_campaign_loses_and_doubles_nothing(installation, wait_until):
    installation.ask(SET_UP)
    world = installation.zalo.world
    world.delay_ms = 800
    first = installation.start_worker()
    installation.manage("sweep")

    wait_until(lambda: world.stats.messages >= 10, 60)
    installation.kill(first)
    seen_at_kill = world.stats.messages
    world.delay_ms = 0
    unknown = installation.ask(LATER)
    installation.start_worker()

    def all_sent() -> bool:
        return installation.ask(READ) == ["sent"] or installation.ask(STATES) == ["sent"]

    wait_until(all_sent, 150)
    assert seen_at_kill < GROUPS
    assert unknown >= 1
    counts = {group_id: len(group.messages) for group_id, group in world.groups.items()}
    assert len(counts) == GROUPS
    assert set(counts.values()) == {1}
    assert world.stats.as_dict()["duplicates_total"] == 0
