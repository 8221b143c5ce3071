"""Notices: complete before they exist, careful in words, gone as widely as they came."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from broadcasts import notice_text
from broadcasts.enums import NOTICE_KINDS, BroadcastState, NoticeEnd, NoticeState
from broadcasts.models import Broadcast, Delivery, Notice, Picture
from broadcasts.services import approval, notices, sending, sweep
from broadcasts.services.notices import NoticeFields
from groups.enums import Role
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.factories import NoticeFactory, make_user

WANTED = {
    "decision_number": "12/QĐ-CSĐT",
    "decision_date": date(2026, 11, 5),
    "agency": "Cơ quan Cảnh sát điều tra Công an tỉnh Sơn Hải",
    "phone": "02633 880 000",
    "person_name": "Nguyễn Văn Mẫu",
    "birth_date": date(1990, 1, 1),
    "residence": "thôn Trung Hòa, xã Minh Tân",
    "offence": "Trộm cắp tài sản",
    "features": "Cao khoảng 1m68, sẹo dài 3 cm ở đuôi mày trái",
}


@pytest.fixture
def create(officer, area):
    def make(kind: str, **fields) -> Notice:
        return notices.create_notice(officer, kind=kind, unit=area.commune_a, fields=NoticeFields(**fields))

    return make


def test_wanted_notice_reads_like_the_decision(create):
    title, body = notice_text.render(create("wanted", **WANTED))

    assert title == "THÔNG BÁO TRUY NÃ"
    assert body == (
        "Cơ quan Cảnh sát điều tra Công an tỉnh Sơn Hải ra Quyết định truy nã số 12/QĐ-CSĐT "
        "ngày 05/11/2026 đối với NGUYỄN VĂN MẪU, sinh ngày 01/01/1990, nơi thường trú thôn Trung Hòa, "
        "xã Minh Tân, bị khởi tố về tội Trộm cắp tài sản. Cao khoảng 1m68, sẹo dài 3 cm ở đuôi mày trái. "
        "Ai phát hiện xin báo Công an nơi gần nhất hoặc gọi 02633 880 000. Đề nghị bà con không tự ý bắt "
        "giữ. Không tự ý đăng thông tin về người thân của người bị truy nã."
    )


@pytest.mark.parametrize("field", ["decision_number", "decision_date", "agency", "phone", "person_name"])
def test_wanted_notice_without_a_required_field_is_refused(create, field):
    empty = None if field == "decision_date" else " "

    with pytest.raises(ValidationError) as refused:
        create("wanted", **WANTED | {field: empty})

    assert list(refused.value.message_dict) == [field]
    assert not Notice.objects.exists()


def test_incomplete_wanted_notice_is_refused_by_the_database_too(area):
    with pytest.raises(IntegrityError):
        NoticeFactory(kind="wanted", unit=area.commune_a, decision_number="")


@pytest.mark.parametrize("field", ["person_name", "aliases", "photo"])
def test_suspect_without_a_decision_has_neither_name_nor_face(create, area, field):
    value = (
        Picture.objects.create(unit=area.commune_a, sha256="0", width=1, height=1)
        if field == "photo"
        else "A"
    )

    with pytest.raises(ValidationError) as refused:
        create("suspect", features="Áo khoác đen", **{field: value})

    assert list(refused.value.message_dict) == [field]


def test_suspect_is_described_and_presumed_innocent(create):
    _title, body = notice_text.render(create("suspect", features="Áo khoác đen, đi xe máy đỏ", phone="113"))

    assert "chưa bị kết luận có vi phạm" in body
    assert "không tự ý bắt giữ" in body


@pytest.mark.parametrize("kind", NOTICE_KINDS)
def test_no_text_urges_to_arrest_or_calls_names(kind):
    fields = {"features": "Mô tả"} | (WANTED if kind == "wanted" else {})
    notice = NoticeFactory.build(kind=kind, unit__full_name="Xã Minh Tân", **fields)

    _title, body = notice_text.render(notice)

    assert "tự ý bắt giữ" not in body.replace("không tự ý bắt giữ", "")
    for word in ("kẻ ", "tên tội phạm", "truy bắt", "vây bắt", "hung thủ"):
        assert word not in body


def test_found_property_refers_to_the_law_of_a_year(create):
    _title, body = notice_text.render(create("found", features="Nhặt được chiếc ví trên đường liên thôn"))

    assert "01 năm" in body
    assert "Điều 230" in body


def test_missing_person_is_named_with_the_year_only(create):
    fields = {"person_name": "Trần Thị M.", "birth_date": date(1948, 5, 2), "features": "Tóc bạc ngắn"}
    _title, body = notice_text.render(create("missing", phone="113", **fields))

    assert "Trần Thị M., sinh năm 1948." in body
    assert "02/05" not in body


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decision_date": timezone.localdate() + timedelta(days=2)}, "decision_date"),
        ({"birth_date": timezone.localdate() + timedelta(days=2)}, "birth_date"),
        ({"birth_year": 1800}, "birth_year"),
        ({"phone": "gọi cho anh Ba"}, "phone"),
        ({"agency": "x" * 161}, "agency"),
    ],
)
def test_notice_with_a_bad_field_is_refused(create, changes, field):
    with pytest.raises(ValidationError) as refused:
        create("wanted", **WANTED | changes)

    assert list(refused.value.message_dict) == [field]


def test_notice_outside_ones_unit_is_refused(area, officer):
    with pytest.raises(NotAllowedError):
        notices.create_notice(
            officer, kind="missing", unit=area.commune_b, fields=NoticeFields(features="x", phone="113")
        )


def test_notice_without_photo_is_worth_a_warning(create):
    assert notices.warnings_for(create("wanted", **WANTED)) == ["Thông báo chưa có ảnh."]


def test_active_notice_is_renewed_by_a_chief(create, chief, officer):
    notice = create("missing", features="x", phone="113")
    day = timezone.localdate() + timedelta(days=30)
    with pytest.raises(WrongStateError):
        notices.renew_notice(notice, actor=chief, review_by=day)
    Notice.objects.update(state=NoticeState.ACTIVE)
    with pytest.raises(NotAllowedError):
        notices.renew_notice(notice, actor=officer, review_by=day)

    notices.renew_notice(notice, actor=chief, review_by=day)

    assert Notice.objects.get().review_by == day


@pytest.fixture
def wanted_posts(create, write, officer, chief, gmf_groups) -> tuple[Notice, dict[str, Broadcast]]:
    """One notice; posts about it as a draft, submitted, approved for a later day, and sent."""
    notice = create("wanted", **WANTED)
    made = {"draft": write(kind="wanted", notice=notice)}
    for state in ("submitted", "approved", "sent"):
        later = timezone.now() + timedelta(days=3) if state == "approved" else None
        broadcast = made[state] = write(kind="wanted", notice=notice, send_at=later)
        approval.submit_broadcast(broadcast, actor=officer)
        if state != "submitted":
            approval.approve_broadcast(broadcast, actor=chief)
    sending.start_due(timezone.now())
    sending.expand(made["sent"].pk)
    made["sent"].deliveries.update(state="sent")
    return notice, made


def test_ended_notice_stops_every_post_and_corrects_what_is_out(wanted_posts, chief, gmf_groups):
    notice, made = wanted_posts

    notices.end_notice(notice, actor=chief, ended_as=NoticeEnd.WITHDRAWN)

    for broadcast in made.values():
        broadcast.refresh_from_db()
    assert {name: broadcast.state for name, broadcast in made.items()} == {
        "draft": BroadcastState.CANCELLED,
        "submitted": BroadcastState.CANCELLED,
        "approved": BroadcastState.CANCELLED,
        "sent": BroadcastState.WITHDRAWN,
    }
    correction = made["sent"].withdrawal
    sending.start_due(correction.due_at)
    sending.expand(correction.pk)
    assert correction.deliveries.count() == len(gmf_groups)
    assert "đình nã" in correction.body
    assert "Nguyễn Văn Mẫu" not in correction.body


def test_notice_is_ended_once_and_by_a_chief(create, chief, officer, area):
    notice = create("missing", features="x", phone="113")
    for user in (officer, make_user(Role.CHIEF, area.commune_b)):
        with pytest.raises(NotAllowedError):
            notices.end_notice(notice, actor=user, ended_as="found")
    with pytest.raises(ValidationError):
        notices.end_notice(notice, actor=chief, ended_as="bored")
    notices.end_notice(notice, actor=chief, ended_as="found")

    with pytest.raises(WrongStateError):
        notices.end_notice(notice, actor=chief, ended_as="found")


def test_notice_is_made_public_with_an_entry(wanted_posts):
    assert AuditEntry.objects.filter(action="broadcasts.notice.activated").count() == 1


def test_expired_notice_stops_what_waits_and_leaves_what_is_out(wanted_posts):
    notice, made = wanted_posts
    Notice.objects.update(review_by=timezone.localdate() - timedelta(days=1))

    sweep.expire_notices(timezone.now())
    sweep.expire_notices(timezone.now())

    for broadcast in made.values():
        broadcast.refresh_from_db()
    assert {name: broadcast.state for name, broadcast in made.items()} == {
        "draft": "cancelled",
        "submitted": "cancelled",
        "approved": "cancelled",
        "sent": "sending",
    }
    assert AuditEntry.objects.filter(action="broadcasts.notice.expired").count() == 1


@pytest.fixture
def missing_post(create, approved, gmf_groups):
    """``missing_post(notice=None, ...)``: an approved post about a missing person."""

    def make(notice=None, **fields) -> Broadcast:
        notice = notice or create("missing", features="Tóc bạc", phone="113")
        return approved(kind="missing", notice=notice, **fields)

    return make


def test_cancelled_only_post_takes_its_notice_off_the_public_pages(missing_post, chief):
    broadcast = missing_post()

    approval.cancel_broadcast(broadcast, actor=chief)

    assert Notice.objects.get().state == NoticeState.DRAFT


def test_withdrawn_only_post_ends_its_notice(missing_post, chief):
    broadcast = missing_post()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)

    approval.withdraw_broadcast(broadcast, actor=chief, reason="Sai người")

    notice = Notice.objects.get()
    assert (notice.state, notice.ended_as) == (NoticeState.ENDED, NoticeEnd.WITHDRAWN)


def test_notice_stays_while_another_post_is_live(missing_post, chief):
    first = missing_post()
    other = missing_post(notice=first.notice, send_at=timezone.now() + timedelta(days=3))

    approval.cancel_broadcast(first, actor=chief)
    assert Notice.objects.get().state == NoticeState.ACTIVE
    approval.cancel_broadcast(other, actor=chief)

    assert Notice.objects.get().state == NoticeState.DRAFT


def test_ended_notice_of_a_recurring_post_corrects_each_group_once(missing_post, chief, gmf_groups):
    start = timezone.now() + timedelta(hours=1)
    parent = missing_post(send_at=start, recurrence="FREQ=DAILY")
    for day in range(3):
        sending.start_due(start + timedelta(days=day))
        child = parent.occurrences.latest("pk")
        sending.expand(child.pk)
        child.deliveries.update(state="sent")

    notices.end_notice(parent.notice, actor=chief, ended_as="found")
    for correction in Broadcast.objects.filter(kind="correction"):
        sending.start(correction, correction.due_at)
        sending.expand(correction.pk)

    rows = Delivery.objects.filter(broadcast__kind="correction")
    assert sorted(rows.values_list("group", flat=True)) == sorted(group.pk for group in gmf_groups)
    assert set(rows.values_list("broadcast__corrects", flat=True)) == {child.pk}
    parent.refresh_from_db()
    assert parent.state == BroadcastState.CANCELLED


def test_recurring_parent_itself_is_not_withdrawn(missing_post, chief):
    parent = missing_post(send_at=timezone.now() + timedelta(hours=1), recurrence="FREQ=DAILY")
    Broadcast.objects.filter(pk=parent.pk).update(state="done")
    parent.refresh_from_db()

    with pytest.raises(WrongStateError):
        approval.withdraw_broadcast(parent, actor=chief, reason="Sai")


def test_paused_post_about_an_ended_notice_is_not_resumed(missing_post, chief):
    broadcast = missing_post()
    sending.start_due(broadcast.due_at)
    sending.expand(broadcast.pk)
    broadcast.refresh_from_db()
    approval.pause_broadcast(broadcast, actor=chief)
    Notice.objects.update(state="ended", ended_as="expired")
    broadcast.notice.refresh_from_db()

    with pytest.raises(WrongStateError):
        approval.resume_broadcast(broadcast, actor=chief)
