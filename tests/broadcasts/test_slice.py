"""The way of one post: written, approved, started, expanded, sent."""

from broadcasts.enums import BroadcastState, DeliveryState
from broadcasts.services import sweep


def test_broadcast_approved_and_drained_reaches_every_group_once(
    sending_broadcast, gmf_groups, run_drain, zalo
):
    report = run_drain()

    assert report.calls == 3
    rows = sending_broadcast.deliveries.values_list("state", "message_id", "attempts")
    assert {row[0] for row in rows} == {DeliveryState.SENT}
    assert len({row[1] for row in rows}) == 3
    for group in gmf_groups:
        (text,) = zalo.texts_of(group.zalo_group_id)
        assert text.splitlines()[-1].startswith(f"{sending_broadcast.code} · Kiểm tra: http")


def test_broadcast_with_final_rows_is_done_after_sweep(sending_broadcast, run_drain):
    run_drain()

    sweep.sweep(sending_broadcast.due_at)

    sending_broadcast.refresh_from_db()
    assert sending_broadcast.state == BroadcastState.DONE
    assert sending_broadcast.finished_at is not None
