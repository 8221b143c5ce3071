"""What is wrong with sending at this moment: findings, each with its cause. Reads only, and few.

``alarms`` turns findings into rows and mails. Nothing here names what a post or a tip says.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts.engine import store
from broadcasts.enums import AlarmKind, DeliveryState
from broadcasts.models import Alarm, Delivery, Mailbox
from broadcasts.services.dead_letters import Reason, dead_letters
from groups.enums import AccountState, Level
from groups.models import OfficialAccount, Unit, ZaloEvent
from groups.services.sync import expiring_groups
from portal import heartbeat, parts

logger = logging.getLogger(__name__)

BREAKER_AFTER = timedelta(minutes=10)
DUE_FOR = timedelta(minutes=5)
URGENT_DUE_FOR = timedelta(minutes=2)
# A mailbox that called Zalo within this time gets on, however long its queue is.
GETS_ON = timedelta(minutes=2)
BACKLOG_FOR = timedelta(minutes=5)
RECENT = timedelta(hours=24)
# Since the last event whose signature did not fit; any further one is noted again within minutes.
MISFIT_FOR = timedelta(hours=6)
MOST_COUNTED = 2_000
# Begins the name of a step that only looks.
LOOK = "look."
# While one of these is the cause, that accounts stand still is no news of its own.
SYSTEM = (AlarmKind.BEAT, AlarmKind.WORKER, AlarmKind.BROKER)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; ``subject`` tells causes of one kind apart."""

    kind: AlarmKind
    subject: str = ""
    unit: Unit | None = None
    account: OfficialAccount | None = None
    detail: str = ""


def findings(now: datetime) -> list[Finding]:
    """Everything that is wrong now. A look that fails is a finding itself and stops no other."""
    looks = {
        "system": of_the_system,
        "disk": _disk,
        "accounts": _accounts,
        "breakers": partial(_breakers, now),
        "stalled": partial(_stalled, now),
        "rows": partial(_rows, now),
        "expiring": partial(_expiring, now),
        "webhook": partial(_webhook, now),
    }
    found: list[Finding] = []
    for name, look in looks.items():
        try:
            found += list(look())
        except Exception as error:
            found.append(failed(f"{LOOK}{name}", error))
    return found


def failed(step: str, error: Exception) -> Finding:
    """Log why a step of the minute's work failed, and make it known; the next step can use the database."""
    logger.error("step_failed: %s", step, exc_info=error)
    # Within somebody's transaction the connection is theirs.
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    detail = _("Bước %(step)s: %(error)s. Xem nhật ký của tiến trình gửi.")
    return Finding(AlarmKind.REPAIR, step, detail=detail % {"step": step, "error": type(error).__name__})


def is_blind(found: Iterable[Finding]) -> bool:
    """Whether a look failed: what was not found may be there all the same."""
    return any(one.kind == AlarmKind.REPAIR and one.subject.startswith(LOOK) for one in found)


def of_the_system() -> list[Finding]:
    """Clock, workers, broker: no query, so any request may ask."""
    found = []
    if parts.is_broker_away():
        found.append(Finding(AlarmKind.BROKER))
    late = heartbeat.late_parts()
    if heartbeat.BEAT in late:
        found.append(Finding(AlarmKind.BEAT))
    elif heartbeat.WORKER in late:
        # Without beat no worker has anything to answer to.
        found.append(Finding(AlarmKind.WORKER))
    return found


def _disk() -> Iterator[Finding]:
    if not parts.has_room():
        yield Finding(AlarmKind.DISK)


def oldest_due(now: datetime) -> tuple[float, float]:
    """For how many seconds the oldest urgent and the oldest routine row have been due; 0 without any."""
    due = store.claimable(now).order_by("next_attempt_at").values_list("next_attempt_at", flat=True)
    ages = []
    for priority in (0, 1):
        oldest = due.filter(priority=priority).first()
        ages.append((now - oldest).total_seconds() if oldest else 0.0)
    return ages[0], ages[1]


def oldest_event_age(now: datetime) -> float:
    """For how many seconds the oldest event of Zalo's webhook has waited for its work; 0 without any."""
    # Not since it came: one that failed and is due again just now waits for nobody.
    due = ZaloEvent.objects.filter(due_at__lte=now).order_by("due_at").values_list("due_at", flat=True)
    oldest = due.first()
    return (now - oldest).total_seconds() if oldest else 0.0


def _accounts() -> Iterator[Finding]:
    kinds = {AccountState.NEEDS_GRANT: AlarmKind.NEEDS_GRANT, AccountState.STOPPED: AlarmKind.STOPPED}
    # A stopped account is let try once a minute; until one call worked it carries the error of its stop.
    troubled = ~Q(state=AccountState.ACTIVE) | ~Q(last_error="")
    for account in OfficialAccount.objects.filter(troubled).select_related("unit").order_by("pk"):
        kind = kinds.get(account.state, AlarmKind.STOPPED)
        yield _about(kind, account, f"{account}. {account.last_error}".strip(". "))


def _breakers(now: datetime) -> Iterator[Finding]:
    failing = Mailbox.objects.filter(failing_since__lte=now - BREAKER_AFTER)
    for mailbox in failing.select_related("account__unit").order_by("pk"):
        since = timezone.localtime(mailbox.failing_since)
        text = _("%(account)s: liên tiếp lỗi từ %(at)s.") % {
            "account": mailbox.account,
            "at": f"{since:%H:%M %d/%m}",
        }
        yield _about(AlarmKind.BREAKER, mailbox.account, text)


