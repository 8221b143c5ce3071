"""What happens in the demo district: texts, posts in every state, tips. All by the services people use."""

import io
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter

from broadcasts.enums import PostKind, Urgency
from broadcasts.models import Broadcast, Post
from broadcasts.services import approval
from broadcasts.services.editing import Content, create_broadcast
from broadcasts.services.notices import NoticeFields
from groups.enums import Role
from groups.models import Posting, Unit
from portal.site.demo import district
from portal.site.demo.directory import duty_phone
from portal.site.demo.names import person
from portal.site.demo.posts import POSTS, PostPlan
from portal.site.demo.tips import TIPS, TipPlan
from tips.enums import Category, Outcome
from tips.models import Tip
from tips.outcomes import Results
from tips.services import closing, handling, routing
from tips.services.intake import TipDraft, submit_tip

SHARED_DUTY_PHONE = "02630006800"
DAYS_BETWEEN_POSTS = 2


def users() -> dict[str, Any]:
    """Everybody of the demo by user name."""
    return {user.username: user for user in get_user_model().objects.filter(postings__isnull=False)}


def filled(plan: PostPlan) -> str:
    """The words of a text with the duty number in its place."""
    is_shared = plan.unit_code == district.DISTRICT_CODE
    return plan.body.replace("[SĐT]", SHARED_DUTY_PHONE if is_shared else duty_phone(plan.unit_code))


# --- Library --------------------------------------------------------------------------------------------


def make_posts() -> None:
    """The twelve texts, one every other day back from yesterday."""
    units = Unit.objects.in_bulk({plan.unit_code for plan in POSTS}, field_name="code")
    known = set(Post.objects.filter(unit__in=units.values()).values_list("title", flat=True))
    authors = users()
    for number, plan in enumerate(POSTS):
        if plan.title in known:
            continue
        author = authors["supervisor" if plan.unit_code == district.DISTRICT_CODE else "officer"]
        post = Post.objects.create(
            kind=plan.kind,
            title=plan.title,
            body=filled(plan),
            source=plan.source,
            unit=units[plan.unit_code],
            author=author,
            # People are shown by their notice, which can be ended; a text of the library would stay.
            is_public=plan.kind not in (PostKind.WANTED, PostKind.MISSING),
        )
        day = timezone.now() - timedelta(days=1 + DAYS_BETWEEN_POSTS * number)
        Post.objects.filter(pk=post.pk).update(published_at=day)


# --- Broadcasts -----------------------------------------------------------------------------------------


@transaction.atomic
def make_broadcasts() -> None:
    """Ten posts on their way: sent at once, scheduled, weekly, waiting, returned, refused, called off."""
    if Broadcast.objects.filter(unit__path__contains=f"/{district.DISTRICT_CODE}/").exists():
        return
    people, texts = users(), {plan.title: plan for plan in POSTS}
    officer, beat, chief = people["officer"], people["beat"], people["chief"]
    here, there = {"units": ["D6801"]}, {"units": ["D6802"]}
    evening = _at(timezone.now() + timedelta(days=2), 18)
    monday = _at(timezone.now() + timedelta(days=7 - timezone.localtime().weekday()), 7)

    def text(start: str, audience: dict, **more: Any) -> Content:
        plan = next(plan for title, plan in texts.items() if title.startswith(start))
        return Content(kind=plan.kind, title=plan.title, body=filled(plan), audience=audience, **more)

    # Out at once: the engine sends them as soon as a worker runs.
    approve(_submitted(1, officer, text("Cảnh báo giả danh", here)), chief)
    approve(_submitted(2, officer, Content(kind=PostKind.WANTED, audience=here), WANTED), chief)
    missing = Content(kind=PostKind.MISSING, audience=here, urgency=Urgency.URGENT)
    approve(_submitted(3, beat, missing, MISSING), chief)
    approve(_submitted(4, people["officer2"], text("Hướng dẫn đăng ký", there)), people["chief2"])
    # Later: once, and every week.
    approve(_submitted(5, officer, text("Mời họp", here, send_at=evening)), chief)
    weekly = text("Phòng cháy", here, send_at=monday, recurrence="FREQ=WEEKLY")
    approve(_submitted(6, beat, weekly), chief)
    # On the chief's desk, back at the author's, and not going anywhere.
    _submitted(7, officer, Content(kind=PostKind.FOUND, audience=here), FOUND)
    returned = _submitted(8, beat, text("Không giao xe", here))
    approval.return_broadcast(
        returned, actor=chief, reason="Xin ghi rõ số liệu tính từ ngày nào đến ngày nào."
    )
    refused = _submitted(9, officer, text("Kết quả từ tin báo", {"units": ["D6801"], "kinds": ["household"]}))
    approval.reject_broadcast(refused, actor=chief, reason="Chờ Công an tỉnh thông tin chính thức.")
    cancelled = approve(_submitted(10, officer, text("Cấp căn cước", here, send_at=evening)), chief)
    approval.cancel_broadcast(cancelled, actor=chief, reason="Đổi lịch cấp căn cước.")
    create_broadcast(beat, content=text("Mưa lớn", here, urgency=Urgency.URGENT), form_token="demo-11")
    create_broadcast(people["officer2"], content=text("Vận động", there), form_token="demo-12")


