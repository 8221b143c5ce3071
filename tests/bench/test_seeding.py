"""Seeded rows are what the portal itself would have written."""

import pytest

from bench import rows, world
from bench.seeding import Seeder
from bench.vietnamese import Writer
from broadcasts.models import Broadcast, Delivery
from groups.models import Group
from portal.crypto.sealed import unseal
from tips.models import Contact, Message, Tip, TipTerm

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeder() -> Seeder:
    return Seeder(Writer(7), communes=2)


def test_same_seed_writes_the_same_words():
    assert [Writer(7).tip() for _ in range(2)] == [Writer(7).tip() for _ in range(2)]
    assert Writer(7).tip() != Writer(8).tip()


def test_tips_are_encrypted_and_open_again(seeder: Seeder):
    seeder.add_tips(12)
    tip = Tip.objects.order_by("pk").first()
    stored = Tip.objects.filter(pk=tip.pk).extra(select={"raw": "text"}).values_list("raw", flat=True)[0]
    assert len(tip.text.split()) >= 15
    assert stored.startswith("v1.") and tip.text not in stored


def test_tips_bring_terms_answers_and_sealed_contacts(seeder: Seeder):
    written = seeder.add_tips(12)
    assert (Tip.objects.count(), Message.objects.count(), Contact.objects.count()) == (12, 6, 3)
    assert TipTerm.objects.count() > 12 * 10
    assert b'"phone"' in unseal(Contact.objects.first().sealed)
    assert written > TipTerm.objects.count()


def test_seeding_twice_adds_to_what_is_there(seeder: Seeder):
    seeder.add_tips(3)
    seeder.add_tips(4)
    assert Tip.objects.count() == 7


def test_broadcasts_have_a_delivery_for_each_group_of_their_audience(seeder: Seeder):
    seeder.add_groups(40)
    written = seeder.add_broadcasts(3)
    assert (Broadcast.objects.count(), Delivery.objects.count(), written) == (3, 6, 9)


def test_rows_written_in_bulk_leave_the_counter_behind_them(seeder: Seeder):
    """The portal's next own row must not collide with an id given out here."""
    seeder.add_tips(2)
    tip = Tip.objects.order_by("pk").last()
    last, tip.pk = tip.pk, None
    tip.public_id, tip.receipt_digest = "ANOTHER01", "f" * 64
    tip.save()
    assert tip.pk > last


def test_world_is_built_once(seeder: Seeder):
    again = world.get_or_build(Writer(7), communes=5)
    assert [unit.pk for unit in again.communes] == [unit.pk for unit in seeder.world.communes]


def test_rows_fill_columns_that_are_not_named_with_defaults(seeder: Seeder):
    seeder.add_groups(1)
    group = Group.objects.get()
    values = [(group.unit_id, "household", "assisted", f"Nhóm {n}", f"k{n}", f"s{n}") for n in range(3)]
    rows.write(Group, ("unit", "kind", "channel", "name", "search_key", "sort_key"), values)
    assert Group.objects.filter(state="active", members_count=0).count() == 3
