"""Private chats: a person writes, the portal hears of it, the account answers while it may."""

import urllib.error
import urllib.parse
import urllib.request

import pytest

from groups.zalo.simulator import people
from groups.zalo.simulator.state import Refusal, World

OA = "2000000000000000002"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def world():
    world = World(seed=1)
    world.register_account(OA, "Công an xã Mẫu")
    return world


@pytest.fixture
def person(world):
    return people.register(world, OA, "Bà H.")


def answer(world, user_id, text="Đã nhận"):
    return people.answer(world, world.accounts[OA], user_id, {"text": text})


@pytest.mark.parametrize(
    ("hours", "quota"), [(1, "reply"), (47, "reply"), (49, "sub_quota"), (167, "sub_quota")]
)
def test_answer_within_seven_days_is_delivered_with_its_quota(world, person, hours, quota):
    people.say(world, person, "Có người lạ")
    world.clock.advance(hours * 3600)

    _person, message, counted = answer(world, person.user_id)

    assert person.messages[-1] is message
    assert counted["quota_type"] == quota
    assert all(isinstance(value, str) for value in counted.values())


def test_answer_after_seven_days_is_refused_until_the_person_writes_again(world, person):
    world.clock.advance(7 * 24 * 3600 + 1)

    with pytest.raises(Refusal) as caught:
        answer(world, person.user_id)
    people.say(world, person, "Alo")

    assert caught.value.code == -230
    assert answer(world, person.user_id)[1].text == "Đã nhận"


def test_answer_to_somebody_who_left_is_refused(world, person):
    person.is_follower = False

    with pytest.raises(Refusal) as caught:
        answer(world, person.user_id)

    assert caught.value.code == -213


def test_answer_from_an_account_closed_for_private_messages_is_refused(world, person):
    world.accounts[OA].private_code = -235

    with pytest.raises(Refusal) as caught:
        answer(world, person.user_id)

    assert caught.value.code == -235


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
def chat(browse):
    """The address of a fresh chat."""
    status, path, html = browse("/nguoi-dan", {"name": "Bà H.", "oa_id": OA})
    assert status == 200 and "Hãy viết tin đầu tiên" in html
    return path


def test_person_writes_and_reads_the_answer_on_the_same_page(simulator, browse, chat):
    browse(chat, {"text": "Có <b>người lạ</b>"})
    user_id = chat.rsplit("/", 1)[1]
    people.answer(simulator.world, simulator.world.accounts[OA], user_id, {"text": "Công an đã nhận"})

    html = browse(chat)[2]

    assert "Có &lt;b&gt;người lạ&lt;/b&gt;" in html
    assert html.index("người lạ") < html.index("Công an đã nhận")
    assert "Bà H." in browse("/nguoi-dan")[2]


def test_person_sends_a_picture(simulator, chat):
    boundary = "frontier"
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="text"\r\n\r\nẢnh đây\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    ).encode()
    body = parts + PNG + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urllib.request.urlopen(urllib.request.Request(simulator.url + chat, body, headers)) as response:
        html = response.read().decode()

    [picture] = simulator.world.uploads
    assert f'src="/anh/{picture}"' in html
    with urllib.request.urlopen(f"{simulator.url}/anh/{picture}") as response:
        assert (response.read(), response.headers["Content-Type"]) == (PNG, "image/png")


@pytest.mark.parametrize("form", [{"name": "", "oa_id": OA}, {"name": "x", "oa_id": "unknown"}])
def test_chat_without_name_or_account_is_400(simulator, browse, form):
    assert browse("/nguoi-dan", form)[0] == 400
    assert simulator.world.people == {}


def test_form_sent_by_another_sites_page_is_403(browse, chat):
    assert browse(chat, {"text": "x"}, Origin="https://evil.example")[0] == 403


def test_chat_unknown_is_404(browse):
    assert browse(f"/nguoi-dan/{OA}/1")[0] == 404


def test_control_lets_a_person_write_and_shows_what_they_see(simulator):
    user_id = simulator.control("POST", "people", {"oa_id": OA, "name": "Ông B."})["user_id"]
    simulator.control("POST", f"people/{OA}/{user_id}/messages", {"text": "Alo"})

    messages = simulator.control("GET", f"people/{OA}/{user_id}/messages")["messages"]
    assert [(message["text"], message["is_ours"]) for message in messages] == [("Alo", False)]


@pytest.mark.browser
def test_person_types_a_whole_message_in_a_real_browser(simulator, browser, chat):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(simulator.url + chat)
    page.fill("textarea", "Tối nay có người lạ đi quanh xóm")
    page.click(".sim-send")
    page.wait_for_selector("text=Tối nay có người lạ đi quanh xóm")

    user_id = chat.rsplit("/", 1)[1]
    people.answer(simulator.world, simulator.world.accounts[OA], user_id, {"text": "Công an đã nhận"})

    page.wait_for_selector("text=Công an đã nhận")
    assert refused == []
