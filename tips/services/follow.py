"""The sender's side: find a tip by its receipt, read the answers, add something.

Unknown, malformed and well-formed receipts cost the same. Staff are not named to the sender: an answer comes
from the police unit.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tips import receipts, validators
from tips.enums import Authority, EventKind, MessageKind, Outcome, TipStatus
from tips.evidence import discard, stored_uploads
from tips.models import Evidence, Message, Tip
from tips.services import additions
from tips.validators import keyed, plain_code

SENDER = "sender"
POLICE = "police"


@dataclass(frozen=True)
class ThreadItem:
    """One message as the sender sees it; ``sender`` is ``"sender"`` or ``"police"``."""

    sender: str
    text: str = field(repr=False)
    at: datetime.datetime
    files: int = 0
    file_notes: list[str] = field(default_factory=list)
    # What the police attached to an answer: what it is and how it is asked for.
    attached: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_answer(self) -> bool:
        """Whether the police wrote it."""
        return self.sender == POLICE


@dataclass(frozen=True)
class SenderView:
    """All a receipt shows. Not the sender's own report: a lost phone must not tell it."""

    id: str
    status: str
    status_text: str
    messages: list[ThreadItem]
    files: int
    handled_by: str
    received_at: datetime.datetime
    can_write: bool
    file_notes: list[str] = field(default_factory=list)


def find(receipt: object) -> Tip | None:
    """The tip of a receipt, or None, in the same time for whatever was typed."""
    wanted = receipts.digests(receipt)
    return Tip.objects.select_related("handler").filter(receipt_digest__in=wanted).first()


def sender_view(tip: Tip) -> SenderView:
    """What to show for a receipt."""
    files: dict[int | None, list[Evidence]] = {}
    for file in tip.evidence.only("public_id", "kind", "state", "reason", "message", "tip"):
        files.setdefault(file.message_id, []).append(file)
    items = [
        ThreadItem(
            POLICE if message.author_id else SENDER,
            message.text,
            message.at,
            len(files.get(message.pk, ())),
            _file_notes(files.get(message.pk, ())),
            _attached(files.get(message.pk, ())) if message.author_id else [],
        )
        for message in tip.messages.filter(kind=MessageKind.PUBLIC)
    ]
    return SenderView(
        id=tip.public_id,
        status=tip.status,
        status_text=status_text(tip),
        messages=items,
        files=tip.evidence.exclude(message__kind=MessageKind.NOTE).count(),
        handled_by=tip.handler.police_name,
        received_at=tip.received_at,
        can_write=_can_write(tip),
        file_notes=_file_notes(files.get(None, ())),
    )


def answer_file(tip: Tip, public_id: str) -> Evidence | None:
    """A file that the police attached to an answer, for the holder of the receipt; nothing else, ever."""
    answers = tip.messages.filter(kind=MessageKind.PUBLIC, author__isnull=False)
    found = tip.evidence.filter(message__in=answers, public_id=plain_code(public_id)).first()
    return found if found is not None and found.is_ready else None


def _attached(files: Iterable[Evidence]) -> list[tuple[str, str]]:
    return [
        (file.public_id, f"{file.get_kind_display()} {number}")
        for number, file in enumerate(files, start=1)
        if file.is_ready
    ]


def _file_notes(files: Iterable[Evidence]) -> list[str]:
    """What there is to say about files that police cannot open (yet), each by its place."""
    return [
        f"{file.get_kind_display()} {number}: {file.note}"
        for number, file in enumerate(files, start=1)
        if file.note
    ]


def status_text(tip: Tip) -> str:
    """The status in the sender's words; a duplicate shows how far its matter is."""
    if tip.status == TipStatus.DUPLICATE:
        main = additions.main_tip(tip)
        return status_text(main) if main else _("Đang xem")
    if tip.status == TipStatus.TRANSFERRED:
        return _("Đã chuyển %(unit)s") % {"unit": tip.handler.police_name}
    if tip.outcome == Outcome.GUIDED and (authority := _referred_to(tip)):
        return _("Đã chuyển %(unit)s") % {"unit": authority}
    if tip.outcome == Outcome.INSUFFICIENT:
        return _("Chưa đủ thông tin")
    return {
        TipStatus.NEW: _("Đã nhận"),
        TipStatus.ACCEPTED: _("Đang xem"),
        TipStatus.REOPENED: _("Đang xem"),
        TipStatus.VERIFYING: _("Đang xác minh"),
        # Not yet the end: the answer may say that it is being looked into.
        TipStatus.ANSWERED: _("Đã trả lời"),
    }.get(tip.status, _("Đã có kết quả"))


def _referred_to(tip: Tip) -> str:
    """The authority a tip ended with, if it was its last end."""
    ends = tip.events.filter(kind__in=(EventKind.CLOSED, EventKind.REFERRED)).order_by("-id")
    last = ends.first()
    return str(Authority(last.data["authority"]).label) if last and last.kind == EventKind.REFERRED else ""


def add_message(tip: Tip, *, text: str, files: Sequence[Any] = (), token: str = "") -> Message:
    """Add what the sender wrote; a tip that ended up to 14 days ago is taken up again.

    ``token`` is the signed token of the form page: the same form twice makes one message. Raises
    ValidationError keyed ``text`` or ``files``.
    """
    clean = keyed("text", validators.clean_message, text)
    if not _can_write(tip):
        raise ValidationError({"text": _("Tin này đã kết thúc. Nếu có việc mới, xin gửi một tin mới.")})
    raw = receipts.read_form_token(token)
    token_digest = receipts.form_token_digest(raw) if raw else None
    if token_digest and (earlier := tip.messages.filter(form_token=token_digest).first()):
        return earlier
    with stored_uploads(files) as stored:
        try:
            with transaction.atomic():
                current = additions.locked(tip)
                return additions.add(current, text=clean, files=stored, token_digest=token_digest)
        except IntegrityError:
            earlier = tip.messages.filter(form_token=token_digest).first() if token_digest else None
            if earlier is None:
                raise
            discard(stored)
            return earlier


def _can_write(tip: Tip) -> bool:
    """While somebody reads it: what the sender of a duplicate adds is read at its main tip."""
    has_ended = additions.matter_of(tip).status in (*additions.REOPENABLE, TipStatus.SPAM)
    return not has_ended or additions.reopen_until(tip) is not None
