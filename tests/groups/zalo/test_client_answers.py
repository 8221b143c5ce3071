"""Answers the real client has to make the best of: two ways to one person, success without its content."""

import pytest

from groups.zalo.client import ZaloClient
from groups.zalo.errors import ChannelStopped, OutcomeUnknown, Temporary
from tests.groups.zalo.conftest import GROUP, OA

WRITER = "3000000000000000003"
PNG = b"\x89PNG\r\n\x1a\n"


class OldPathClient(ZaloClient):
    """A client of a state agency's account, told to try the older address."""

    def __init__(self, *args, **options):
        super().__init__(*args, old_private_path=True, **options)


@pytest.fixture
def state_agency(real):
    real.simulator.control("POST", "oas", {"oa_id": OA, "oa_type": 4})
    real.meet(WRITER)
    return real


async def answer(client):
    return await client.send_user_text(WRITER, "Đã nhận tin")


def test_private_answer_of_a_state_agency_is_refused_unless_told_otherwise(state_agency):
    with pytest.raises(ChannelStopped) as caught:
        state_agency.run(answer)

    assert caught.value.code == -235
    assert state_agency.told(WRITER) == []


def test_private_answer_of_a_state_agency_goes_the_old_way_and_remembers_it(state_agency):
    async def twice(client):
        await answer(client)
        await answer(client)

    state_agency.run(twice, client_class=OldPathClient)

    assert state_agency.told(WRITER) == ["Đã nhận tin", "Đã nhận tin"]
    calls = state_agency.simulator.control("GET", "stats")["calls"]
    assert calls == {"/v3.0/oa/message/cs": {"-235": 1}, "/v2.0/oa/message": {"0": 2}}


def test_private_answer_refused_on_both_ways_stops_the_channel(state_agency):
    state_agency.simulator.control("POST", "switches", {"state_private_v2": False})

    with pytest.raises(ChannelStopped) as caught:
        state_agency.run(answer, client_class=OldPathClient)

    assert caught.value.code == -240


def test_private_answer_whose_quotation_is_refused_goes_without_it(real):
    real.meet(WRITER)
    real.refuse(-201)

    real.run(lambda client: client.send_user_text(WRITER, "Đã nhận", quote_message_id="dddd3333eeee4444ffff"))

    assert real.told(WRITER) == ["Đã nhận"]


def test_group_founded_without_an_id_in_the_answer_is_outcome_unknown(real):
    real.meet(WRITER)
    real.own_asset("as_1")
    real.fault(times=1, kind="no_data")

    with pytest.raises(OutcomeUnknown):
        real.run(lambda client: client.create_group("Ấp 3", asset_id="as_1", member_ids=[WRITER]))


@pytest.mark.parametrize(
    ("call", "lost"),
    [
        (lambda client: client.get_group(GROUP), Temporary),
        (lambda client: client.list_groups(), Temporary),
        (lambda client: client.update_group(GROUP, name="Ấp 3"), Temporary),
        (lambda client: client.update_asset(GROUP, "as_1"), OutcomeUnknown),
    ],
)
def test_success_without_what_was_asked_for_is_none(real, call, lost):
    real.own_asset("as_1")
    real.fault(times=1, kind="no_data")

    with pytest.raises(lost):
        real.run(call)


@pytest.mark.parametrize("upload", ["upload_image", "upload_file"])
def test_upload_without_an_id_in_the_answer_may_be_made_again(real, upload):
    real.fault(times=1, kind="no_data")
    arguments = {"upload_image": (PNG, "a.png", "image/png"), "upload_file": (b"%PDF-1.7", "a.pdf")}[upload]

    with pytest.raises(Temporary):
        real.run(lambda client: getattr(client, upload)(*arguments))
