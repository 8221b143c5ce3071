"""What every sender of the portal promises: the same cases against the fake and against real HTTP."""

import io

import pytest
from PIL import Image

from groups.zalo.errors import (
    ChannelStopped,
    EmptyText,
    OutcomeUnknown,
    Permanent,
    Scope,
    Temporary,
    TextTooLong,
)

GROUP, DISABLED_GROUP, UNKNOWN_GROUP = "aaaa1111bbbb2222cccc", "dddd1111bbbb2222cccc", "ffff0000ffff0000ffff"


def picture(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(buffer, kind)
    return buffer.getvalue()


def test_text_sent_appears_once_with_its_message_id(zalo):
    receipt = zalo.run(lambda client: client.send_group_text(GROUP, "Bà con cảnh giác lừa đảo"))

    newest = zalo.run(lambda client: client.get_conversation(GROUP))
    assert [(item.message_id, item.text, item.is_ours) for item in newest] == [
        (receipt.message_id, "Bà con cảnh giác lừa đảo", True)
    ]
    assert zalo.seen_in(GROUP) == ["Bà con cảnh giác lừa đảo"]


def test_text_sent_twice_appears_twice_under_two_ids(zalo):
    first = zalo.run(lambda client: client.send_group_text(GROUP, "Tin"))
    second = zalo.run(lambda client: client.send_group_text(GROUP, "Tin"))

    assert first.message_id != second.message_id
    assert zalo.seen_in(GROUP) == ["Tin", "Tin"]


def test_text_with_mention_marker_rings_nobody(zalo):
    zalo.run(lambda client: client.send_group_text(GROUP, f"Chào [@{GROUP}]"))

    assert zalo.seen_in(GROUP) == [f"Chào [ @{GROUP}]"]


def test_text_decomposed_arrives_composed(zalo):
    zalo.run(lambda client: client.send_group_text(GROUP, "Tha\u0302\u0301t la\u0323c"))

    assert zalo.seen_in(GROUP) == ["Thất lạc"]


@pytest.mark.parametrize(("content", "error"), [("x" * 1801, TextTooLong), ("  \n\x00", EmptyText)])
def test_text_unsendable_is_refused_before_any_call(zalo, content, error):
    with pytest.raises(error):
        zalo.run(lambda client: client.send_group_text(GROUP, content))

    assert zalo.seen_in(GROUP) == []


def test_conversation_is_newest_first_and_at_most_ten(zalo):
    async def send_twelve(client):
        for number in range(12):
            await client.send_group_text(GROUP, f"Tin {number}")

    zalo.run(send_twelve)

    first = zalo.run(lambda client: client.get_conversation(GROUP, count=50))
    rest = zalo.run(lambda client: client.get_conversation(GROUP, offset=10))
    assert [item.text for item in first] == [f"Tin {number}" for number in range(11, 1, -1)]
    assert [item.text for item in rest] == ["Tin 1", "Tin 0"]


def test_group_unknown_is_permanent(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.send_group_text(UNKNOWN_GROUP, "Tin"))

    assert caught.value.code == -201


def test_group_disabled_stops_only_that_group(zalo):
    with pytest.raises(ChannelStopped) as caught:
        zalo.run(lambda client: client.send_group_text(DISABLED_GROUP, "Tin"))

    assert (caught.value.code, caught.value.scope) == (-237, Scope.GROUP)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_image_uploaded_then_posted_with_caption(zalo, kind):
    async def post(client):
        attachment_id = await client.upload_image(picture(kind), "anh", f"image/{kind.lower()}")
        return await client.send_group_image(GROUP, "Ảnh mũ bảo hiểm", attachment_id)

    receipt = zalo.run(post)

    newest = zalo.run(lambda client: client.get_conversation(GROUP))
    assert [(item.message_id, item.kind, item.text) for item in newest] == [
        (receipt.message_id, "photo", "Ảnh mũ bảo hiểm")
    ]


def test_image_without_caption_is_posted(zalo):
    async def post(client):
        await client.send_group_image(GROUP, "", await client.upload_image(picture(), "a.png", "image/png"))

    zalo.run(post)

    assert zalo.seen_in(GROUP) == [""]


def test_image_never_uploaded_is_permanent(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.send_group_image(GROUP, "Ảnh", "00000000000000000000"))

    assert caught.value.code == -201


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(b"\x89PNG\r\n\x1a\n" + b"0" * 1024 * 1024, "image/png"), (b"<svg/>", "image/svg+xml")],
)
def test_upload_too_big_or_of_wrong_type_is_permanent(zalo, content, content_type):
    with pytest.raises(Permanent):
        zalo.run(lambda client: client.upload_image(content, "x", content_type))