def _submitted(
    number: int, author: Any, content: Content, notice_fields: NoticeFields | None = None
) -> Broadcast:
    draft = create_broadcast(
        author, content=content, notice_fields=notice_fields, form_token=f"demo-{number:02d}"
    )
    return approval.submit_broadcast(draft, actor=author)


def approve(broadcast: Broadcast, chief: Any) -> Broadcast:
    """Approved by a chief who did not write it."""
    return approval.approve_broadcast(broadcast, actor=chief)


def _at(moment: datetime, hour: int) -> datetime:
    day = timezone.localtime(moment).date()
    return timezone.make_aware(datetime.combine(day, time(hour, 30)))


WANTED = NoticeFields(
    decision_number="00/QĐ-CSĐT",
    decision_date=datetime(2026, 11, 5).date(),
    agency="Cơ quan Cảnh sát điều tra Công an tỉnh Sơn Hải",
    phone=duty_phone("D6801"),
    person_name="Nguyễn Văn Mẫu",
    birth_date=datetime(1990, 1, 1).date(),
    residence="thôn Trung Hòa, xã Minh Tân",
    offence="Trộm cắp tài sản",
    features="Cao khoảng 1m68, da ngăm, sẹo dài 3 cm ở đuôi mày trái",
)
MISSING = NoticeFields(
    phone=duty_phone("D6801"),
    person_name="Cụ Trần Thị M.",
    birth_year=1948,
    gender="nữ",
    residence="thôn Đông Phú, xã Minh Tân",
    features=(
        "Cụ ra khỏi nhà khoảng 15 giờ ngày 20/11/2026 và chưa về. Cụ cao khoảng 1m50, tóc bạc ngắn, mặc áo "
        "bà ba nâu, quần đen, dép nhựa xanh; trí nhớ kém, hay đi về phía chợ Bến Đá"
    ),
)
FOUND = NoticeFields(
    phone=duty_phone("D6801"),
    features=(
        "Sáng 18/11/2026, một người dân thôn Trung Hòa nhặt được chiếc ví trên đường liên thôn, đoạn gần nhà "
        "văn hóa, và đã giao nộp cho Công an xã Minh Tân"
    ),
)


# --- Tips -----------------------------------------------------------------------------------------------


