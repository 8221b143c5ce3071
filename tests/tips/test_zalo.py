"""What residents write to an official account: one tip a matter, a receipt back, no trace of who."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from broadcasts.models import Mailbox
from groups.enums import AccountState
from groups.models import OfficialAccount
from groups.services import inbox, signers
from groups.zalo import fake
from groups.zalo.errors import ChannelStopped, OutcomeUnknown, classify
from groups.zalo.fake_world import Person
from groups.zalo.http import TOTAL_SECONDS
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from portal.audit.models import AuditEntry
from tests.factories import OfficialAccountFactory, UnitFactory, make_area
from tests.groups.webhooks import event, post, private
from tips.enums import Category, EventKind, SourceChannel, TipStatus
from tips.models import Message, Tip, ZaloThread
from tips.services import follow, zalo, zalo_answers

pytestmark = pytest.mark.django_db
USER, OTHER = "3000000000000000003", "3000000000000000004"


@pytest.fixture(autouse=True)
def _zalo(settings):
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    fake.world.people |= {user_id: Person() for user_id in (USER, OTHER)}
    signers.forget()


@pytest.fixture
def account() -> OfficialAccount:
    return OfficialAccountFactory(unit=make_area().commune_a)


def write(account: OfficialAccount, text: str = "", **fields) -> None:
    """A resident writes, and the inbox is worked off."""
    assert post(private(account, text, **fields)).status_code == 200
    inbox.process_due()


def with_files(*kinds: str, text: str = "", **payload) -> dict:
    attachments = [{"type": kind, "payload": payload or {"url": "http://x/a.jpg"}} for kind in kinds]
    return {"msg_id": f"m{timezone.now().timestamp()}", "text": text, "attachments": attachments}


def answers() -> list[str]:
    return [message.text for message in fake.world.sent_private]


def test_message_becomes_an_anonymous_tip_of_the_accounts_commune(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe ở cầu Bến Đá")
    tip = Tip.objects.get()
    assert (tip.channel, tip.category, tip.unit, tip.handler) == (
        SourceChannel.ZALO,
        Category.KHAC,
        account.unit,
        account.unit,
    )
    assert tip.is_anonymous and tip.text == "Có nhóm thanh niên tụ tập đua xe ở cầu Bến Đá"


def test_sender_gets_a_receipt_that_opens_the_tip_and_is_then_forgotten(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    assert zalo_answers.answer_due() == 1 and zalo_answers.answer_due() == 0

    (answer,) = answers()
    receipt = answer.split("Mã theo dõi: ")[1].split("\n")[0]
    assert follow.find(receipt) == Tip.objects.get()
    assert "đồng ý" in answer and "113" in answer and account.unit.police_name in answer
    thread = ZaloThread.objects.get()
    assert (thread.user_id, thread.answer, thread.due_at) == (None, None, None)


def test_zalo_id_of_the_sender_is_in_no_column_in_plain(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    with connection.cursor() as cursor:
        for table in ("tips_zalothread", "tips_tip", "tips_tipevent", "audit_auditentry"):
            cursor.execute(f"SELECT * FROM {table}")
            assert USER not in repr(cursor.fetchall())


def test_what_follows_soon_is_added_to_the_same_tip_without_another_receipt(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    write(account, "ở cầu Bến Đá")
    write(account, message=with_files("image", text="ảnh đây ạ"))
    zalo_answers.answer_due()

    tip = Tip.objects.get()
    texts = [message.text for message in Message.objects.filter(tip=tip).order_by("pk")]
    assert texts[0] == "ở cầu Bến Đá" and "ảnh đây ạ" in texts[1] and "kèm ảnh" in texts[1]
    assert len(answers()) == 1


def test_same_message_delivered_twice_is_one_tip_with_no_addition(account):
    body = private(account, "Có nhóm thanh niên tụ tập đua xe")
    post(body)
    post(body)
    inbox.process_due()
    post(body)
    inbox.process_due()
    assert Tip.objects.count() == 1 and not Message.objects.exists()


def test_other_matter_after_some_hours_another_person_and_an_ended_tip_are_new_tips(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    write(account, "Nhà bên cạnh hát loa kéo khuya", user_id=OTHER)
    assert Tip.objects.count() == 2
    ZaloThread.objects.update(last_at=timezone.now() - zalo.ONE_MATTER - timedelta(minutes=2))
    write(account, "Mất con trâu đêm qua ở bãi")
    assert Tip.objects.count() == 3
    Tip.objects.update(status=TipStatus.SPAM)
    write(account, "Vẫn chưa thấy con trâu đâu")
    assert Tip.objects.count() == 4
    assert ZaloThread.objects.count() == 2


def test_two_receipts_that_wait_together_leave_together(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    ZaloThread.objects.update(last_at=timezone.now() - timedelta(days=1))
    write(account, "Mất con trâu đêm qua ở bãi")
    zalo_answers.answer_due()
    assert [answer.count("Mã theo dõi: ") for answer in answers()] == [2]


def test_short_words_are_a_tip_and_a_sticker_alone_is_none(account):
    write(account, message=with_files("sticker"), event_name="user_send_sticker")
    assert not Tip.objects.exists()
    write(account, "Alo")
    assert Tip.objects.get().text == "Nhắn qua Zalo: Alo"


def test_shared_position_is_kept_and_one_outside_the_country_is_not(account):
    here = {"latitude": "11.94042", "longitude": "108.43831"}
    write(account, message=with_files("location", coordinates=here), event_name="user_send_location")
    assert Tip.objects.get().coordinates == "11.94042,108.43831"
    far = {"latitude": "48.85", "longitude": "2.35"}
    message = with_files("location", text="Ở chỗ này ạ", coordinates=far)
    write(account, message=message, event_name="user_send_location", user_id=OTHER)
    assert Tip.objects.order_by("pk").last().coordinates == ""


def test_place_sent_after_the_words_reaches_the_tip_and_its_thread(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    for latitude in ("11.94042", "11.95"):
        there = {"latitude": latitude, "longitude": "108.43831"}
        write(account, message=with_files("location", coordinates=there), event_name="user_send_location")
    tip = Tip.objects.get()
    said = [message.text for message in Message.objects.filter(tip=tip).order_by("pk")]
    assert tip.coordinates == "11.94042,108.43831"
    assert "11.94042,108.43831" in said[0] and "11.95000,108.43831" in said[1]


@pytest.mark.parametrize("attachments", [5, "x", {"a": 1}, [5, None, {"payload": 3}], None])
def test_attachments_of_a_strange_shape_cost_no_words(account, attachments):
    message = {"msg_id": "m1", "text": "Có kẻ trộm ở xóm Ba", "attachments": attachments}
    write(account, message=message)
    assert Tip.objects.get().text.startswith("Có kẻ trộm ở xóm Ba")


@pytest.mark.parametrize("message", [None, [], {}, {"text": 3}, {"text": "\x00"}, {"attachments": "x"}])
def test_strange_messages_make_no_tip_and_no_trouble(account, message):
    body = private(account, "") | {"message": message}
    assert post(body).status_code == 200
    assert inbox.process_due() == 1
    assert not Tip.objects.exists()


def test_account_of_a_province_says_where_to_write_once():
    account = OfficialAccountFactory(unit=UnitFactory(province=True))
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    write(account, "ở cầu Bến Đá")
    zalo_answers.answer_due()
    assert not Tip.objects.exists()
    assert len(answers()) == 1 and "/gui-tin/" in answers()[0]


def test_answer_zalo_refuses_for_good_is_given_up_and_the_sender_forgotten(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    fake.world.fail_next(classify(-230))
    assert zalo_answers.answer_due() == 0
    thread = ZaloThread.objects.get()
    assert (thread.user_id, thread.due_at) == (None, None) and not answers()


def try_for_two_days() -> list[timedelta]:
    """Let every answer fail; returns the pauses between the tries."""
    pauses = []
    while due_at := ZaloThread.objects.get().due_at:
        pauses.append(due_at - timezone.now())
        ZaloThread.objects.update(due_at=timezone.now())
        fake.world.fail_next(ChannelStopped(None, "no grant"))
        zalo_answers.answer_due()
    return pauses


def test_answer_is_tried_for_two_days_and_the_officers_see_when_it_was_given_up(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    pauses = try_for_two_days()
    assert timedelta(hours=48) < sum(pauses, timedelta()) < timedelta(hours=60)
    assert len(pauses) < 30 and max(pauses) <= timedelta(hours=3)
    tip = Tip.objects.get()
    assert tip.events.last().kind == EventKind.NO_RECEIPT
    assert AuditEntry.objects.get(action="tips.receipt.not_sent").unit_path == account.unit.path
    assert ZaloThread.objects.get().user_id is None


def test_answer_of_an_account_out_of_service_waits_untried_and_leaves_when_it_is_back(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    OfficialAccount.objects.update(state=AccountState.NEEDS_GRANT)
    assert zalo_answers.answer_due() == 0
    assert ZaloThread.objects.get().attempts == 0
    OfficialAccount.objects.update(state=AccountState.ACTIVE)
    assert zalo_answers.answer_due() == 1


def test_answer_that_waited_for_a_week_is_given_up_in_sight(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    OfficialAccount.objects.update(state=AccountState.NEEDS_GRANT)
    ZaloThread.objects.update(last_at=timezone.now() - timedelta(days=8))
    assert zalo_answers.forget_old() == 1
    assert Tip.objects.get().events.last().kind == EventKind.NO_RECEIPT


class WritesMeanwhile(fake.FakeZalo):
    """A resident writes about another matter while the answer to the first is on its way."""

    account: OfficialAccount | None = None

    async def send_user_text(self, user_id, content, **how):
        if account := WritesMeanwhile.account:
            WritesMeanwhile.account = None
            await sync_to_async(ZaloThread.objects.update)(last_at=timezone.now() - timedelta(hours=3))
            await sync_to_async(write)(account, "Mất con trâu đêm qua ở bãi")
        return await super().send_user_text(user_id, content, **how)


@pytest.mark.parametrize("error", [None, ChannelStopped(None, "x"), classify(-230)])
def test_second_receipt_is_not_wiped_by_the_end_of_the_first(account, settings, error):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    settings.ZALO_CLIENT = f"{__name__}.WritesMeanwhile"
    WritesMeanwhile.account = account
    if error:
        fake.world.fail_next(error)
    zalo_answers.answer_due()
    zalo_answers.answer_due()
    assert Tip.objects.count() == 2
    assert "\n".join(answers()).count("Mã theo dõi: ") >= 2


def test_state_agency_is_answered_at_the_old_address_learnt_once(account, settings):
    settings.ZALO_OLD_PRIVATE_PATH = True
    settings.ZALO_CLIENT = "groups.zalo.client.ZaloClient"
    with SimulatorThread(World(seed=1)) as sim:
        settings.ZALO_API_URL = settings.ZALO_OAUTH_URL = sim.url
        tokens = {"access_token": account.access_token, "refresh_token": account.refresh_token}
        sim.control("POST", "oas", {"oa_id": account.oa_id, "app_id": account.app_id, "oa_type": 4, **tokens})
        for number in range(3):
            person = sim.control("POST", "people", {"oa_id": account.oa_id, "name": f"Dân {number}"})
            write(account, "Có nhóm thanh niên tụ tập đua xe", user_id=person["user_id"])
        assert zalo_answers.answer_due() == 3
        calls = sim.control("GET", "stats")["calls"]
    assert calls == {"/v3.0/oa/message/cs": {"-235": 1}, "/v2.0/oa/message": {"0": 3}}


def test_batch_whose_answers_all_hang_ends_within_its_claim():
    assert (zalo_answers.BATCH + 1) * TOTAL_SECONDS < zalo_answers.CLAIM.total_seconds()


def test_answer_that_may_be_lost_is_sent_again_later(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    fake.world.fail_next(OutcomeUnknown(None, "lost"))
    assert zalo_answers.answer_due() == 0
    thread = ZaloThread.objects.get()
    assert thread.user_id and thread.due_at > timezone.now() + timedelta(minutes=4)
    ZaloThread.objects.update(due_at=timezone.now())
    assert zalo_answers.answer_due() == 1 and len(answers()) == 1


def test_answer_waits_while_sending_needs_the_whole_minute(account, settings):
    settings.ZALO_CLIENT = "groups.zalo.client.ZaloClient"
    settings.ZALO_API_URL = "http://127.0.0.1:9"
    OfficialAccount.objects.update(rate_per_minute=20)
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    Mailbox.objects.create(
        account=account, lease_owner="x", lease_until=timezone.now() + timedelta(minutes=1)
    )
    assert zalo_answers.answer_due() == 0
    thread = ZaloThread.objects.get()
    assert thread.attempts == 0 and thread.user_id
    assert thread.due_at < timezone.now() + timedelta(minutes=2)


def test_withdrawal_of_consent_cuts_the_thread_and_stops_the_answer(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    post(event(account, "user_withdraw", sender={"id": USER}))
    inbox.process_due()
    assert not ZaloThread.objects.exists() and Tip.objects.exists()
    assert zalo_answers.answer_due() == 0


def test_threads_are_forgotten_after_a_week(account):
    write(account, "Có nhóm thanh niên tụ tập đua xe")
    assert zalo_answers.forget_old() == 0
    ZaloThread.objects.update(last_at=timezone.now() - timedelta(days=8))
    assert zalo_answers.forget_old() == 1
