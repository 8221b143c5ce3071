"""What a message costs the database: counts that no busy machine can blur."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcasts.engine import sql
from broadcasts.models import Broadcast, Delivery, Mailbox
from groups.models import Group
from tests.factories import BroadcastFactory, GroupFactory, OfficialAccountFactory


@pytest.fixture
def campaign(area):
    """``campaign(rows, accounts=1)``: a broadcast being sent."""

    def make(rows: int, *, accounts: int = 1) -> Broadcast:
        broadcast = BroadcastFactory(unit=area.commune_a, state="sending", text="Tin\n\nTB-2611-0001 · x")
        for _account in range(accounts):
            account = OfficialAccountFactory(unit=area.commune_a, rate_per_minute=100_000)
            Mailbox.objects.create(account=account)
            first = GroupFactory(gmf=True, unit=area.village_a, official_account=account)
            _copy_group(first, rows // accounts - 1)
            _queue_all(broadcast, account.pk)
        return broadcast

    return make


def _copy_group(group: Group, times: int) -> None:
    values = {field.attname: getattr(group, field.attname) for field in Group._meta.concrete_fields}
    copies = [
        Group(**values | {"id": None, "name": f"Nhóm {group.pk}.{n}", "zalo_group_id": f"{group.pk}.{n}"})
        for n in range(times)
    ]
    Group.objects.bulk_create(copies, batch_size=500)


def _queue_all(broadcast: Broadcast, account_id: int) -> None:
    groups = Group.objects.filter(official_account=account_id).values_list("pk", flat=True)
    Delivery.objects.bulk_create(
        [Delivery(broadcast=broadcast, group_id=pk, account_id=account_id, state="queued") for pk in groups],
        batch_size=2000,
    )


def writes(queries: CaptureQueriesContext, table: str) -> int:
    return sum(query["sql"].startswith(f"UPDATE {table}") for query in queries) + sum(
        query["sql"].startswith(f'UPDATE "{table}"') for query in queries
    )


def test_windows_are_written_for_a_quarter_of_the_minute_and_not_for_each_claim(campaign, run_drain):
    campaign(300)

    with CaptureQueriesContext(connection) as queries:
        assert run_drain(concurrency=10, seconds=60).calls == 300

    # Fifteen claims of twenty rows: lease, first window, release.
    assert writes(queries, Mailbox._meta.db_table) == 3


def test_statements_do_not_grow_with_the_rows_of_a_batch(campaign, run_drain):
    def statements(rows: int) -> int:
        broadcast = campaign(rows)
        with CaptureQueriesContext(connection) as queries:
            assert run_drain(concurrency=200, seconds=60).calls == rows
        assert set(broadcast.deliveries.values_list("state", flat=True)) == {"sent"}
        return len(queries)

    few = statements(20)

    assert statements(200) <= few + 6


@pytest.mark.parametrize("rows", [300, 3_000])
def test_claim_walks_its_index_whatever_the_number_of_rows(campaign, rows):
    broadcast = campaign(rows)
    account_id = Mailbox.objects.get().account_id
    build = sql._postgresql if connection.vendor == "postgresql" else sql._any_database
    moment = Delivery._meta.get_field("next_attempt_at").get_db_prep_value(timezone.now(), connection)
    statement, params = build([(account_id, 20)], moment)
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE broadcasts_delivery")
            # As the engine's own thread does: a few hundred rows are read faster than walked.
            cursor.execute("SET LOCAL enable_seqscan TO off")
        cursor.execute(f"{explain} {statement}", params)
        plan = "\n".join(str(line) for line in cursor.fetchall())

    assert broadcast.deliveries.count() == rows
    assert "delivery_line_idx" in plan
    assert "Seq Scan on broadcasts_delivery" not in plan


def test_claim_moves_no_index_on_postgresql(campaign, run_drain):
    """The columns a claim writes are in no index, so PostgreSQL may keep the new row beside the old one."""
    indexed = {"claimed_at", "claim", "attempts", "updated_at", "state"}

    for index in Delivery._meta.indexes:
        names = {name for name, _order in index.fields_orders}
        condition = str(index.condition or "")
        assert not names & indexed
        assert not [name for name in indexed if f"'{name}" in condition]