@transaction.atomic
def make_tips() -> None:
    """The fifteen tips; a few have been worked on by the officers of their commune."""
    top = Unit.objects.get(code=district.DISTRICT_CODE)
    if Tip.objects.filter(unit__path__startswith=top.path).exists():
        return
    for number, plan in enumerate(TIPS, start=1):
        tip = submit_tip(_draft(number, plan)).tip
        if tip.priority != plan.priority and plan.category != Category.CAN_BO:
            chief = _posted(tip.handler, Role.CHIEF)
            tip = routing.reclassify(
                tip,
                actor=chief,
                version=tip.version,
                priority=plan.priority,
                reason="Xếp lại theo nội dung tin",
            )
        if number in WORK:
            WORK[number](tip)


def _draft(number: int, plan: TipPlan) -> TipDraft:
    return TipDraft(
        category=plan.category,
        text=plan.text,
        unit=plan.unit_code,
        village=plan.village_code or None,
        coordinates=plan.coordinates,
        contact_name=person(number * 31) if plan.is_named else "",
        contact_phone=f"0900000{number:03d}" if plan.is_named else "",
        files=[picture(f"Ảnh {number}.{index}") for index in range(1, plan.pictures + 1)],
    )


def picture(label: str) -> SimpleUploadedFile:
    """A blurred night scene that shows nothing but its label."""
    image = Image.new("RGB", (960, 720), "#1c2b33")
    draw = ImageDraw.Draw(image)
    for step in range(6):
        draw.rectangle(
            (60 + step * 150, 250 + step % 3 * 90, 150 + step * 150, 720), fill=f"#{40 + step * 6:02x}4a52"
        )
    image = image.filter(ImageFilter.GaussianBlur(12))
    ImageDraw.Draw(image).text((30, 20), f"{label} (minh họa)", fill="#e8e2d0", font_size=34)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return SimpleUploadedFile("anh.jpg", content.getvalue(), content_type="image/jpeg")


def _posted(unit: Unit, role: str) -> Any:
    """Somebody who serves at the unit in the role."""
    return Posting.objects.open().filter(unit=unit, role=role).select_related("user").earliest("pk").user


def _taken(tip: Tip) -> tuple[Tip, Any]:
    officer = _posted(tip.handler, Role.OFFICER)
    return handling.accept(tip, actor=officer, version=tip.version), officer


def _answer(tip: Tip, text: str) -> Tip:
    tip, officer = _taken(tip)
    return handling.reply(tip, actor=officer, version=tip.version, text=text)


def _verify(tip: Tip) -> Tip:
    tip, officer = _taken(tip)
    return handling.start_verifying(tip, actor=officer, version=tip.version)


def _close(tip: Tip, public_reason: str, valuable_reason: str) -> Tip:
    tip, chief = _verify(tip), _posted(tip.handler, Role.CHIEF)
    return closing.close(
        tip,
        actor=chief,
        version=tip.version,
        outcome=Outcome.HANDLED,
        public_reason=public_reason,
        note="Đã lập biên bản, lưu hồ sơ vụ việc tại đơn vị.",
        results=Results(matters=1),
        valuable=True,
        valuable_reason=valuable_reason,
    )


# What officers have done so far, by the number of the tip.
WORK: dict[int, Callable[[Tip], Any]] = {
    1: lambda tip: _taken(tip),
    3: lambda tip: _answer(
        tip,
        "Anh/chị gọi ngay ngân hàng để khóa giao dịch, giữ nguyên điện thoại và tin nhắn. Mời anh/chị đến "
        "trụ sở để làm đơn trình báo, mang theo ảnh chụp màn hình.",
    ),
    6: lambda tip: _close(
        tip,
        "Công an phường đã làm việc với chủ quán, lập biên bản và yêu cầu cam kết không gây ồn sau 22 giờ. "
        "Cảm ơn Quý công dân.",
        "Giúp xử lý dứt điểm điểm gây ồn kéo dài.",
    ),
    12: _verify,
    13: lambda tip: _close(
        tip,
        "Công an xã đã phối hợp kiểm tra, phát hiện 02 phương tiện khai thác cát không phép, đã chuyển hồ "
        "sơ xử lý. Cảm ơn Quý công dân.",
        "Phát hiện 02 phương tiện khai thác cát trái phép.",
    ),
}
