"""One answer that no database column takes must not keep the outcomes beside it from being written."""

import pytest

from broadcasts.models import Delivery
from groups.zalo.envelope import open_envelope
from groups.zalo.errors import OutcomeUnknown, Permanent
from groups.zalo.http import Reply
from groups.zalo.records import text
from tests.broadcasts.drains import states


@pytest.mark.parametrize("message", ["zero \x00 byte", "half a character \ud83d"])
def test_message_no_database_takes_is_written_without_what_it_refuses(
    message, sending_broadcast, gmf_groups, run_drain, zalo
):
    zalo.fail_next(Permanent(-248, message), group_id=gmf_groups[0].zalo_group_id)

    run_drain()

    assert states(sending_broadcast) == ["refused", "sent", "sent"]


def test_id_longer_than_any_of_zalo_s_is_cut(sending_broadcast, run_drain, zalo, monkeypatch):
    """Patched: Zalo's ids have 20 digits."""
    monkeypatch.setattr(zalo, "next_id", lambda: "0123456789abcdef" * 5)

    run_drain()

    assert states(sending_broadcast) == ["sent"] * 3
    assert set(Delivery.objects.values_list("message_id", flat=True)) == {"0123456789abcdef" * 4}


def test_text_keeps_whole_characters_and_lines():
    assert text("Tổ 1\n\x00🙂\ud83d") == "Tổ 1\n🙂"


@pytest.mark.parametrize("code", [2**31, -(2**31) - 1, "99999999999"])
def test_code_beyond_any_number_of_zalo_s_is_no_code(code):
    body = f'{{"error": {code!r}, "message": "?"}}'.replace("'", '"').encode()

    with pytest.raises(OutcomeUnknown) as caught:
        open_envelope(Reply(200, body))

    assert caught.value.code == 200
