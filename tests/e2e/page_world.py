"""An office with pages in every state: tips that ring, wait, were joined, moved, rated; full registers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from groups.enums import Role
from groups.services import circle
from tests.factories import make_user
from tests.portal.desk_world import World, make_tip, make_world
from tests.tips import media
from tips.enums import Category, EvidenceState
from tips.models import ErasureNotice, Evidence, Tip
from tips.services import (
    asking,
    breaches,
    closing,
    duty,
    handling,
    merging,
    originals,
    rating,
    requests,
    ringing,
    routing,
    timing,
)
from tips.services.intake import TipDraft, submit_tip

# Stands in every tip: it must be in no title. The long word has nowhere to break.
SECRET = "Thằn lằn tím"
LONG_WORD = "https://vi-du.example.vn/" + "duong-dan-rat-dai" * 6
TEXT = f"{SECRET} hát loa kéo ở nhà bên tới một giờ sáng. Xem {LONG_WORD}"
REASON = f"Cần hỏi thêm người báo về biển số xe, xem {LONG_WORD}"
PUBLIC_REASON = "Đã nhắc quán giữ yên lặng sau 22 giờ. Cảm ơn Quý công dân."
FILE_STATES = tuple(state for state in EvidenceState if state != EvidenceState.READY)


@dataclass(frozen=True)
class Pages:
    """Addresses by who looks at them, and receipts of tips by how far these are."""

    users: dict[str, Any]
    desk: dict[str, list[str]]
    receipts: dict[str, str]


def make_pages() -> Pages:
    """Everything the pages can show, brought about by the services that do it in life."""
    world = make_world()
    users = world.users | {
        "second": make_user(Role.OFFICER, world.area.commune_a, full_name="Nguyễn Hoàng Phương Thảo"),
        "empty": make_user(Role.CHIEF, world.area.commune_b),
        "empty-register": make_user(Role.ADMINISTRATOR, world.area.commune_c),
    }
    world.users.update(users)
    duty.put_on(world.area.commune_a, users["second"], actor=users["chief"], day=timezone.localdate())
    duty.put_on(world.area.commune_a, users["officer"], actor=users["chief"], weekday=2)
    circle.propose(users["second"].postings.get(), by=users["supervisor"])
    queue = ["/can-bo/", "/can-bo/truc/", "/can-bo/tin-bao/"]
    leading = ["/can-bo/tin-han-che/", "/can-bo/xem-nguoi-bao/", "/can-bo/sap-xoa/"]
    tips = [reverse("desk:tip", args=[tip.public_id]) for tip in _tips(world)]
    ringing.ring(timezone.now() + timedelta(minutes=6))
    registers = [
        "/can-bo/du-lieu-ca-nhan/",
        "/can-bo/du-lieu-ca-nhan/ghi/",
        "/can-bo/su-co/",
        "/can-bo/su-co/ghi/",
    ]
    return Pages(
        users=users,
        desk={
            "chief": [*queue, *leading, *tips, *_files(world)],
            "officer": [*queue, *tips[:1]],
            "supervisor": [*registers, *_entries(world)],
            "empty": [*queue[1:], *leading],
            "empty-register": registers,
        },
        receipts=_receipts(world),
    )


def _tips(world: World) -> list[Tip]:
    """One tip for each thing the page of a tip can show."""
    chief, officer, supervisor = (world.users[name] for name in ("chief", "officer", "supervisor"))
    make_tip(world.area, category=Category.CHAY_NO, text=f"{TEXT} Có hai người cầm dao đuổi chém nhau ở chợ")
    asked = _taken(world, contact_name="Người Báo Giấu Tên", contact_phone="0912345678")
    asking.ask(asked, actor=officer, version=asked.version, reason=REASON)
    late = _taken(world)
    timing.ask_for_time(
        late, actor=officer, version=late.version, deadline=late.deadline + timedelta(days=2), reason=REASON
    )
    main, joined = _taken(world), _taken(world)
    merging.merge(joined, actor=chief, version=joined.version, into=main)
    moved = _taken(world, unit=world.area.commune_b, actor=world.users["officer2"])
    routing.transfer(
        moved,
        actor=supervisor,
        version=moved.version,
        unit=world.area.commune_a,
        reason=REASON,
    )
    waiting = _taken(world)
    timing.ask_sender(waiting, actor=officer, version=waiting.version, text=f"Xe màu gì? {LONG_WORD}")
    rated = _closed(world)
    rating.rate(rated, stars=2, words=REASON)
    for tip in (rated, _closed(world)):
        ErasureNotice.objects.create(tip=tip, at=timezone.now())
    return [asked, late, joined, moved, waiting, rated]


def _taken(world: World, *, unit: Any = None, actor: Any = None, **fields: Any) -> Tip:
    tip = make_tip(world.area, text=TEXT, unit=unit or world.area.commune_a, **fields)
    return handling.accept(tip, actor=actor or world.users["officer"], version=tip.version)


def _closed(world: World) -> Tip:
    tip = _taken(world)
    return closing.close(
        tip,
        actor=world.users["officer"],
        version=tip.version,
        outcome="guided",
        public_reason=PUBLIC_REASON,
    )


def _files(world: World) -> list[str]:
    """Pages of files: one that opens, with leave for its original, and one in each other state."""
    photos = [SimpleUploadedFile(f"{n}.jpg", media.picture(size=(640, 480))) for n in range(5)]
    tip = make_tip(world.area, text=TEXT, files=photos)
    files = list(tip.evidence.order_by("pk"))
    for file, state in zip(files[1:], FILE_STATES, strict=False):
        is_waiting = state in (EvidenceState.SCANNING, EvidenceState.CLEANING)
        finding = "Eicar-Test-Signature" if state == EvidenceState.QUARANTINED else ""
        Evidence.objects.filter(pk=file.pk).update(
            state=state,
            due_at=timezone.now() if is_waiting else None,
            reason="" if is_waiting else "Tệp bị lỗi, không đọc được.",
            finding=finding,
        )
    originals.open_original(files[0], actor=world.users["chief"], reason=REASON)
    pages = [reverse("desk:tip_file", args=[tip.public_id, file.public_id]) for file in files]
    return [reverse("desk:tip", args=[tip.public_id]), *pages]


def _entries(world: World) -> list[str]:
    """Pages of both registers: entries that wait, that were confirmed, and that are done."""
    supervisor, administrator = world.users["supervisor"], world.users["administrator"]
    unit = world.area.district
    person = f"Trần Thị Hoa, {LONG_WORD}"
    rows = [
        requests.enter(
            actor=supervisor,
            unit=unit,
            kind="correct",
            source="counter",
            person=person,
            words=REASON,
            tip=None,
        )
        for _number in range(3)
    ]
    confirmed, done = (requests.confirm(row, actor=supervisor, check="id_card") for row in rows[1:])
    requests.extend(confirmed, actor=supervisor, reason=REASON)
    requests.grant(done, actor=supervisor, reason=REASON, done="Đã sửa số điện thoại")
    facts = {"known_at": timezone.now(), "what": REASON, "data": REASON, "people": 1200, "measures": REASON}
    mine, theirs, closed = (
        breaches.enter(actor=actor, unit=unit, **facts)
        for actor in (supervisor, administrator, administrator)
    )
    told = breaches.notify(closed, actor=supervisor, notified_at=timezone.now(), reference="12/TB-CAX")
    breaches.close(told, actor=supervisor, lessons=REASON)
    return [
        *(reverse("desk:data_request", args=[row.code]) for row in rows),
        *(reverse("desk:breach", args=[row.code]) for row in (mine, theirs, closed)),
        reverse("desk:breach_print", args=[mine.code]),
    ]


def _receipts(world: World) -> dict[str, str]:
    """What senders hold of a tip nobody answered, one that asks them, one that ended."""
    sent = {
        name: submit_tip(TipDraft("GAY_ROI", f"{TEXT} {name}", world.area.commune_a))
        for name in ("new", "asked", "ended")
    }
    officer = world.users["officer"]
    asked, ended = (handling.accept(sent[name].tip, actor=officer, version=1) for name in ("asked", "ended"))
    timing.ask_sender(asked, actor=officer, version=asked.version, text=f"Xe màu gì? {LONG_WORD}")
    closing.close(ended, actor=officer, version=ended.version, outcome="guided", public_reason=PUBLIC_REASON)
    requests.ask_by_receipt(ended, kind="delete", words=REASON)
    return {name: submission.receipt for name, submission in sent.items()}
