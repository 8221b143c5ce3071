"""The row of phones: what people do on them, what they see, and what the portal hears of it."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.groups.zalo.simulator.conftest import GROUP, OA

JPEG = b"\xff\xd8\xff" + b"0" * 20


@pytest.fixture
def browse(simulator):
    """A browser without scripts: GET, or POST of a form; returns status, final address and page."""

    def browse(path, form=None, **headers):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(simulator.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, urllib.parse.urlsplit(response.url).path, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, path, error.read().decode()

    return browse


@pytest.fixture
def four(simulator, browse):
    """The four sample people, by name."""
    browse("/dien-thoai/mau", {})
    return {person.name: person for person in simulator.world.people.values()}


@pytest.fixture
def do(browse):
    """Press a button on somebody's phone; returns the status."""

    def do(person, act, **fields):
        form = {"act": act, "from": "row", **fields}
        return browse(f"/nguoi-dan/{person.oa_id}/{person.user_id}/viec", form)[0]

    return do


@pytest.fixture
def write(browse):
    def write(person, **form):
        return browse(f"/nguoi-dan/{person.oa_id}/{person.user_id}", {"from": "row", **form})

    return write


def phone_of(html, person):
    """The part of the page that is one person's phone."""
    return html.split(f'id="may-{person.user_id}"')[1].split("</article>")[0]


def test_145_sample_people_lie_side_by_side_each_with_a_chat_of_their_own(simulator, browse, four):
    html = browse("/dien-thoai")[2]

    assert html.count('class="sim-set"') == 4
    assert "phó nhóm" in phone_of(html, four["Bà H."])
    assert "Đang chờ duyệt" in phone_of(html, four["Chị L."])
    assert [member["name"] for member in simulator.world.groups[GROUP].pending] == ["Chị L."]


def test_145_group_shows_what_the_account_posted_in_order_with_the_duplicate_marked(send, browse, four):
    for text in ("Thứ nhất", "Thứ hai", "Thứ hai"):
        send(text)

    phone = phone_of(browse("/dien-thoai")[2], four["Bà H."])
    assert phone.index("Thứ nhất") < phone.index("Thứ hai")
    assert phone.count("Tin trùng</span>") == 1
    assert "Thứ nhất" not in phone_of(browse("/dien-thoai")[2], four["Chị L."])


def test_145_same_text_after_ten_minutes_is_no_duplicate(send, members, advance):
    send("Tin")
    advance(seconds=599)
    send("Tin")
    advance(seconds=601)
    send("Tin")

    assert [message["is_duplicate"] for message in members()] == [False, True, False]


def test_145_member_writes_in_the_group_and_the_others_read_it(browse, four, write, hook):
    write(four["Bà H."], text="Tôi cũng bị <b>gọi</b>")

    other = phone_of(browse("/dien-thoai")[2], four["Ông B."])
    assert "Tôi cũng bị &lt;b&gt;gọi&lt;/b&gt;" in other
    assert hook.event()["event_name"] == "user_send_group_text"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("location", "user_send_location"),
        ("audio", "user_send_audio"),
        ("sticker-tot", "user_send_sticker"),
    ],
)
def test_145_citizen_sends_place_sound_and_sticker(four, do, write, hook, kind, name):
    person = four["Anh K."]
    do(person, "open", screen="oa")
    write(person, kind=kind)

    assert hook.event()["event_name"] == name


@pytest.mark.parametrize(
    ("content", "name"), [(JPEG, "user_send_image"), (b"Don trinh bao", "user_send_file")]
)
def test_145_citizen_sends_picture_and_file_which_the_portal_can_fetch(
    simulator, four, do, hook, content, name
):
    person = four["Anh K."]
    do(person, "open", screen="oa")
    edge = "frontier"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="picture"; filename="a.bin"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    url = f"{simulator.url}/nguoi-dan/{OA}/{person.user_id}"
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60).close()

    event = hook.event()
    assert event["event_name"] == name
    with urllib.request.urlopen(event["message"]["attachments"][0]["payload"]["url"]) as response:
        assert response.read() == content


def test_145_citizen_follows_and_unfollows(four, do, hook):
    do(four["Anh K."], "follow")
    do(four["Anh K."], "unfollow")

    assert hook.names(2) == ["follow", "unfollow"]
    assert four["Anh K."].is_follower is False


def test_145_joining_waits_for_the_deputy_who_answers_on_a_phone(simulator, browse, four, do, hook):
    outsider, group = four["Anh K."], simulator.world.groups[GROUP]
    do(outsider, "join", group_id=GROUP)
    html = phone_of(browse("/dien-thoai")[2], four["Bà H."])
    refused = do(four["Ông B."], "accept", group_id=GROUP, user_id=outsider.user_id)
    accepted = do(four["Bà H."], "accept", group_id=GROUP, user_id=outsider.user_id)

    assert "Anh K.</b> xin vào nhóm" in html
    assert (refused, accepted) == (400, 200)
    assert group.has(outsider.user_id)
    assert hook.names(2) == ["accept_request_join_group", "user_request_join_group"]
    assert "Đang chờ duyệt" not in phone_of(browse("/dien-thoai")[2], outsider)


