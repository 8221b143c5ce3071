"""Naming colleagues in notes, unread marks, files that stay inside."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.enums import Role
from tests.factories import make_user
from tests.tips import media
from tips.models import Mention, Message, Tip
from tips.services import attention, follow, handling, merging, reading

pytestmark = pytest.mark.django_db

NOTE = "Bí mật: chủ quán tên Tư. @huy và @lan.anh qua xem giúp."


@pytest.fixture
def chief(area):
    return make_user(Role.CHIEF, area.commune_a, username="chief", restricted_circle=True)


@pytest.fixture
def huy(area):
    return make_user(Role.OFFICER, area.commune_a, username="Huy", email="huy@example.org")


@pytest.fixture
def lan(area):
    return make_user(Role.SUPERVISOR, area.district, username="lan.anh", email="lan@example.org")


def note(tip, actor, text=NOTE, **fields) -> Tip:
    now = Tip.objects.get(pk=tip.pk)
    return handling.add_note(now, actor=actor, version=now.version, text=text, **fields)


def test_named_colleagues_find_the_note_until_they_open_the_tip(submit, chief, huy, lan):
    tip = note(submit(), chief)
    assert {mention.user for mention in Mention.objects.all()} == {huy, lan}
    assert [mention.tip for mention in attention.mentions_of(huy)] == [tip]
    reading.read_tip(huy, tip.public_id)
    assert not attention.mentions_of(huy).exists() and attention.mentions_of(lan).exists()


def test_what_the_sender_of_a_duplicate_writes_is_news_of_its_main_tip(submit, chief):
    main, twin, other = submit(), submit(), submit()
    merging.merge(twin, actor=chief, version=1, into=main)
    main, twin = (Tip.objects.select_related("handler").get(pk=tip.pk) for tip in (main, twin))
    for tip in (main, twin, other):
        reading.read_tip(chief, tip.public_id)
    assert attention.unread(chief, [main, other]) == {}
    follow.add_message(twin, text="Hôm nay họ lại hát")
    assert attention.unread(chief, [main, other]) == {main.pk: attention.NEWS}
    reading.read_tip(chief, main.public_id)
    assert attention.unread(chief, [main, other]) == {}


def test_mail_says_that_there_is_something_and_nothing_of_it(submit, chief, huy, lan):
    tip = note(submit(), chief)
    assert (attention.mail_due(), attention.mail_due()) == (2, 0)
    assert {message.to[0] for message in mail.outbox} == {huy.email, lan.email}
    for message in mail.outbox:
        said = f"{message.subject} {message.body}"
        assert "/can-bo/" in said
        assert not [word for word in ("Tư", "Bí mật", tip.public_id, tip.text[:9]) if word in said]


def test_who_lost_the_tip_before_the_mail_gets_none(submit, chief, huy, lan):
    tip = note(submit(), chief)
    Tip.objects.filter(pk=tip.pk).update(category="TRE_EM")
    assert attention.mail_due() == 0 and not mail.outbox


def test_who_has_looked_before_the_mail_gets_none(submit, chief, huy, lan):
    tip = note(submit(), chief)
    reading.read_tip(huy, tip.public_id)
    assert attention.mail_due() == 1 and mail.outbox[0].to == [lan.email]


@pytest.mark.parametrize("place", ["commune_b", "nowhere", "restricted", "relay", "gone"])
def test_who_may_not_open_the_tip_cannot_be_named(submit, chief, area, place):
    tip = submit(category="TRE_EM") if place == "restricted" else submit()
    if place != "nowhere":
        role = Role.RELAY if place == "relay" else Role.OFFICER
        unit = area.commune_b if place == "commune_b" else area.commune_a
        make_user(role, unit, username="kien", is_active=place != "gone")
    with pytest.raises(ValidationError) as caught:
        note(tip, chief, "Nhờ @kien xem.")
    assert caught.value.message_dict == {
        "text": ["Không nhắc được @kien: không có cán bộ nào tên như vậy được mở tin này."]
    }
    assert not tip.messages.exists() and not Mention.objects.exists()


def test_addresses_of_mail_and_oneself_are_nobody_named(submit, chief, huy):
    note(submit(), chief, "Gửi tới tu@quan.vn, @chief ghi, nhờ @HUY. @huy!")
    assert Mention.objects.get().user == huy


def test_mention_of_a_tip_that_moved_away_is_not_shown(submit, chief, huy, area):
    tip = note(submit(), chief, "Nhờ @huy xem")
    Tip.objects.filter(pk=tip.pk).update(handler=area.commune_b)
    assert not attention.mentions_of(huy).exists()


def marks(user, *tips) -> list[str]:
    return [attention.unread(user, tips).get(tip.pk, "") for tip in tips]


def test_unread_marks_are_each_persons_own(submit, chief, huy):
    tip, other = submit(), submit()
    reading.read_tip(huy, tip.public_id)
    assert marks(huy, tip, other) == ["", "new"]
    assert marks(chief, tip, other) == ["new", "new"]
    follow.add_message(tip, text="Họ lại hát nữa rồi")
    assert marks(huy, tip, other) == ["news", "new"]
    reading.read_tip(huy, tip.public_id)
    note(tip, huy, "Đã gọi chủ quán")
    assert marks(huy, tip) == [""]
    note(tip, chief, "Tốt, tiếp tục")
    assert marks(huy, tip) == ["news"]


def test_who_takes_a_tip_has_it_before_them(submit, chief, huy):
    taken, own, given = submit(), submit(), submit()
    handling.accept(taken, actor=huy, version=1)
    handling.assign(own, actor=huy, version=1, assignee=huy)
    handling.assign(given, actor=chief, version=1, assignee=huy)
    assert marks(huy, taken, own, given) == ["", "", "new"]
    assert marks(chief, taken, own, given) == ["new", "new", "new"]


def test_message_before_a_tip_is_taken_unopened_stays_news(submit, huy):
    tip = submit()
    follow.add_message(tip, text="Họ lại hát nữa rồi")
    tip = handling.accept(tip, actor=huy, version=2)
    assert marks(huy, tip) == ["news"]
    reading.read_tip(huy, tip.public_id)
    assert marks(huy, tip) == [""]


def test_marks_cost_two_queries_for_any_number_of_tips(submit, huy):
    tips = [submit() for _ in range(4)]
    for tip in tips[:2]:
        reading.read_tip(huy, tip.public_id)
    for some in (tips[:2], tips):
        with CaptureQueriesContext(connection) as captured:
            attention.unread(huy, some)
        assert len(captured) == 2


def test_files_of_a_note_are_for_colleagues_only(submit, chief):
    tip = submit()
    note(tip, chief, "Ảnh hiện trường", files=[SimpleUploadedFile("a.png", media.picture("PNG"))])
    assert Message.objects.get().evidence.count() == 1
    view = follow.sender_view(Tip.objects.get(pk=tip.pk))
    assert (view.files, view.messages) == (0, [])
