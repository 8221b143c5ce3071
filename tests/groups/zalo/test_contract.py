"""What every sender of the portal promises: the same cases against the fake and against real HTTP.

Here: every public method in short, then posting. Groups and people have files of their own.
"""

import inspect
import io
import zipfile

import pytest
from PIL import Image

from groups.zalo.client import ZaloClient
from groups.zalo.errors import (
    ChannelStopped,
    EmptyText,
    OutcomeUnknown,
    Permanent,
    Scope,
    Temporary,
    TextTooLong,
)
from groups.zalo.fake import FakeZalo
from groups.zalo.records import GroupSettings

GROUP, DISABLED_GROUP, UNKNOWN_GROUP = "aaaa1111bbbb2222cccc", "dddd1111bbbb2222cccc", "ffff0000ffff0000ffff"
WRITER, MEMBER, ASKING = "3000000000000000001", "3000000000000000002", "3000000000000000003"
PDF = b"%PDF-1.7 ..."
# Every public method: how it is called in the world of ``prepared``, and whether it may be made twice
# without harm when its answer is lost.
CALLS = {
    "send_group_text": (lambda c, up: c.send_group_text(GROUP, "Tin"), False),
    "send_group_image": (lambda c, up: c.send_group_image(GROUP, "Ảnh", up["image"]), False),
    "send_group_file": (lambda c, up: c.send_group_file(GROUP, up["file"]), False),
    "send_user_text": (lambda c, up: c.send_user_text(WRITER, "Đã nhận tin"), False),
    "send_user_image": (lambda c, up: c.send_user_image(WRITER, "Ảnh", up["image"]), False),
    "send_user_file": (lambda c, up: c.send_user_file(WRITER, up["file"]), False),
    "create_group": (lambda c, up: c.create_group("Ấp 3", asset_id="as_1", member_ids=[WRITER]), False),
    "update_asset": (lambda c, up: c.update_asset(DISABLED_GROUP, "as_1"), False),
    "invite": (lambda c, up: c.invite(GROUP, [WRITER]), False),
    "upload_image": (lambda c, up: c.upload_image(picture(), "a.png", "image/png"), True),
    "upload_file": (lambda c, up: c.upload_file(PDF, "a.pdf"), True),
    "update_group": (lambda c, up: c.update_group(GROUP, settings=GroupSettings()), True),
    "accept_pending": (lambda c, up: c.accept_pending(GROUP, [ASKING]), True),
    "reject_pending": (lambda c, up: c.reject_pending(GROUP, [ASKING]), True),
    "remove_members": (lambda c, up: c.remove_members(GROUP, [MEMBER]), True),
    "add_admins": (lambda c, up: c.add_admins(GROUP, [MEMBER]), True),
    "remove_admins": (lambda c, up: c.remove_admins(GROUP, [up["admin"]]), True),
    "list_groups": (lambda c, up: c.list_groups(), True),
    "get_group": (lambda c, up: c.get_group(GROUP), True),
    "list_assets": (lambda c, up: c.list_assets(), True),
    "list_members": (lambda c, up: c.list_members(GROUP), True),
    "list_pending": (lambda c, up: c.list_pending(GROUP), True),
    "get_conversation": (lambda c, up: c.get_conversation(GROUP), True),
    "list_recent": (lambda c, up: c.list_recent(), True),
    "get_oa": (lambda c, up: c.get_oa(), True),
    "get_private_window": (lambda c, up: c.get_private_window(WRITER), True),
    "get_private_conversation": (lambda c, up: c.get_private_conversation(WRITER), True),
    "list_users": (lambda c, up: c.list_users(), True),
    "get_user": (lambda c, up: c.get_user(WRITER), True),
}


def picture(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(buffer, kind)
    return buffer.getvalue()


def public(kind: type) -> dict[str, list[str]]:
    """The public methods of a client and the names of their parameters."""
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.fixture
def prepared(zalo):
    """Uploads to send, a free slot, and one person of each kind: who wrote, who is in, who asks to join."""
    for user_id in (WRITER, MEMBER, ASKING, "3000000000000000004"):
        zalo.meet(user_id)
    zalo.own_asset("as_1")
    zalo.put_in(GROUP, MEMBER)
    zalo.put_in(GROUP, "3000000000000000004")
    zalo.ask_to_join(GROUP, ASKING)

    async def upload(client):
        await client.add_admins(GROUP, ["3000000000000000004"])
        image = await client.upload_image(picture(), "a.png", "image/png")
        return {
            "image": image,
            "file": await client.upload_file(PDF, "a.pdf"),
            "admin": "3000000000000000004",
        }

    return zalo.run(upload)


def test_every_public_method_is_held_to_this_contract():
    assert set(public(ZaloClient)) == set(CALLS)
    assert public(FakeZalo) == public(ZaloClient)


@pytest.mark.parametrize("name", CALLS)
def test_call_succeeds(zalo, prepared, name):
    use, _repeatable = CALLS[name]

    result = zalo.run(lambda client: use(client, prepared))

    is_silent = name in ("invite", "accept_pending", "reject_pending", "remove_members")
    assert (result is None) == (is_silent or name.endswith("_admins"))


@pytest.mark.parametrize("name", CALLS)
def test_lost_answer_is_unknown_unless_the_call_may_be_repeated(zalo, prepared, name):
    use, repeatable = CALLS[name]
    # Twice: aiohttp itself asks a second time after a reset, for reads only.
    zalo.lose_answer(delivered=False, times=2)

    with pytest.raises(Temporary if repeatable else OutcomeUnknown):
        zalo.run(lambda client: use(client, prepared))


@pytest.mark.parametrize("name", CALLS)
def test_refusal_of_any_call_has_its_class(zalo, prepared, name):
    use, _repeatable = CALLS[name]
    zalo.refuse(-224)

    with pytest.raises(ChannelStopped):
        zalo.run(lambda client: use(client, prepared))


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


def docx(part: str = "word/document.xml") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(part, "<xml/>")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [PDF, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old Word", docx()])
def test_document_uploaded_then_posted(zalo, content):
    async def post(client):
        return await client.send_group_file(GROUP, await client.upload_file(content, "van-ban"))

    receipt = zalo.run(post)

    newest = zalo.run(lambda client: client.get_conversation(GROUP))
    assert [(item.message_id, item.kind, item.text) for item in newest] == [(receipt.message_id, "link", "")]


@pytest.mark.parametrize("content", [b"MZ...", b"", picture(), docx("xl/workbook.xml"), b"PK\x03\x04 broken"])
def test_document_of_another_kind_is_refused_in_words(zalo, content):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.upload_file(content, "van-ban.pdf"))

    assert "PDF hoặc Word" in caught.value.detail_vi


def test_document_too_big_is_refused_in_words(zalo):
    with pytest.raises(Permanent) as caught:
        zalo.run(lambda client: client.upload_file(PDF + b"0" * 5 * 1024 * 1024, "van-ban.pdf"))

    assert "5 MB" in caught.value.detail_vi


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(b"\x89PNG\r\n\x1a\n" + b"0" * 1024 * 1024, "image/png"), (b"<svg/>", "image/svg+xml")],
)
def test_upload_too_big_or_of_wrong_type_is_permanent(zalo, content, content_type):
    with pytest.raises(Permanent):
        zalo.run(lambda client: client.upload_image(content, "x", content_type))


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