def test_145_member_leaves_and_no_longer_reads_along(simulator, browse, send, four, do, hook):
    send("Trước")
    hook.event()
    do(four["Ông B."], "leave", group_id=GROUP)
    send("Sau khi rời")

    assert hook.event()["event_name"] == "user_out_group"
    assert simulator.world.groups[GROUP].has(four["Ông B."].user_id) is False
    phone = phone_of(browse("/dien-thoai")[2], four["Ông B."])
    assert "Trước" not in phone and "Sau khi rời" not in phone


def test_145_locked_group_lets_only_deputies_write(simulator, browse, four, write, group_call):
    group_call("updateinfo", {"group_id": GROUP, "lock_send_msg": True})

    assert write(four["Ông B."], text="Alo")[0] == 400
    assert write(four["Bà H."], text="Alo")[0] == 200
    assert "Chỉ trưởng và phó nhóm được gửi tin" in phone_of(browse("/dien-thoai")[2], four["Ông B."])


def test_145_phone_put_away_leaves_the_row_and_comes_back(browse, four, do):
    person = four["Chị L."]
    do(person, "put_away")
    away = browse("/dien-thoai")[2]
    alone = browse(f"/nguoi-dan/{OA}/{person.user_id}")[2]
    do(person, "put_out")

    assert f"may-{person.user_id}" not in away
    assert "Đặt lên bàn" in alone
    assert f"may-{person.user_id}" in browse("/dien-thoai")[2]


def test_145_new_phone_from_the_row_returns_to_the_row(browse):
    _status, path, html = browse("/nguoi-dan", {"name": "Cụ T.", "oa_id": OA, "from": "row"})

    assert path == "/dien-thoai"
    assert "Cụ T." in html


@pytest.mark.parametrize(
    ("act", "fields"), [("explode", {}), ("join", {"group_id": "unknown"}), ("leave", {"group_id": GROUP})]
)
def test_145_button_that_makes_no_sense_is_400(four, do, act, fields):
    assert do(four["Anh K."], act, **fields) == 400


def test_145_buttons_of_another_sites_page_are_403(browse, four):
    path = f"/nguoi-dan/{OA}/{four['Anh K.'].user_id}/viec"

    assert browse(path, {"act": "follow"}, Origin="https://evil.example")[0] == 403
    assert browse("/dien-thoai/mau", {}, Origin="https://evil.example")[0] == 403


def test_145_empty_table_offers_phones_or_says_why_not(simulator, browse):
    with_groups = browse("/dien-thoai")[2]
    simulator.control("POST", "reset", {})

    assert "Bày bốn máy mẫu" in with_groups
    assert "Chưa có tài khoản nào" in browse("/dien-thoai")[2]
    assert browse("/dien-thoai/mau", {})[0] == 400


def test_145_page_without_a_script_loads_itself_again_only_when_asked(browse, four):
    assert 'http-equiv="refresh"' not in browse("/dien-thoai")[2]
    assert 'http-equiv="refresh"' in browse("/dien-thoai?tu-dong")[2]


@pytest.mark.browser
def test_145_phones_at_both_widths_in_a_real_browser(simulator, browser, send, four):
    send("Bà con chú ý")
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{simulator.url}/dien-thoai")
    boxes = [phone.bounding_box() for phone in page.locator(".sim-set").all()]
    page.locator(".sim-set textarea").first.fill("Đã đọc")
    send("Tin tới khi đang viết")
    page.wait_for_selector("text=Tin tới khi đang viết")

    assert len({box["y"] for box in boxes}) == 1
    assert all(box["x"] + box["width"] <= 1280 for box in boxes)
    assert page.locator(".sim-set textarea").first.input_value() == "Đã đọc"
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".sim-set").first.bounding_box()["width"] > 350
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert complaints == []
    page.close()


def test_145_snapshot_of_the_world_is_put_back_as_it_was(simulator, send, members, four):
    send("Trước")
    before = simulator.control("GET", "state")
    send("Sau")
    simulator.control("POST", "faults", {"kind": "empty"})
    simulator.control("POST", "state", before)

    assert [message["text"] for message in members()] == ["Trước"]
    assert simulator.control("GET", "faults")["faults"] == []
    again = simulator.control("GET", "state")
    assert json.dumps(again["people"]) == json.dumps(before["people"])
    assert send("Trước")["error"] == 0
    assert members()[1]["is_duplicate"] is True


def test_145_document_of_another_format_is_refused_and_changes_nothing(simulator):
    with pytest.raises(urllib.error.HTTPError) as caught:
        simulator.control("POST", "state", {"format": 1})

    assert caught.value.code == 400
    assert GROUP in simulator.world.groups
