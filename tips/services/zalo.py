"""Private messages to an official account become tips; ``zalo_answers`` sends their senders a receipt.

A resident writes as people do: several messages, a picture between. What follows within ``ONE_MATTER`` is
added to the same tip. Zalo's name for the resident is used to answer once and to recognise them for a week,
as a keyed digest; it is no part of the tip.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.hints import hint
from groups.enums import Level
from groups.signals import News
from groups.zalo import events
from portal.clock import this_minute
from portal.crypto.digests import keyed_digest
from portal.text import clean
from tips import limits, validators
from tips.enums import OPEN, Category, SourceChannel
from tips.models import Tip, ZaloThread
from tips.services import additions, intake, zalo_files
from tips.tasks import answer_zalo

ONE_MATTER = timedelta(hours=2)


def receive(news: News) -> Tip | None:
    """Make a tip of a private message, or add it to the one its sender began; in the caller's transaction.

    None when there is nothing to keep: a sticker, or an account that serves no commune.
    """
    user_id, text = events.id_in(news.body, "sender"), _words(news.body)
    if news.account is None or not user_id or not text:
        return None
    thread, is_first = _thread(news, user_id)
    is_one_matter = not is_first and thread.last_at >= timezone.now() - ONE_MATTER
    ZaloThread.objects.filter(pk=thread.pk).update(last_at=this_minute())
    if is_one_matter and thread.tip is None:
        return None
    if is_one_matter and thread.tip.status in OPEN:
        return _add(thread.tip, news, text)
    return _begin(thread, news, user_id=user_id, text=text)


def forget_sender(news: News) -> None:
    """A resident took their consent back: nothing leads to them any more, and nothing more is sent."""
    user_id = events.id_in(news.body, "sender") or events.as_id(news.body.get("user_id"))
    if news.account is not None and user_id:
        ZaloThread.objects.filter(sender=_digest(news.account.oa_id, user_id)).delete()


def _thread(news: News, user_id: str) -> tuple[ZaloThread, bool]:
    """The sender's thread, locked, and whether it was made just now."""
    fresh = {"account": news.account, "last_at": this_minute()}
    sender = _digest(news.account.oa_id, user_id)
    _row, is_first = ZaloThread.objects.get_or_create(sender=sender, defaults=fresh)
    locked = ZaloThread.objects.select_for_update(of=("self",)).select_related("tip")
    return locked.get(sender=sender), is_first


def _begin(thread: ZaloThread, news: News, *, user_id: str, text: str) -> Tip | None:
    """A new tip, and the answer with its receipt behind one that may still wait."""
    tip, answer = _tip_and_answer(news, text)
    answer = f"{thread.answer}\n\n{answer}" if thread.answer else answer
    waits = {"user_id": user_id, "answer": answer, "due_at": this_minute(), "attempts": 0}
    ZaloThread.objects.filter(pk=thread.pk).update(tip=tip, **waits)
    hint(answer_zalo)
    if tip is not None:
        zalo_files.expect(tip, None, news.body)
    return tip


def _add(tip: Tip, news: News, text: str) -> Tip:
    """Add words to a tip, and the place its sender shows: to the tip too when it has none."""
    tip = additions.locked(tip)
    if place := _place(news.body):
        point = validators.clean_coordinates(*place)
        line = "\n" + _("Vị trí: %(point)s") % {"point": point}
        text = text[: limits.MAX_TEXT - len(line)] + line
        if not tip.coordinates:
            Tip.objects.filter(pk=tip.pk).update(coordinates=point)
    zalo_files.expect(tip, additions.add(tip, text=text), news.body)
    return tip


def _tip_and_answer(news: News, text: str) -> tuple[Tip | None, str]:
    unit = news.account.unit
    if unit.level != Level.COMMUNE or validators.is_for_practice(unit):
        where = _("Để gửi tin tới công an xã, phường, đặc khu, mời Quý công dân mở %(url)s")
        return None, _with_emergency(where % {"url": f"{settings.PUBLIC_URL}/gui-tin/"})
    draft = intake.TipDraft(
        category=Category.KHAC,
        text=text,
        unit=unit,
        coordinates=_place(news.body),
        channel=SourceChannel.ZALO,
    )
    made = intake.submit_tip(draft)
    answer = _(
        "%(office)s đã nhận tin của Quý công dân.\n"
        "Mã theo dõi: %(receipt)s\n"
        "Công an chỉ trả lời tại trang theo dõi, không trả lời trong Zalo. "
        "Xem trả lời, gửi thêm ảnh: mở %(url)s và nhập mã trên.\n"
        "Khi nhắn tin, Quý công dân đồng ý để công an dùng nội dung này giải quyết vụ việc. "
        "Tên và tài khoản Zalo không lưu cùng tin."
    )
    values = {"office": unit.police_name, "receipt": made.receipt, "url": f"{settings.PUBLIC_URL}/theo-doi/"}
    return made.tip, _with_emergency(answer % values)


def _with_emergency(text: str) -> str:
    return f"{text}\n{_('Việc khẩn cấp hãy gọi 113.')}"


def _words(body: dict[str, Any]) -> str:
    """What the message says, long enough for a tip; files are mentioned, should one not come."""
    message = events.message_of(body)
    text = clean(message["text"]) if isinstance(message.get("text"), str) else ""
    kinds = [kind for kind in _attached(message) if kind != "sticker"]
    if any(kind != "location" for kind in kinds):
        note = _("(Người gửi kèm ảnh hoặc tệp trong hội thoại Zalo của OA.)")
        text = f"{text}\n{note}".strip()
    if "location" in kinds and not text:
        text = _("Người gửi chia sẻ vị trí qua Zalo.")
    if text and len(text) < limits.MIN_TEXT:
        text = _("Nhắn qua Zalo: %(text)s") % {"text": text}
    return text[: limits.MAX_TEXT]


def _attached(message: dict[str, Any]) -> list[str]:
    return [str(item.get("type")) for item in events.attachments_of(message)]


def _place(body: dict[str, Any]) -> tuple[Any, Any] | None:
    """The shared position, when it is one in Viet Nam: a wrong one must not cost the words."""
    for item in events.attachments_of(events.message_of(body)):
        payload = item.get("payload")
        point = payload.get("coordinates") if isinstance(payload, dict) else None
        if isinstance(point, dict):
            pair = (point.get("latitude"), point.get("longitude"))
            try:
                validators.clean_coordinates(*pair)
            except ValidationError:
                return None
            return pair
    return None


def _digest(oa_id: str, user_id: str) -> str:
    return keyed_digest("tips.zalo-sender", f"{oa_id}|{user_id}").hex()
