"""The pages people look at: what was posted is there, escaped, marked and findable."""

import urllib.error
import urllib.parse
import urllib.request

import pytest

OA, GROUP, OTHER = "2000000000000000002", "aaaa1111bbbb2222cccc", "bbbb1111bbbb2222cccc"


@pytest.fixture
def get(simulator):
    def get(path, **headers):
        request = urllib.request.Request(simulator.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    return get


@pytest.fixture
def group(simulator):
    return simulator.world.groups[GROUP]


@pytest.mark.parametrize("path", ["/", f"/nhom/{GROUP}", "/so-lieu"])
def test_page_says_it_is_a_simulation_and_forbids_foreign_content(get, path):
    status, headers, html = get(path)

    assert status == 200
    assert "MÔ PHỎNG, không phải Zalo" in html
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<style" not in html and "style=" not in html and "onclick" not in html


def test_groups_page_shows_the_latest_message_of_each_group(get, simulator, group):
    simulator.world.add_message(group, "Tin cũ")
    simulator.world.add_message(group, "Tin mới nhất")

    html = get("/")[2]

    assert "Tin mới nhất" in html
    assert "Tin cũ" not in html
    assert "31 thành viên" in html


@pytest.mark.parametrize(("query", "found"), [("to dan pho", True), ("TỔ 1", True), ("thôn", False)])
def test_groups_page_finds_names_without_marks(get, query, found):
    html = get("/?q=" + urllib.parse.quote(query))[2]

    assert (f"/nhom/{GROUP}" in html) is found
    assert ("Không có nhóm nào tên như vậy" in html) is not found


def test_group_page_shows_messages_in_order_and_marks_the_duplicate(get, simulator, group):
    for text in ("Thứ nhất", "Thứ hai", "Thứ hai"):
        simulator.world.add_message(group, text)

    html = get(f"/nhom/{GROUP}")[2]

    live = html.split('id="live"')[1]
    assert live.index("Thứ nhất") < live.index("Thứ hai")
    assert live.count("Tin trùng</span>") == 1


def test_group_page_escapes_what_was_posted(get, simulator, group):
    simulator.world.add_message(group, "<script>alert(1)</script>", is_ours=False, from_name="<b>x</b>")

    html = get(f"/nhom/{GROUP}")[2]

    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html and "<b>x</b>" not in html


def test_group_page_shows_pictures_from_the_simulator_itself(get, simulator, group):
    account = simulator.world.accounts[OA]
    picture = simulator.world.add_upload(account, b"\x89PNG\r\n\x1a\n")
    simulator.world.add_message(group, "Ảnh", kind="photo", attachment_id=picture)

    assert f'src="/anh/{picture}"' in get(f"/nhom/{GROUP}")[2]
    assert get("/anh/unknown")[0] == 404


def test_page_unchanged_since_the_version_seen_is_204(get, simulator, group):
    html = get("/")[2]
    version = html.split('data-version="')[1].split('"')[0]

    assert get("/", **{"X-Version": version})[0] == 204
    simulator.world.add_message(group, "Tin")
    assert get("/", **{"X-Version": version})[0] == 200


def test_group_unknown_is_404(get):
    assert get("/nhom/khong-co")[0] == 404


def test_numbers_page_shows_calls_by_outcome_and_load_of_the_account(get, simulator):
    simulator.world.stats.begin()
    simulator.world.stats.end("/v3.0/oa/group/message", "-224")
    simulator.world.count_call(simulator.world.accounts[OA])

    html = get("/so-lieu")[2]

    assert "/v3.0/oa/group/message" in html and "-224" in html
    assert "Công an xã Mẫu" in html


def test_static_files_come_from_the_project_and_nowhere_else(get):
    assert get("/static/css/simulator.css")[0] == 200
    assert get("/static/..%2fportal/settings/__init__.py")[0] in {403, 404}
