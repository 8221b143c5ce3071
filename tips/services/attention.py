"""What is new to one person: tips not opened yet, messages since, notes that name them."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from broadcasts.hints import hint
from portal.mail import SENT
from tips import permissions, tasks
from tips.enums import TipStatus
from tips.models import Mention, Message, Tip, TipRead
from tips.querysets import words_of
from tips.services.letters import Letter, send

# "@huy", "@cong.an-2": what stands before keeps addresses of mail out.
_NAME = re.compile(r"(?<![\w@.+-])@(\w[\w.+-]{0,149})")
MOST_NAMED = 10
MAIL_WORTH_FOR = timedelta(hours=24)
MAILS_AT_ONCE = 200
NEW = "new"
NEWS = "news"
WORDS = {NEW: gettext_lazy("Chưa đọc"), NEWS: gettext_lazy("Có tin nhắn mới")}


def named_in(text: str, *, tip: Tip, actor: Any) -> list[Any]:
    """The colleagues a note names with @, each once, without its author.

    Raises ValidationError keyed ``text`` for who may not open this tip, in the words for who does not exist.
    """
    names = list(dict.fromkeys(found.rstrip(".-+").casefold() for found in _NAME.findall(text)))
    if len(names) > MOST_NAMED:
        raise ValidationError({"text": _("Mỗi ghi chú nhắc tối đa %(n)d người.") % {"n": MOST_NAMED}})
    users = [_colleague(name, tip) for name in names]
    if strangers := [name for name, user in zip(names, users, strict=True) if user is None]:
        listed = ", ".join(f"@{name}" for name in strangers)
        complaint = _("Không nhắc được %(names)s: không có cán bộ nào tên như vậy được mở tin này.")
        raise ValidationError({"text": complaint % {"names": listed}})
    return [user for user in users if user != actor]


def check_may_look(user: Any, tip: Tip) -> None:
    """Raises ValidationError keyed ``colleague`` for somebody who may not open the tip."""
    if not permissions.can_handle(user, tip):
        raise ValidationError({"colleague": _("Người này không được mở tin.")})


def ask_to_look(message: Message, users: Iterable[Any]) -> None:
    """Tell colleagues that a note names them, in the caller's transaction; a mail follows."""
    now = timezone.now()
    rows = [
        Mention(
            message=message,
            tip_id=message.tip_id,
            user=user,
            at=now,
            mail_wanted_at=now if user.email else None,
        )
        for user in users
    ]
    if rows:
        Mention.objects.bulk_create(rows)
        hint(tasks.mail_mentions)


def mentions_of(user: Any) -> QuerySet[Mention]:
    """Notes that name this person and that they have not opened yet; only of tips they may still see.

    Who named them, and in which tip; what was written stays sealed until they open it.
    """
    rows = Mention.objects.filter(user=user, seen_at=None, tip__in=Tip.objects.visible_to(user))
    sealed = ("message__text", *words_of("tip"))
    return rows.select_related("tip", "message__author").defer(*sealed).order_by("pk")


def note_read(tip: Tip, user: Any) -> None:
    """This person has the whole tip on the screen; ``tip.messages`` was prefetched.

    Of its duplicates the page says who wrote and leads there.
    """
    newest = max((message.pk for message in tip.messages.all()), default=0)
    if cases := _cases([tip]):
        newest = max([newest, *_said_in(cases).values()])
    TipRead.objects.bulk_create(
        [TipRead(tip=tip, user=user, up_to=newest)],
        update_conflicts=True,
        unique_fields=["tip", "user"],
        update_fields=["up_to"],
    )
    Mention.objects.filter(tip=tip, user=user, seen_at=None).update(seen_at=timezone.now())


def note_taken(tip: Tip, user: Any) -> None:
    """Who takes a tip has it before them; messages they did not see yet stay news."""
    TipRead.objects.bulk_create([TipRead(tip=tip, user=user, up_to=0)], ignore_conflicts=True)


def unread(user: Any, tips: Sequence[Tip]) -> dict[int, str]:
    """What is new in tips of a page: ``NEW`` was never opened, ``NEWS`` has messages by others since.

    Two queries, a third where tips were joined, whatever their number; tips without news are absent. What the
    sender of a duplicate writes is news of its main tip.
    """
    ids = [tip.pk for tip in tips]
    read = dict(TipRead.objects.filter(user=user, tip__in=ids).values_list("tip", "up_to"))
    written = Message.objects.filter(tip__in=read).exclude(author=user)
    newest = dict(written.order_by().values_list("tip").annotate(newest=Max("pk")))
    if cases := _cases(tip for tip in tips if tip.pk in read):
        for case, message in _said_in(cases).items():
            newest[cases[case]] = max(message, newest.get(cases[case], 0))
    marks = {pk: NEW for pk in ids if pk not in read}
    return marks | {pk: NEWS for pk, message in newest.items() if message > read[pk]}


def _cases(tips: Iterable[Tip]) -> dict[int, int]:
    """By case the main tip among ``tips`` in which the senders of duplicates are heard."""
    return {tip.case_id: tip.pk for tip in tips if tip.case_id and tip.status != TipStatus.DUPLICATE}


def _said_in(cases: Iterable[int]) -> dict[int, int]:
    """By case the newest message that the sender of a duplicate wrote."""
    rows = Message.objects.filter(tip__case__in=cases, tip__status=TipStatus.DUPLICATE, author=None)
    return dict(rows.order_by().values_list("tip__case").annotate(newest=Max("pk")))


def mark(user: Any, tips: Sequence[Tip]) -> None:
    """Give each tip of a page its ``news``: ``NEW``, ``NEWS`` or nothing."""
    marks = unread(user, tips)
    for tip in tips:
        tip.news = marks.get(tip.pk, "")


def mail_due() -> int:
    """Mail those who were named, have not looked yet and still may; returns how many mails went.

    Each row goes out once, whoever runs this twice. The mail says nothing of the tip.
    """
    now = timezone.now()
    due = Mention.objects.filter(mail_wanted_at__gt=now - MAIL_WORTH_FOR, user__is_active=True)
    people: dict[int, str] = {}
    rows = due.select_related("user", "tip__handler").defer(*words_of("tip")).order_by("pk")
    for row in rows[:MAILS_AT_ONCE]:
        taken = Mention.objects.filter(pk=row.pk, mail_wanted_at__isnull=False).update(mail_wanted_at=None)
        if taken and row.seen_at is None and permissions.can_handle(row.user, row.tip):
            people[row.user_id] = row.user.email
    # What is not sent stands on the person's page anyway.
    became = send(dict.fromkeys(people.values(), _letter())) if people else {}
    return list(became.values()).count(SENT)


def _colleague(name: str, tip: Tip) -> Any:
    user = get_user_model().objects.filter(username__iexact=name, is_active=True).first()
    return user if user is not None and permissions.can_handle(user, tip) else None


def _letter() -> Letter:
    text = _("Một ghi chú nội bộ nhắc tới anh/chị.")
    return Letter(_("Đồng đội nhắc anh/chị xem một việc"), text, reverse("desk:today"))