def test_groups_are_listed_in_pages(zalo):
    page = zalo.run(lambda client: client.list_groups(offset=0, count=1))
    rest = zalo.run(lambda client: client.list_groups(offset=1, count=50))

    assert (page.total, [group.name for group in page.items]) == (2, ["Tổ dân phố 1"])
    assert [(group.name, group.is_enabled) for group in rest.items] == [("Nhóm hết hạn", False)]


def test_group_is_read_by_id(zalo):
    group = zalo.run(lambda client: client.get_group(GROUP))

    assert (group.group_id, group.name, group.is_enabled) == (GROUP, "Tổ dân phố 1", True)


def test_members_include_the_account_itself(zalo):
    page = zalo.run(lambda client: client.list_members(GROUP))

    assert [(member.name, member.is_account) for member in page.items] == [("Công an xã Mẫu", True)]


def test_profile_names_the_account_behind_the_token(zalo):
    profile = zalo.run(lambda client: client.get_oa())

    assert (profile.oa_id, profile.name, profile.is_state_agency) == (
        "2000000000000000002",
        "Công an xã Mẫu",
        False,
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [(-32, Temporary), (-200, OutcomeUnknown), (-224, ChannelStopped), (-248, Permanent), (-9999, Permanent)],
)
def test_refusal_has_the_class_of_its_code(zalo, code, error):
    zalo.refuse(code)

    with pytest.raises(error) as caught:
        zalo.run(lambda client: client.send_group_text(GROUP, "Tin"))

    assert caught.value.code == code
    assert zalo.seen_in(GROUP) == []


@pytest.mark.parametrize("delivered", [True, False])
def test_lost_answer_to_a_send_is_unknown_whether_delivered_or_not(zalo, delivered):
    zalo.lose_answer(delivered=delivered)

    with pytest.raises(OutcomeUnknown):
        zalo.run(lambda client: client.send_group_text(GROUP, "Tin"))

    assert zalo.seen_in(GROUP) == (["Tin"] if delivered else [])


def test_lost_answer_to_an_upload_may_be_asked_again(zalo):
    zalo.lose_answer(delivered=True)

    with pytest.raises(Temporary):
        zalo.run(lambda client: client.upload_image(picture(), "a.png", "image/png"))


def test_token_rejected_once_is_renewed_and_the_text_goes_out_once(zalo, make_tokens):
    tokens = make_tokens()
    zalo.refuse(-216)

    zalo.run(lambda client: client.send_group_text(GROUP, "Tin"), tokens)

    assert tokens.renewals == 1
    assert zalo.seen_in(GROUP) == ["Tin"]


def test_token_rejected_twice_stops_the_account(zalo):
    zalo.refuse(-216, times=2)

    with pytest.raises(ChannelStopped) as caught:
        zalo.run(lambda client: client.send_group_text(GROUP, "Tin"))

    assert (caught.value.code, caught.value.scope) == (-216, Scope.ACCOUNT)
    assert zalo.seen_in(GROUP) == []


def test_private_answer_reaches_the_person_who_wrote(zalo):
    zalo.meet("3000000000000000003")

    receipt = zalo.run(lambda client: client.send_user_text("3000000000000000003", "Công an xã đã nhận tin"))

    assert receipt.message_id
    assert zalo.told("3000000000000000003") == ["Công an xã đã nhận tin"]


def test_private_answer_to_a_stranger_is_permanent(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.send_user_text("9", "Chào"))

    assert caught.value.code == -201


def test_private_answer_whose_receipt_is_lost_is_unknown(zalo):
    zalo.meet("3000000000000000003")
    zalo.lose_answer(delivered=True)

    with pytest.raises(OutcomeUnknown):
        zalo.run(lambda client: client.send_user_text("3000000000000000003", "Chào"))

    assert zalo.told("3000000000000000003") == ["Chào"]
