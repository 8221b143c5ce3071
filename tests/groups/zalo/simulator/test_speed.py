"""Fast enough for a load test: what one message costs does not grow with how many there are."""

import time

import pytest

from groups.zalo.simulator.state import World

GROUPS = 20


@pytest.fixture
def cost():
    """Processor seconds of 500 posts into a world that already holds so many; the best of three tries."""

    def cost(already):
        world = World(seed=1)
        account = world.register_account("1")
        groups = [world.register_group(f"g{number}", "1") for number in range(GROUPS)]
        for number in range(already):
            world.post(account, groups[number % GROUPS], {"text": f"Trước {number}"})
        tries = []
        for turn in range(3):
            began = time.process_time()
            for number in range(500):
                world.post(account, groups[number % GROUPS], {"text": f"Tin {turn} {number}"})
            tries.append(time.process_time() - began)
        return min(tries)

    return cost


def test_speed_500_messages_cost_well_under_a_second(cost):
    assert cost(0) < 0.25


def test_speed_cost_of_a_message_does_not_grow_with_the_messages_there(cost):
    assert cost(20_000) < 5 * cost(0)


def test_speed_memory_of_duplicates_ends_with_their_ten_minutes():
    world = World(seed=1)
    account, group = world.register_account("1"), world.register_group("g", "1")
    for number in range(1_000):
        world.post(account, group, {"text": f"Tin {number}"})
    world.clock.advance(600)
    world.post(account, group, {"text": "Tin cuối"})

    assert len(world._last_seen) == len(world._seen_in_order) == 1
