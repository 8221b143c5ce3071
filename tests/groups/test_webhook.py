"""The door of the webhook: who is let in, what is kept, and that nothing makes it fall."""

import hashlib
import json
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from groups.enums import Role
from groups.models import OfficialAccount, ZaloEvent
from groups.services import hints, signers
from groups.services.accounts import update_account
from tests.factories import GroupFactory, OfficialAccountFactory, UnitFactory, make_user
from tests.groups.webhooks import URL, echo, event, moved, now_ms, post, private, raw, signature

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_keys():
    signers.forget()


@pytest.fixture
def account() -> OfficialAccount:
    return OfficialAccountFactory(app_id="1000000000000000001", oa_id="2000000000000000002")


@pytest.mark.parametrize("escaped", [False, True])
def test_signed_event_is_stored_whichever_way_its_letters_are_written(account, escaped):
    assert post(private(account, "Có người lạ"), escaped=escaped).status_code == 200

    stored = ZaloEvent.objects.get()
    assert (stored.name, stored.account, stored.oa_id) == ("user_send_text", account, account.oa_id)
    assert json.loads(stored.body)["message"]["text"] == "Có người lạ"
    assert stored.due_at and not stored.processed_at


def test_signature_over_rewritten_bytes_is_refused(account):
    body = private(account, "Có người lạ")
    assert post(raw(body), mac=signature(raw(body, escaped=True))).status_code == 403


def test_vector_of_the_documentation_is_accepted_but_for_its_age(account):
    account.oa_secret = "demo-oa-secret-key"
    account.save()
    body = (
        '{"app_id":"1000000000000000001","oa_id":"2000000000000000002","event_name":"user_send_group_text",'
        '"sender":{"id":"3000000000000000003"},"recipient":{"id":"aaaa1111bbbb2222cccc"},'
        '"message":{"text":"xin chào","msg_id":"dddd3333eeee4444ffff"},"timestamp":"1760000000000"}'
    ).encode()
    good = "mac=ee743dcf1ab27c07a0c4358562a8058fb2678f2acffebc4b9c7a272883955170"
    today = body.replace(b"1760000000000", now_ms().encode())
    assert post(body, mac=good).status_code == 403
    assert post(today, mac=signature(today, "demo-oa-secret-key")).status_code == 200


@pytest.mark.parametrize(
    "mac", ["", "mac=", "nonsense", "mac=" + "0" * 64, "mac=" + "g" * 64, "sha256=" + "0" * 64]
)
def test_missing_or_wrong_signature_is_refused_and_nothing_is_kept(account, mac):
    assert post(private(account, "x"), mac=mac).status_code == 403
    assert not ZaloEvent.objects.exists()


def test_header_left_out_is_refused(account):
    response = Client().post(URL, raw(private(account, "x")), content_type="application/json")
    assert response.status_code == 403


def test_hmac_instead_of_the_plain_hash_is_refused(account):
    import hmac

    body = raw(private(account, "x"))
    mac = hmac.new(b"oa-secret", body, hashlib.sha256).hexdigest()
    assert post(body, mac=f"mac={mac}").status_code == 403


def test_prefix_may_be_missing_and_digits_may_be_capital(account):
    body = raw(private(account, "x"))
    assert post(body, mac=signature(body).removeprefix("mac=").upper()).status_code == 200


def test_account_without_a_key_accepts_nothing_not_even_the_matching_hash(account):
    OfficialAccount.objects.filter(pk=account.pk).update(oa_secret="")
    body = raw(private(account, "x"))
    assert post(body, mac=signature(body, "")).status_code == 403


def test_other_app_is_refused_even_when_it_knows_the_key(account):
    assert post(private(account, "x") | {"app_id": "1000000000000000009"}).status_code == 403


@pytest.mark.parametrize("own_key", ["another", ""])
def test_key_of_one_account_opens_no_other_of_its_app_and_does_not_have_the_hook_switched_off(
    account, own_key
):
    other = OfficialAccountFactory(
        oa_id="2000000000000000007", app_id=account.app_id, oa_secret=own_key, unit=account.unit
    )
    assert post(private(other, "Có người lạ")).status_code == 200
    assert not ZaloEvent.objects.exists()
    other.refresh_from_db()
    account.refresh_from_db()
    assert other.key_misfit_at and not account.key_misfit_at


def test_key_of_the_same_app_cannot_forestall_the_genuine_event(account):
    other = OfficialAccountFactory(app_id=account.app_id, oa_secret="another", unit=account.unit)
    body = raw(private(account, "Có người lạ"))
    assert post(body, mac=signature(body, other.oa_secret)).status_code == 200
    assert post(body).status_code == 200
    assert ZaloEvent.objects.get().account == account


