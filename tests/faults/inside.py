"""What a test asks for inside the installation; called through ``tests.faults.console``."""

import time
from collections import Counter
from datetime import timedelta

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.utils import timezone

from broadcasts.engine.store import MAX_READS
from broadcasts.enums import MAX_CRASHES
from broadcasts.models import Alarm, Attempt, Broadcast, Delivery, Mailbox, Picture
from broadcasts.services import mailboxes, sending, sweep
from groups.enums import Role
from groups.models import Group, OfficialAccount, Unit
from portal import heartbeat
from tests.factories import BroadcastFactory, GroupFactory, OfficialAccountFactory, make_area, make_user
from tips.models import Tip

# The smallest thing a viewer shows as a picture.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def campaign(*, groups: int, accounts: int = 1, rate: int = 100_000, picture: bool = False) -> str:
    """An approved post that is due now, to ``groups`` groups of ``accounts`` accounts; returns its code."""
    area = make_area()
    owners = [
        OfficialAccountFactory(unit=area.commune_a, rate_per_minute=rate) for _number in range(accounts)
    ]
    for number in range(groups):
        GroupFactory(gmf=True, unit=area.village_a, official_account=owners[number % accounts])
    broadcast = BroadcastFactory(unit=area.commune_a, state="approved", due_at=timezone.now())
    if picture:
        broadcast.picture = Picture.objects.create(unit=area.commune_a, width=1, height=1)
        broadcast.picture.file.save("anh.jpg", ContentFile(JPEG))
        broadcast.save(update_fields=["picture"])
    return broadcast.code


def tick() -> None:
    """What the beat asks for, without a beat: start what is due, repair, wake a drain."""
    sending.start_due(timezone.now())
    sweep.sweep(timezone.now())


def states() -> dict[str, int]:
    """How many rows are in which state."""
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def broadcast_state(code: str) -> str:
    return Broadcast.objects.get(code=code).state


def questions() -> int:
    """Rows that only an officer can settle: the group was read as often as it helps."""
    return Delivery.objects.filter(state="unknown", reads__gte=MAX_READS).count()


def attempts() -> dict[str, int]:
    """How many calls ended how."""
    return dict(Counter(Attempt.objects.values_list("outcome", flat=True)))


def chief() -> str:
    """A chief of commune A; returns the name to log in with."""
    return make_user(Role.CHIEF, Unit.objects.get(code="D6801")).username


def administrator(*, email: str) -> str:
    """An administrator of the province with an address; returns the name to log in with."""
    province = Unit.objects.get(code="D6801").parent.parent
    return make_user(Role.ADMINISTRATOR, province, email=email).username


def another_campaign() -> str:
    """One more post to the same groups, due now; returns its code."""
    first = Broadcast.objects.earliest("pk")
    return BroadcastFactory(
        code="TB-2002-0001", unit=first.unit, author=first.author, state="approved", due_at=timezone.now()
    ).code


def daily_post(*, hours_ago: int) -> str:
    """A post that repeats every day and was due for the first time ``hours_ago``; returns its code."""
    first = Broadcast.objects.earliest("pk")
    due_at = timezone.now() - timedelta(hours=hours_ago)
    return BroadcastFactory(
        code="TB-2003-0001",
        unit=first.unit,
        author=first.author,
        state="approved",
        recurrence="FREQ=DAILY",
        send_at=due_at,
        due_at=due_at,
    ).code


def children(code: str) -> list[str]:
    """States of the firings of a repeated post."""
    return list(Broadcast.objects.filter(parent__code=code).values_list("state", flat=True))


def child_codes(code: str) -> list[str]:
    return list(Broadcast.objects.filter(parent__code=code).values_list("code", flat=True))


def silence(seconds: int) -> None:
    """As if beat and worker had last been heard of so long ago."""
    for part in heartbeat.PARTS:
        cache.set(heartbeat._key(part), time.time() - seconds, timeout=heartbeat.DAY)


def tips() -> int:
    return Tip.objects.count()


def accounts() -> list[dict[str, str]]:
    """What Zalo's side has to know of the accounts."""
    names = ("oa_id", "app_id", "app_secret", "oa_secret", "access_token", "refresh_token")
    rows = OfficialAccount.objects.order_by("pk")
    return [{name: getattr(row, name) for name in names} for row in rows]


def group_ids() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("group__zalo_group_id", flat=True)) or list(
        Group.objects.order_by("pk").values_list("zalo_group_id", flat=True)
    )


def sent_by(oa_id: str) -> int:
    return Delivery.objects.filter(account__oa_id=oa_id, state="sent").count()


def resting_seconds(oa_id: str) -> float:
    """For how long the account's mailbox makes no call, as the health page shows it."""
    until = Mailbox.objects.get(account__oa_id=oa_id).open_until
    return max(0.0, (until - timezone.now()).total_seconds()) if until else 0.0


def let_rest_end() -> None:
    """As if the minute that Zalo asked for were over."""
    Mailbox.objects.exclude(open_until=None).update(open_until=timezone.now())
    Delivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now())


def alarms() -> list[str]:
    """Kinds of the open alarms."""
    return list(Alarm.objects.filter(closed_at=None).values_list("kind", flat=True))


def expand(code: str) -> int:
    """Write the rows of a started post, as a worker does when it is told to."""
    return sending.expand(Broadcast.objects.get(code=code).pk)


def resume_mailboxes() -> None:
    """What an administrator does in the admin after looking."""
    person = make_user(Role.CHIEF, Unit.objects.get(code="D6801"))
    for mailbox in Mailbox.objects.exclude(paused_at=None):
        mailboxes.resume_mailbox(mailbox, actor=person)


def crashes() -> dict[str, int]:
    """How often a worker died over a group, for those that were suspected at last."""
    rows = Delivery.objects.filter(crashes__gte=MAX_CRASHES)
    return dict(rows.values_list("group__zalo_group_id", "crashes"))
