"""Receiving a tip: check it, encrypt it, decide who handles it how soon, hand out the receipt.

Nothing here logs anything; errors name fields, never contents.
"""

import datetime
import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.models import Broadcast
from groups.models import Unit
from portal.audit.services import entry
from portal.clock import database_now, minute
from portal.crypto.sealed import seal
from portal.inserts import insert_with, is_one_statement, key_of
from tips import deadlines, priority, receipts, validators
from tips.enums import Category, EventKind, Priority, SourceChannel
from tips.evidence import StoredFile, attach, discard, stored_uploads
from tips.models import Contact, Tip, TipEvent, TipTerm
from tips.services import additions, alarms

# Contacts are padded to this many bytes before sealing: the length of a box must not tell a name.
CONTACT_BYTES = 512


@dataclass(frozen=True)
class TipDraft:
    """What a sender filled in, as it came; ``unit``, ``village``, ``broadcast`` may be codes.

    ``coordinates`` is a pair (latitude, longitude) of whatever was typed. ``form_token`` is the signed token
    of the form page (``receipts.new_form_token``). The repr shows none of the content.
    """

    category: str
    text: str = field(repr=False)
    unit: Unit | str | None
    village: Unit | str | None = None
    place: str = field(default="", repr=False)
    coordinates: tuple[Any, Any] | None = field(default=None, repr=False)
    occurred_at: datetime.datetime | None = None
    contact_name: str = field(default="", repr=False)
    contact_phone: str = field(default="", repr=False)
    files: Sequence[Any] = field(default=(), repr=False)
    broadcast: Broadcast | str | None = None
    channel: str = SourceChannel.WEB
    form_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Submission:
    """The tip, its receipt (formatted, shown to the sender only here), and whether this call made it.

    ``files`` is how many the tip has now.
    """

    tip: Tip
    receipt: str = field(repr=False)
    created: bool
    files: int = 0


class CleanDraft(TipDraft):
    """A draft that ``clean_draft`` has checked; a dataclass like its parent, with no field of its own."""


def clean_draft(draft: TipDraft) -> CleanDraft:
    """The draft with clean values, codes turned into rows and coordinates into their stored text.

    Raises one ValidationError with all complaints, keyed by field.
    """
    errors: dict[str, ValidationError] = {}

    def checked(name: str, check: Callable, *args: Any) -> Any:
        try:
            return check(*args)
        except ValidationError as error:
            errors[name] = error
            return None

    unit = checked("unit", validators.clean_unit, draft.unit)
    values = {
        "category": checked("category", validators.clean_category, draft.category),
        "text": checked("text", validators.clean_text, draft.text),
        "unit": unit,
        "village": checked("village", validators.clean_village, draft.village, unit) if unit else None,
        "place": checked("place", validators.clean_place, draft.place),
        "coordinates": checked("coordinates", validators.clean_coordinates, *(draft.coordinates or ("", ""))),
        "occurred_at": checked("occurred_at", validators.clean_occurred_at, draft.occurred_at),
        "contact_name": checked("contact_name", validators.clean_contact_name, draft.contact_name),
        "contact_phone": checked("contact_phone", validators.clean_contact_phone, draft.contact_phone),
        "broadcast": validators.clean_broadcast(draft.broadcast),
    }
    checked("files", validators.check_file_count, draft.files)
    if errors:
        raise ValidationError(errors)
    return CleanDraft(**{**vars(draft), **values})


def submit_tip(draft: TipDraft, *, actor: Any = None) -> Submission:
    """Receive a tip. ``actor`` is the officer who wrote it down for somebody, or None.

    Sending the same form twice gives the same tip and the same receipt (``created`` is False); what is new
    the second time is added to it. With another category or commune it is another tip, since other people may
    handle it. Files are cleaned and encrypted before the transaction, removed if it fails. Raises
    ValidationError keyed by field (``files`` for a refused file).
    """
    clean = draft if isinstance(draft, CleanDraft) else clean_draft(draft)
    handler = handling_unit(clean.category, clean.unit)
    receipt, form_token = _keys(clean)
    with stored_uploads(clean.files) as files:
        try:
            tip = _write(clean, files, receipt=receipt, form_token=form_token, handler=handler, actor=actor)
        except IntegrityError:
            earlier = _sent_before(form_token)
            if earlier is None:
                raise
            _add_what_is_new(earlier, clean, files)
        else:
            return Submission(tip, receipts.format_receipt(receipt), created=True, files=len(files))
    return Submission(
        earlier, receipts.format_receipt(receipt), created=False, files=earlier.evidence.count()
    )


def _keys(draft: CleanDraft) -> tuple[str, str | None]:
    """The receipt, and what is stored of the form's token if it came from one of our pages."""
    token = receipts.read_form_token(draft.form_token)
    if token is None:
        return receipts.new_receipt(), None
    sending = receipts.sending_of_form(token, category=draft.category, unit_code=draft.unit.code)
    return receipts.receipt_of_form(sending), receipts.form_token_digest(sending)