def test_flood_with_the_key_of_another_account_writes_one_note(account, django_assert_num_queries):
    other = OfficialAccountFactory(app_id=account.app_id, oa_secret="", unit=account.unit)
    post(event(other, "follow"))
    other.refresh_from_db()
    first = other.key_misfit_at
    with django_assert_num_queries(3):
        post(event(other, "unfollow"))
    other.refresh_from_db()
    assert other.key_misfit_at == first


def test_key_of_another_app_opens_nothing(account):
    stranger = OfficialAccountFactory(oa_secret="another", unit=account.unit)
    body = raw(private(account, "x"))
    assert post(body, mac=signature(body, stranger.oa_secret)).status_code == 403


def test_signer_shows_no_key(account):
    assert "oa-secret" not in repr(signers.Signer(1, "2", "3", "oa-secret"))


def test_account_nobody_connected_is_thanked_when_its_app_is_known_and_ignored(account):
    assert post(private(account, "Bí mật") | {"recipient": {"id": "2000000000000000099"}}).status_code == 200

    stored = ZaloEvent.objects.get()
    assert (stored.account, stored.body, stored.due_at) == (None, None, None)


@pytest.mark.parametrize(
    ("hours_ago", "status"), [(0, 200), (23.9, 200), (24.1, 403), (-0.1, 200), (-0.5, 403), (-9999, 403)]
)
def test_event_of_another_day_is_refused(account, hours_ago, status):
    assert post(private(account, "x") | {"timestamp": now_ms(hours_ago=hours_ago)}).status_code == status


@pytest.mark.parametrize(
    "timestamp", ["", "soon", "1" * 5000, "9" * 16, "-1", "1e12", None, True, [], "\ud800"]
)
def test_strange_timestamps_are_refused(account, timestamp):
    body = raw(private(account, "x") | {"timestamp": timestamp}, escaped=True)
    mac = hashlib.sha256(account.app_id.encode() + body + b"oa-secret").hexdigest()
    assert post(body, mac=mac).status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b'"text"', b"12", b"\xff\xfe{}", '{"a":1}'.encode("utf-16"), b"[" * 200_000]
    + [b'{"a":' * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"text":"\x00"}'],
)
def test_what_is_no_json_object_is_a_bad_request(account, body):
    assert post(body, mac="mac=" + "0" * 64).status_code == 400


def test_body_over_a_megabyte_is_refused_unread(account):
    class Untouched:
        def read(self, *args):
            raise AssertionError("the body was read")

        readline = read

    client = Client()
    body = raw(private(account, "x" * 1_000_001))
    assert post(body, client=client).status_code == 413
    response = client.generic("POST", URL, b"", CONTENT_LENGTH="50000000", **{"wsgi.input": Untouched()})
    assert response.status_code == 413


def test_body_of_almost_a_megabyte_is_stored(account):
    assert post(private(account, "x" * 990_000)).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_post_is_answered(account, method):
    assert getattr(Client(), method)(URL).status_code == 405


def test_neither_cookie_nor_token_is_asked_for(account):
    client = Client(enforce_csrf_checks=True)
    response = post(private(account, "x"), client=client)
    assert response.status_code == 200 and not response.cookies


@pytest.mark.parametrize(
    "name", ["something_new", "user_send_group_text", "user_seen_message", "follow", "", None]
)
def test_events_nobody_works_on_are_kept_without_their_words(account, name):
    body = event(account, name, message={"text": "chuyện riêng", "msg_id": "m1"})
    assert post(body).status_code == 200

    stored = ZaloEvent.objects.get()
    assert (stored.name, stored.body, stored.due_at) == (name or "", None, None)
    assert stored.processed_at


def test_strange_names_and_ids_reach_no_column(account):
    for odd in ("x\x00y", "\ud800", "a" * 300, {"a": 1}, "drop table"):
        body = raw(private(account, f"hỏng \x00 {odd!r}") | {"event_name": odd}, escaped=True)
        assert post(body).status_code == 200
    strange = {"oa_id": "\x00", "group_id": ["\x00"], "users": [{"id": "\ud800"}, 3, None], "message": []}
    assert post(raw(event(account, "user_join_group") | strange, escaped=True)).status_code == 200
    assert ZaloEvent.objects.filter(name="").count() == 5


def test_nul_and_half_characters_in_the_words_survive_the_store(account):
    body = raw(private(account, "trước\x00sau \ud83d"), escaped=True)
    assert post(body).status_code == 200
    assert json.loads(ZaloEvent.objects.get().body)["message"]["text"] == "trước\x00sau \ud83d"


