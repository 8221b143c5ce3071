"""The trainer's desk: faults with one button, the clock, situations, and counters that tell the truth."""

import urllib.error
import urllib.parse
import urllib.request

import pytest

from groups.zalo.simulator import faults, presets
from groups.zalo.simulator.setup import SeedFile
from groups.zalo.simulator.state import World
from groups.zalo.simulator.switches import Switches
from tests.groups.zalo.simulator.conftest import ACCESS, GROUP, OA, REFRESH
from tests.waiting import wait_for

PROFILE = "/v2.0/oa/getoa"


@pytest.fixture
def browse(simulator):
    """GET a page, or POST a form; returns status and page."""

    def browse(path, form=None, **headers):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(simulator.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return browse


@pytest.fixture
def press(browse):
    """Press the button of a preset; returns the page that follows."""

    def press(key):
        return browse("/su-co/mau", {"preset": key})[1]

    return press


def test_145_network_is_gone_for_two_minutes(press, call, simulator):
    assert "còn 1" in press("mat-mang")
    with pytest.raises(ConnectionResetError):
        call("GET", PROFILE)
    simulator.control("POST", "clock", {"advance_seconds": 121})

    assert call("GET", PROFILE)["error"] == 0


def test_145_quota_is_used_up_for_a_minute(press, send, call, advance):
    press("het-han-muc")
    codes = [send("Tin")["error"], call("GET", PROFILE)["error"]]
    advance(seconds=61)

    assert [*codes, send("Tin")["error"]] == [-32, 0, 0]


def test_145_access_token_runs_out_and_the_refresh_token_still_works(press, call, refresh):
    press("ma-het-han")

    assert call("GET", PROFILE)["error"] == -220
    assert call("GET", PROFILE, token=refresh()["access_token"])["error"] == 0


def test_145_message_is_in_the_group_but_the_answer_is_lost(press, send, members):
    press("mat-tra-loi")
    for number in range(3):
        with pytest.raises(ConnectionResetError):
            send(f"Tin {number}")

    assert send("Tin 3")["error"] == 0
    assert len(members()) == 4


@pytest.mark.parametrize("preset", presets.PRESETS, ids=lambda preset: preset.key)
def test_145_every_preset_shows_up_and_goes_with_one_button(simulator, browse, press, call, refresh, preset):
    page = press(preset.key)
    shown = "Tắt hết sự cố" in page
    browse("/su-co/tat", {})
    token = refresh().get("access_token", "")

    assert shown is not bool(preset.account_act)
    assert "Không có gì. Mọi thứ chạy như thường." in browse("/su-co")[1]
    assert call("GET", PROFILE, token=token)["error"] == (-216 if preset.key == "thu-hoi" else 0)


def test_145_every_kind_path_and_switch_has_a_name_on_the_panel():
    assert set(presets.KIND_LABELS) == set(faults.KINDS)
    assert {kind for _label, kinds in presets.KIND_GROUPS for kind in kinds} == set(faults.KINDS)
    missing = set(Switches().as_dict()) - set(presets.SWITCH_LABELS)
    assert missing == {"banned_words", "fixed_challenge"}


def test_145_fault_of_ones_own_hits_its_group_for_its_times_and_can_be_ended(browse, send, simulator):
    simulator.control("POST", "groups", {"group_id": "bbbb", "oa_id": OA, "name": "Thôn Hai"})
    form = {"kind": "error", "path": "group/message", "group_id": "bbbb", "times": "2", "code": "-248"}
    page = browse("/su-co/them", form)[1]
    codes = [send("Tin")["error"], send("Tin", "bbbb")["error"]]
    browse("/su-co/tat", {"number": "0"})

    assert "Gửi tin vào nhóm · Thôn Hai" in page
    assert [*codes, send("Tin", "bbbb")["error"]] == [0, -248, 0]


@pytest.mark.parametrize("form", [{"kind": "meteor"}, {"kind": "error", "times": "three"}])
def test_145_fault_that_makes_no_sense_is_400(browse, form):
    assert browse("/su-co/them", form)[0] == 400


def test_145_switches_are_set_all_at_once(browse, simulator):
    page = browse("/su-co")[1]
    form = {
        "expires_in_integer": "on",
        "expired_as": "401",
        "spent_refresh_code": "-14020",
        "count_unit": "utf16",
        "group_posts_per_hour": "5",
        "conversation_cap": "10",
        "state_private_code": "0",
        "state_groups_code": "-224",
        "banned_words": "cá độ, lô đề ,",
        "visible_after": "30",
    }
    browse("/su-co/cong-tac", form)

    found = simulator.control("GET", "switches")
    assert 'value="-14014" selected' in page
    assert (found["expires_in_integer"], found["state_private_v2"]) == (True, False)
    assert (found["expired_as"], found["spent_refresh_code"]) == ("401", -14020)
    assert found["banned_words"] == ["cá độ", "lô đề"]
    assert simulator.world.visible_after_ms == 30_000
    assert "Báo lại cho cổng" in page
    assert browse("/su-co/cong-tac", form | {"count_unit": "miles"})[0] == 400


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("package_lapsed", -224),
        ("app_inactive", -209),
        ("permission_missing", -212),
        ("permission_not_granted", -223),
        ("quota_used", -211),
    ],
)
def test_a11_trainer_takes_a_right_from_one_account(browse, simulator, send, what, code):
    browse("/su-co/tai-khoan", {"oa_id": "another", "what": what})
    spared = send("Tin")["error"]
    page = browse("/su-co/tai-khoan", {"oa_id": OA, "what": what})[1]

    assert (spared, send("Tin")["error"]) == (0, code)
    assert str(presets.REFUSAL_LABELS[what]) in page.split("</section>")[0]
    browse("/su-co/tat", {})
    assert send("Tin")["error"] == 0