def _stalled(now: datetime) -> Iterator[Finding]:
    """Mailboxes with rows due too long that made no call lately: their rows stand still, not only in line.

    None while nobody sends at all, and until the alarm about that closes: getting going takes a moment.
    """
    if of_the_system() or Alarm.objects.open().filter(kind__in=SYSTEM).exists():
        return
    rows = store.claimable(now).filter(account_id=OuterRef("account_id")).order_by("next_attempt_at")
    first = {
        f"oldest_{name}": Subquery(rows.filter(priority=priority).values("next_attempt_at")[:1])
        for name, priority in (("urgent", 0), ("routine", 1))
    }
    boxes = Mailbox.objects.filter(Exists(rows), account__state=AccountState.ACTIVE).annotate(**first)
    for box in boxes.select_related("account__unit").order_by("pk"):
        is_late = (box.oldest_urgent and box.oldest_urgent <= now - URGENT_DUE_FOR) or (
            box.oldest_routine and box.oldest_routine <= now - DUE_FOR
        )
        if not is_late or (box.paused_at is None and _last_call(box) > (now - GETS_ON).timestamp()):
            continue
        since = timezone.localtime(min(filter(None, (box.oldest_urgent, box.oldest_routine))))
        text = _("%(account)s: có bài đến giờ từ %(at)s.")
        if box.paused_at is not None:
            text = _("%(account)s: hộp gửi đang tạm dừng bằng tay, có bài đến giờ từ %(at)s.")
        yield _about(
            AlarmKind.STALLED, box.account, text % {"account": box.account, "at": f"{since:%H:%M %d/%m}"}
        )


def _last_call(box: Mailbox) -> int:
    return max((int(second) for second in box.window if second.isdecimal()), default=0)


def _rows(now: datetime) -> Iterator[Finding]:
    """Rows that wait for people, by the unit whose chief must act."""
    recent = dead_letters(now).filter(created_at__gte=now - RECENT)
    lost = Q(state=DeliveryState.REFUSED) | Q(state=DeliveryState.UNKNOWN)
    for unit, number in _by_unit(recent.filter(lost), "broadcast__unit"):
        text = _("%(count)s lượt trong 24 giờ qua.") % {"count": _capped(number)}
        yield Finding(AlarmKind.DEAD_LETTERS, f"unit:{unit.pk}", unit=unit, detail=text)
    overdue = dead_letters(now, reason=Reason.OVERDUE)
    for unit, number in _by_unit(overdue, "group__unit"):
        text = _("%(count)s lượt chờ người đăng.") % {"count": _capped(number)}
        yield Finding(AlarmKind.OVERDUE, f"unit:{unit.pk}", unit=unit, detail=text)


def _expiring(now: datetime) -> Iterator[Finding]:
    """Groups that Zalo will close unless somebody pays for their slot."""
    counted = expiring_groups(now).order_by().values_list("unit").annotate(groups=Count("pk"))
    for unit, number in _offices(dict(counted)):
        text = _("%(count)d nhóm cần gia hạn suất trên Zalo.") % {"count": number}
        yield Finding(AlarmKind.GROUP_EXPIRES, f"unit:{unit.pk}", unit=unit, detail=text)


def _by_unit(rows: QuerySet[Delivery], field: str) -> list[tuple[Unit, int]]:
    """(office, rows) of the first ``MOST_COUNTED`` rows."""
    counted = Delivery.objects.filter(pk__in=rows.order_by().values("pk")[:MOST_COUNTED])
    return _offices(dict(counted.order_by().values_list(field).annotate(rows=Count("pk"))))


def _offices(numbers: dict[int, int]) -> list[tuple[Unit, int]]:
    """(unit, number), villages counted with their commune, where the police are."""
    found: dict[int, tuple[Unit, int]] = {}
    for unit in Unit.objects.filter(pk__in=numbers).select_related("parent").order_by("pk"):
        office = unit.parent if unit.level == Level.VILLAGE and unit.parent else unit
        found[office.pk] = (office, numbers[unit.pk] + found.get(office.pk, (office, 0))[1])
    return list(found.values())


def _capped(number: int) -> str:
    return f"{number}+" if number >= MOST_COUNTED else str(number)


def _webhook(now: datetime) -> Iterator[Finding]:
    """News of Zalo's that waits, that nobody could work on, or that cannot be believed."""
    age = oldest_event_age(now)
    if age > BACKLOG_FOR.total_seconds():
        yield Finding(AlarmKind.WEBHOOK, detail=_("Chờ %(n)d phút.") % {"n": age // 60})
    stuck = ZaloEvent.objects.filter(due_at=None, processed_at=None).order_by()
    numbers = dict(stuck.values_list("account").annotate(events=Count("pk")))
    misfit = Q(key_misfit_at__gt=now - MISFIT_FOR)
    accounts = OfficialAccount.objects.filter(Q(pk__in=numbers) | misfit).select_related("unit")
    for account in accounts.order_by("pk"):
        if number := numbers.get(account.pk):
            text = _("%(account)s: %(n)d tin từ Zalo không xử lý được, có thể có tin người dân nhắn.")
            yield _about_news("stuck", account, text % {"account": account, "n": number})
        if account.key_misfit_at and account.key_misfit_at > now - MISFIT_FOR:
            text = _("%(account)s: khóa webhook không khớp, tin người dân nhắn bị bỏ qua. Cần nhập lại khóa.")
            yield _about_news("key", account, text % {"account": account})


def _about_news(cause: str, account: OfficialAccount, detail: str) -> Finding:
    return Finding(AlarmKind.WEBHOOK, f"{cause}:{account.pk}", account.unit, account, detail[:300])


def _about(kind: AlarmKind, account: OfficialAccount, detail: str) -> Finding:
    return Finding(kind, f"account:{account.pk}", account.unit, account, detail[:300])