def test_words_are_encrypted_in_the_column(account):
    from django.db import connection

    post(private(account, "Nhà ông Bảy"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM groups_zaloevent")
        assert cursor.fetchone()[0].startswith("v1.")


def test_event_delivered_again_is_thanked_and_kept_once(account):
    body = raw(private(account, "x"))
    assert [post(body).status_code for _time in range(3)] == [200, 200, 200]
    assert ZaloEvent.objects.count() == 1


def test_message_is_known_by_its_id_and_kind(account):
    first = private(account, "x")
    again = first | {"timestamp": now_ms(hours_ago=-0.05)}
    other_kind = first | {"event_name": "user_send_image"}
    other_id = first | {"message": {"msg_id": "other", "text": "x"}}
    assert [post(body).status_code for body in (first, again, other_kind, other_id)] == [200] * 4
    assert ZaloEvent.objects.count() == 3


def test_moves_are_known_by_group_time_and_people():
    group, other = (GroupFactory(gmf=True) for _number in range(2))
    first = moved(group, "user_join_group", "u1", "u2")
    turned = first | {"users": [{"id": "u2"}, {"id": "u1"}]}
    later = first | {"timestamp": str(int(first["timestamp"]) + 1)}
    for body in (
        first,
        turned,
        later,
        first | {"event_name": "user_out_group"},
        moved(other, "user_join_group", "u1"),
    ):
        assert post(body).status_code == 200
    assert ZaloEvent.objects.count() == 4


def test_changed_key_works_at_once_and_the_old_one_ends_within_seconds(account, monkeypatch):
    assert post(private(account, "cũ")).status_code == 200
    OfficialAccount.objects.filter(pk=account.pk).update(oa_secret="new-key")
    body = raw(private(account, "mới"))
    assert post(body, mac=signature(body, "new-key")).status_code == 200
    assert post(private(account, "khóa cũ")).status_code == 403

    OfficialAccount.objects.filter(pk=account.pk).update(oa_secret="newest")
    monkeypatch.setattr(signers, "FRESH_SECONDS", 0)
    body = raw(private(account, "muộn"))
    assert post(body, mac=signature(body, "new-key")).status_code == 403


def test_key_changed_in_this_process_ends_the_old_one_and_the_note_at_once(
    account, django_capture_on_commit_callbacks
):
    assert post(private(account, "cũ")).status_code == 200
    OfficialAccount.objects.update(key_misfit_at=timezone.now())
    admin = make_user(Role.ADMINISTRATOR, account.unit)
    with django_capture_on_commit_callbacks(execute=True):
        update_account(
            account, name="x", app_id=account.app_id, rate_per_minute=100, by=admin, oa_secret="new-key"
        )
    assert post(private(account, "muộn")).status_code == 403
    account.refresh_from_db()
    assert account.key_misfit_at is None


def test_second_event_of_an_account_takes_one_statement(account, django_assert_num_queries):
    post(private(account, "x"))
    with django_assert_num_queries(1):
        post(private(account, "y"))


def test_first_event_of_an_account_takes_two_statements(account, django_assert_num_queries):
    with django_assert_num_queries(2):
        post(private(account, "x"))


def test_broker_that_is_away_costs_the_answer_nothing(account, monkeypatch, caplog):
    def away(*args, **kwargs):
        raise OSError("no broker")

    monkeypatch.setattr("groups.tasks.process_events.apply_async", away)
    assert post(private(account, "x")).status_code == 200
    hints._last.result(timeout=60)
    assert "hint_lost: groups.process_events (OSError)" in caplog.text


def test_flood_asks_the_workers_once_a_second(account, monkeypatch):
    asked, clock = [], SimpleNamespace(monotonic=lambda: clock.now, now=1000.0)
    monkeypatch.setattr("groups.tasks.process_events.apply_async", lambda **how: asked.append(how))
    monkeypatch.setattr(hints, "time", clock)

    def flood() -> None:
        for _number in range(30):
            post(private(account, "x"))
        hints._last.result(timeout=60)

    flood()
    assert asked == [{"countdown": 1.0, "retry": False}]
    clock.now += 0.9
    flood()
    assert len(asked) == 1
    clock.now += 0.1
    flood()
    assert len(asked) == 2


def test_accepted_events_write_no_log_line_and_refused_ones_do(account, caplog):
    caplog.set_level("INFO")
    post(private(account, "x"))
    hints._last.result(timeout=60)
    assert not caplog.records
    post(private(account, "x"), mac="mac=" + "0" * 64)
    assert {record.name for record in caplog.records} == {"groups.zalo.webhooks", "portal.request"}
    assert account.oa_id not in caplog.text


def test_echo_of_a_group_is_kept_for_work():
    group = GroupFactory(gmf=True, unit=UnitFactory(village=True))
    post(echo(group, "TB-2611-0001"))
    assert ZaloEvent.objects.get().due_at