def _sent_before(form_token: str | None) -> Tip | None:
    return Tip.objects.filter(form_token=form_token).first() if form_token else None


def handling_unit(category: str, unit: Unit) -> Unit:
    """Who handles a tip about ``unit``: its police, or for a conduct complaint the level above.

    Raises ValidationError when a complaint has nobody above to go to.
    """
    if category != Category.CAN_BO:
        return unit
    if unit.parent is None:
        raise ValidationError(
            {"category": _("Chưa có đơn vị cấp trên để nhận phản ánh này. Xin gửi trực tiếp Công an tỉnh.")}
        )
    return unit.parent


def _write(
    draft: CleanDraft,
    files: Sequence[StoredFile],
    *,
    receipt: str,
    form_token: str | None,
    handler: Unit,
    actor: Any,
) -> Tip:
    now = timezone.now()
    level = priority.guess(category=draft.category, text=draft.text, occurred_at=draft.occurred_at, now=now)
    is_urgent = level == Priority.P0
    if is_urgent:
        # Minutes count: this machine's clock may be wrong.
        now = database_now()
    received_at = minute(now)
    tip = Tip(
        public_id=receipts.new_public_id(),
        receipt_digest=receipts.digest(receipt),
        form_token=form_token,
        channel=draft.channel,
        category=draft.category,
        category_chosen=draft.category,
        priority=level,
        unit=draft.unit,
        village=draft.village,
        handler=handler,
        text=draft.text,
        place=draft.place,
        coordinates=draft.coordinates,
        occurred_at=draft.occurred_at,
        received_at=received_at,
        deadline=deadlines.deadline(priority=level, since=received_at),
        is_anonymous=not _has_contact(draft),
        broadcast=draft.broadcast,
    )
    terms = additions.terms_of(f"{draft.text}\n{draft.place}")
    # Most tips are one statement, with nothing before or after it that belongs to them.
    is_all = not files and not is_urgent and is_one_statement()
    with nullcontext() if is_all else transaction.atomic():
        insert_with(tip, _hanging(tip, draft, actor), also=lambda key: TipTerm.objects.statements(key, terms))
        attach(files, tip=tip)
        if is_urgent:
            alarms.raise_for(tip, since=received_at)
    return tip


def _hanging(tip: Tip, draft: CleanDraft, actor: Any) -> list[Model]:
    """The rows that are written with a tip: the contact, the first step, the trace."""
    at = tip.received_at
    # An officer who wrote it down is named anyway; of a sender not even the second is kept.
    trace = entry(actor, "tips.tip.received", tip, unit_path=tip.handler.path, at=None if actor else at)
    step = TipEvent(tip_id=key_of(tip), kind=EventKind.RECEIVED, actor=actor, at=at)
    return [step, trace, *([_contact(tip, draft)] if _has_contact(draft) else [])]


def _contact(tip: Tip, draft: CleanDraft) -> Contact:
    contact = {"name": draft.contact_name, "phone": draft.contact_phone}
    data = json.dumps(contact, ensure_ascii=False).encode().ljust(CONTACT_BYTES)
    return Contact(tip_id=key_of(tip), sealed=seal(data))


def _has_contact(draft: CleanDraft) -> bool:
    return bool(draft.contact_name or draft.contact_phone)


def _add_what_is_new(tip: Tip, draft: CleanDraft, files: Sequence[StoredFile]) -> None:
    """The same form once more: words and files the tip does not have yet, and a contact if it had none."""
    with transaction.atomic():
        tip = additions.locked(tip)
        known = set(tip.evidence.values_list("original_sha256", flat=True))
        fresh = [file for file in files if file.sha256 not in known]
        names_sender = tip.is_anonymous and _has_contact(draft)
        text = _new_words(tip, draft)
        if fresh and not text:
            text = _("Gửi thêm %(count)s tệp.") % {"count": len(fresh)}
        if names_sender and not text:
            text = _("Gửi thêm thông tin liên hệ.")
        if text:
            additions.add(tip, text=text, files=fresh)
        if names_sender:
            _contact(tip, draft).save(force_insert=True)
            Tip.objects.filter(pk=tip.pk).update(is_anonymous=False)
    discard([file for file in files if file not in fresh])


def _new_words(tip: Tip, draft: CleanDraft) -> str:
    """What the sender wrote differently this time, unless the thread has it already."""
    lines = [draft.text] if draft.text != tip.text else []
    if draft.village is not None and draft.village.pk != tip.village_id:
        lines.append(draft.village.full_name)
    if draft.place and draft.place != tip.place:
        lines.append(draft.place)
    if draft.occurred_at and draft.occurred_at != tip.occurred_at:
        moment = timezone.localtime(draft.occurred_at)
        lines.append(_("Xảy ra lúc %(time)s.") % {"time": f"{moment:%H:%M %d/%m/%Y}"})
    text = "\n".join(lines)
    return "" if text in {message.text for message in tip.messages.filter(author=None)} else text