def test_a10_trainer_makes_an_account_a_state_agencys(browse, call):
    page = browse("/su-co/tai-khoan", {"oa_id": OA, "what": "state"})[1]

    assert call("GET", PROFILE)["data"]["oa_type"] == 4
    assert "(cơ quan nhà nước)" in page
    assert browse("/su-co/tai-khoan", {"what": "magic"})[0] == 400


@pytest.mark.parametrize("values", [{"nonsense": 1}, {"expired_as": "-1"}, {"plain_json": "yes"}])
def test_switch_that_makes_no_sense_is_refused_and_none_is_set(values):
    switches = Switches()

    with pytest.raises(ValueError):
        switches.set(accept_urls=True, **values)
    assert switches == Switches()


@pytest.mark.parametrize(("step", "hours"), [("1h", 1), ("1d", 24)])
def test_145_clock_moves_by_a_step(browse, simulator, step, hours):
    simulator.control("POST", "clock", {"freeze": True})
    before = simulator.control("GET", "clock")["now"]
    browse("/dong-ho", {"step": step})

    assert simulator.control("GET", "clock")["now"] - before == hours * 3_600_000


def test_145_clock_stands_still_runs_on_and_returns_to_real_time(browse, simulator):
    browse("/dong-ho", {"step": "1d"})
    frozen = browse("/dong-ho", {"step": "freeze"})[1]
    clock = [simulator.control("GET", "clock") for _number in range(2)]
    browse("/dong-ho", {"step": "thaw"})
    running = simulator.control("GET", "clock")
    browse("/dong-ho", {"step": "real"})

    assert "Đang đứng" in frozen and "Đồng hồ đứng ở" in frozen
    assert clock[0] == clock[1]
    assert 0 <= running["now"] - clock[0]["now"] < 5_000
    assert simulator.control("GET", "clock")["offset_ms"] == 0
    assert browse("/dong-ho", {"step": "back"})[0] == 400


def test_145_clock_page_says_what_is_coming(browse, simulator):
    simulator.control("POST", "assets", {"oa_id": OA, "asset_id": "as_1", "valid_days": 3})
    simulator.control("POST", "groups", {"group_id": GROUP, "oa_id": OA, "asset_id": "as_1"})

    page = browse("/dong-ho")[1]
    assert page.index("Mã truy cập hết hạn") < page.index("Suất nhóm hết hạn") < page.index("Mã làm mới")
    simulator.control("POST", "clock", {"advance_seconds": 4 * 86_400})
    assert "Nhóm bị giải tán" in browse("/dong-ho")[1]


def test_145_situation_is_kept_come_back_to_and_begun_anew(browse, send, members, simulator):
    send("Trước buổi tập")
    browse("/dong-ho/tinh-huong", {"act": "save", "name": "Sáng"})
    send("Trong buổi tập")
    for _number in range(2):
        browse("/dong-ho/tinh-huong", {"act": "restore", "number": "0"})
        assert [message["text"] for message in members()] == ["Trước buổi tập"]
        send("Buổi sau")
    assert "Sáng" in browse("/dong-ho")[1]

    browse("/dong-ho/tinh-huong", {"act": "reset"})

    assert simulator.world.groups == {}
    assert browse("/dong-ho/tinh-huong", {"act": "restore", "number": "9"})[0] == 400


def test_145_seed_file_is_applied_again_after_it_was_forgotten(tmp_path):
    seed_file = SeedFile(tmp_path / "seed.json")
    seed_file.path.write_text('{"groups": [{"group_id": "g", "oa_id": "1"}]}')
    world = World()
    seed_file.apply(world)
    world.restart()
    seed_file.forget()

    assert seed_file.apply(world) is True
    assert list(world.groups) == ["g"]


def test_145_counters_tell_calls_duplicates_backlog_and_ages_of_tokens(browse, send, simulator, hook, fault):
    fault("webhook_delay", times=1, delay_ms=3_600_000)
    for _number in range(2):
        send(f"Trùng [@{GROUP}]")
    send("")
    # The echo of the second is on its way until the portal has it.
    hook.next()
    wait_for(lambda: '<b class="num">1</b> tin báo còn chờ' in browse("/so-lieu")[1])
    page = browse("/so-lieu")[1]

    assert "-201" in page and "/v3.0/oa/group/message" in page
    assert "1 tin trùng" in page and "Nhóm đọc phải tin trùng" in page
    assert '<b class="num">2</b> lần réo cả nhóm' in page
    assert ACCESS[-6:] in page and REFRESH[-6:] in page


@pytest.mark.parametrize("path", ["/su-co", "/dong-ho", "/dien-thoai", "/so-lieu"])
def test_145_every_page_carries_the_banner_and_forbids_foreign_content(browse, path):
    status, page = browse(path)

    assert status == 200
    assert "MÔ PHỎNG, không phải Zalo" in page
    assert "<style" not in page and "style=" not in page


@pytest.mark.parametrize(
    "path", ["/su-co/mau", "/su-co/tat", "/su-co/them", "/dong-ho", "/dong-ho/tinh-huong"]
)
def test_145_buttons_pressed_by_another_sites_page_are_403(browse, path):
    assert browse(path, {"step": "1d"}, Origin="https://evil.example")[0] == 403


def test_same_seed_makes_the_same_ids():
    first, second, other = World(seed=5), World(seed=5), World(seed=6)

    assert first.new_id() == second.new_id() != other.new_id()
    first.restart()
    assert first.new_secret(8) == World(seed=5).new_secret(8)
