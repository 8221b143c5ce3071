"""The contract about single persons: private answers and their windows, and what is known of a person."""

import asyncio
import io
import time

import pytest
from PIL import Image

from groups.zalo.errors import EmptyText, OutcomeUnknown, Permanent, TextTooLong

WRITER, SILENT, FORMER = "3000000000000000003", "3000000000000000004", "3000000000000000005"


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(buffer, "PNG")
    return buffer.getvalue()


def test_private_answer_reaches_the_person_who_wrote(zalo):
    zalo.meet(WRITER)

    receipt = zalo.run(lambda client: client.send_user_text(WRITER, "Công an xã đã nhận tin"))

    assert receipt.message_id
    assert zalo.told(WRITER) == ["Công an xã đã nhận tin"]


def test_private_answer_to_a_stranger_is_permanent(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.send_user_text("9", "Chào"))

    assert caught.value.code == -201


def test_private_answer_whose_receipt_is_lost_is_unknown(zalo):
    zalo.meet(WRITER)
    zalo.lose_answer(delivered=True)

    with pytest.raises(OutcomeUnknown):
        zalo.run(lambda client: client.send_user_text(WRITER, "Chào"))

    assert zalo.told(WRITER) == ["Chào"]


@pytest.mark.parametrize(("content", "error"), [("x" * 1801, TextTooLong), (" \n", EmptyText)])
def test_private_answer_unsendable_is_refused_before_any_call(zalo, content, error):
    zalo.meet(WRITER)

    with pytest.raises(error):
        zalo.run(lambda client: client.send_user_text(WRITER, content))

    assert zalo.told(WRITER) == []


def test_private_answer_to_a_person_who_left_is_permanent(zalo):
    zalo.meet(FORMER, is_follower=False)

    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.send_user_text(FORMER, "Chào"))

    assert caught.value.code == -213


def test_private_answer_after_a_week_of_silence_tells_the_officer_to_phone(zalo):
    zalo.meet(WRITER)
    zalo.silent_for_days(WRITER, 8)

    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.send_user_text(WRITER, "Kết quả"))

    assert caught.value.code == -230
    assert "7 ngày" in caught.value.detail_vi
    assert "gọi điện" in caught.value.detail_vi
    assert zalo.told(WRITER) == []


def test_private_answer_within_two_days_costs_nothing(zalo):
    zalo.meet(WRITER)

    receipt = zalo.run(lambda client: client.send_user_text(WRITER, "Đã nhận tin"))

    assert (receipt.quota.kind, receipt.quota.remaining) == ("reply", None)


def test_private_picture_and_file_follow_the_text(zalo):
    zalo.meet(WRITER)

    async def answer(client):
        image = await client.upload_image(picture(), "a.png", "image/png")
        file = await client.upload_file(b"%PDF-1.7", "a.pdf")
        for send in (
            lambda: client.send_user_text(WRITER, "Giấy mời", quote_message_id="dddd3333eeee4444ffff"),
            lambda: client.send_user_image(WRITER, "Bản đồ", image),
            lambda: client.send_user_file(WRITER, file),
        ):
            await send()
            await asyncio.sleep(0.002)
        return await client.get_private_conversation(WRITER)

    newest_first = zalo.run(answer)

    assert [(item.kind, item.text, item.is_ours) for item in newest_first] == [
        ("link", "", True),
        ("photo", "Bản đồ", True),
        ("text", "Giấy mời", True),
    ]
    assert zalo.told(WRITER) == ["Giấy mời", "Bản đồ", ""]


@pytest.mark.parametrize("kind", ["image", "file"])
def test_private_picture_or_file_never_uploaded_is_permanent(zalo, kind):
    zalo.meet(WRITER)
    send = {
        "image": lambda client: client.send_user_image(WRITER, "", "00000000000000000000"),
        "file": lambda client: client.send_user_file(WRITER, "00000000000000000000"),
    }

    with pytest.raises(Permanent) as caught:
        zalo.run(send[kind])

    assert caught.value.code == -201


def test_window_tells_when_the_person_last_acted(zalo):
    zalo.meet(WRITER)

    window = zalo.run(lambda client: client.get_private_window(WRITER))

    assert window.last_interaction_at is not None
    assert window.remaining is None


@pytest.mark.parametrize("name", ["get_private_window", "get_private_conversation", "get_user"])
def test_stranger_is_permanent(zalo, name):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: getattr(client, name)("9"))

    assert caught.value.code == -201


def test_person_is_read_by_id(zalo):
    zalo.meet(FORMER, "Ông K.", is_follower=False)

    person = zalo.run(lambda client: client.get_user(FORMER))

    assert (person.user_id, person.name, person.is_follower) == (FORMER, "Ông K.", False)
    assert person.last_interaction_on is not None


def test_people_are_listed_in_pages_latest_first(zalo):
    for user_id in (WRITER, SILENT):
        zalo.meet(user_id)
        time.sleep(0.002)
    zalo.meet(FORMER, is_follower=False)

    everybody = zalo.run(lambda client: client.list_users())
    second = zalo.run(lambda client: client.list_users(offset=1, count=1))
    followers = zalo.run(lambda client: client.list_users(followers_only=True))

    assert (everybody.items, everybody.total) == ([FORMER, SILENT, WRITER], 3)
    assert (second.items, second.total) == ([SILENT], 3)
    assert followers.items == [SILENT, WRITER]
